//! Results of pure functions, kept so that a page that is read often costs little.

use std::collections::HashMap;
use std::fmt;
use std::hash::Hash;
use std::sync::{Mutex, PoisonError};

/// What was computed before. Only results that follow from their key alone may be kept: then it makes no
/// difference whether something is remembered.
pub struct Memory<K, V>(Mutex<HashMap<K, V>>);

/// So many results are kept of a kind, 35 MB of the largest and more than a story of weeks has; beyond them it
/// starts afresh.
const MOST: usize = 20_000;

impl<K: Eq + Hash, V: Clone> Memory<K, V> {
    /// The result for a key, made now unless it was made before. Nothing is locked while it is made, so that
    /// one result may ask for others.
    pub fn of(&self, key: K, make: impl FnOnce() -> V) -> V {
        if let Some(known) = self.known(&key) {
            return known;
        }
        let made = make();
        let mut all = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if all.len() >= MOST {
            all.clear();
        }
        all.insert(key, made.clone());
        made
    }

    fn known(&self, key: &K) -> Option<V> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).get(key).cloned()
    }
}

impl<K, V> Default for Memory<K, V> {
    fn default() -> Memory<K, V> {
        Memory(Mutex::default())
    }
}

impl<K, V> Clone for Memory<K, V> {
    /// A copy remembers nothing: it may become another world.
    fn clone(&self) -> Memory<K, V> {
        Memory::default()
    }
}

impl<K, V> fmt::Debug for Memory<K, V> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Memory")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_result_is_made_once_and_may_ask_for_others() {
        let memory: Memory<u32, u32> = Memory::default();
        let mut made = 0;
        for _ in 0..3 {
            let sum = memory.of(2, || {
                made += 1;
                memory.of(1, || 20) + 1
            });
            assert_eq!(sum, 21);
        }
        assert_eq!(made, 1);
        assert_eq!(memory.clone().of(2, || 7), 7);
    }
}
