//! Repeatable moments: the same seed kills at the same times, as far as machines go.

/// SplitMix64.
pub struct Random(u64);

impl Random {
    /// The seed is printed, which shows when the test fails.
    pub fn new(seed: u64) -> Random {
        println!("seed {seed:#x}");
        Random(seed)
    }

    /// A number from `low` to below `high`.
    pub fn within(&mut self, low: u64, high: u64) -> u64 {
        self.0 = self.0.wrapping_add(0x9E37_79B9_7F4A_7C15);
        let mixed = (self.0 ^ (self.0 >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        let mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
        low + (mixed ^ (mixed >> 31)) % (high - low)
    }
}
