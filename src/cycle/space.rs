//! Space on the disk: how low it may get, and the ballast that is thrown off when it is gone.

/// Below this collection pauses: what is read can be read later, and what is left belongs to the public record. A
/// day of collection takes some ten megabytes, so this is days before anything fails.
pub const COLLECT_ABOVE: u64 = 128 << 20;

/// Bytes as people read them.
pub fn in_words(bytes: u64) -> String {
    match bytes {
        bytes if bytes >= 10 << 30 => format!("{} GB", bytes >> 30),
        bytes if bytes >= 1 << 30 => format!("{:.1} GB", bytes as f64 / f64::from(1 << 30)),
        bytes if bytes >= 1 << 20 => format!("{} MB", bytes >> 20),
        bytes if bytes >= 1 << 10 => format!("{} kB", bytes >> 10),
        bytes => format!("{bytes} bytes"),
    }
}
