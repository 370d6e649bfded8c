//! Repeatable randomness: the same seed and the same names give the same world on every machine.

/// A SplitMix64 sequence (Steele, Lea and Flood 2014); good enough for invented lives, not for secrets.
#[derive(Debug, Clone)]
pub struct Random(u64);

impl Random {
    /// A sequence that depends on all of these numbers and on their order.
    pub fn of(parts: &[u64]) -> Random {
        Random(mix(parts))
    }

    pub fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        scramble(self.0)
    }

    /// A number below `bound`; 0 where the bound is 0.
    pub fn below(&mut self, bound: u64) -> u64 {
        if bound == 0 { 0 } else { self.next() % bound }
    }

    /// True in one of `n` cases.
    pub fn one_in(&mut self, n: u64) -> bool {
        self.below(n) == 0
    }

    /// A whole number near `mean`: its floor, or one more with the chance of its fraction.
    pub fn around(&mut self, mean: f64) -> u64 {
        let floor = mean.max(0.0).floor();
        let above = (self.below(1_000_000) as f64) < (mean - floor) * 1e6;
        floor as u64 + u64::from(above)
    }

    /// One of the items; the lists of this world are never empty.
    pub fn pick<'a, T>(&mut self, items: &'a [T]) -> &'a T {
        &items[self.below(items.len() as u64) as usize]
    }
}

/// One number out of several.
pub fn mix(parts: &[u64]) -> u64 {
    parts.iter().fold(0x6d61_7374_6865_6164, |sum, part| scramble(sum.rotate_left(23) ^ part))
}

/// A number for a name (FNV-1a, then scrambled).
pub fn of_name(name: &str) -> u64 {
    scramble(
        name.bytes().fold(0xcbf2_9ce4_8422_2325, |sum, byte| {
            (sum ^ u64::from(byte)).wrapping_mul(0x0000_0100_0000_01b3)
        }),
    )
}

fn scramble(mut number: u64) -> u64 {
    number = (number ^ (number >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    number = (number ^ (number >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    number ^ (number >> 31)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_same_parts_give_the_same_sequence_and_their_order_matters() {
        let take = |parts: &[u64]| {
            let mut random = Random::of(parts);
            [random.next(), random.next(), random.below(10)]
        };
        assert_eq!(take(&[1, 2]), take(&[1, 2]));
        assert_ne!(take(&[1, 2]), take(&[2, 1]));
        assert_ne!(of_name("a@one.example"), of_name("a@two.example"));
    }
}
