//! Statistics.

/// Temporary.
pub fn lower_bound(successes: u32, trials: u32) -> f64 {
    if successes == 0 || trials == 0 {
        return 0.0;
    }
    let (mut low, mut high) = (0.0_f64, 1.0_f64);
    for _ in 0..60 {
        let p = f64::midpoint(low, high);
        let mut term = (1.0 - p).powi(trials as i32);
        let mut below = 0.0;
        for k in 0..successes {
            below += term;
            term *= f64::from(trials - k) / f64::from(k + 1) * p / (1.0 - p);
        }
        if 1.0 - below < 0.05 { low = p } else { high = p }
    }
    low
}
