//! How a record lies on disk: JSON with the version of its shape, `{"v":1,"d":…}`.

use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};

/// The version that is written. A reader of a later one still reads this one.
const VERSION: u32 = 1;

/// Longer values are refused. A leaf of the tree holds up to some 19 of them and is written as one piece;
/// a piece above a quarter of a segment would go to a file of its own, which the database never fsyncs.
pub const MAX_VALUE_BYTES: usize = 48 * 1024;

#[derive(Serialize)]
struct Written<'a, T> {
    v: u32,
    d: &'a T,
}

#[derive(Deserialize)]
struct Read<T> {
    v: u32,
    d: T,
}

#[derive(Deserialize)]
struct ReadVersion {
    v: u32,
}

pub(super) fn encode<T: Serialize>(record: &T) -> Vec<u8> {
    serde_json::to_vec(&Written { v: VERSION, d: record }).expect("records are plain data with text keys")
}

/// Reads a value; the error says in words why it is not one.
pub(super) fn decode<T: DeserializeOwned>(bytes: &[u8]) -> Result<T, String> {
    let read = match serde_json::from_slice(bytes) {
        Ok(Read { v: VERSION, d }) => return Ok(d),
        read => read.map(|read: Read<T>| read.d).map_err(|error| error.to_string()),
    };
    // A record of another version may have another shape: that it does comes first.
    let version: ReadVersion = serde_json::from_slice(bytes).map_err(|error| error.to_string())?;
    if version.v != VERSION {
        return Err(format!("its version is {}; expected {VERSION}", version.v));
    }
    read
}

/// At most so many bytes of a text, whole characters.
pub(super) fn cut(text: &str, bytes: usize) -> String {
    text[..text.floor_char_boundary(bytes)].to_owned()
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::model::target::Rejected;

    proptest! {
        #[test]
        fn any_text_comes_back_as_it_was(item in any::<String>(), why in any::<String>(), excerpt in any::<String>()) {
            let rejected = Rejected { item, why, excerpt };
            prop_assert_eq!(decode(&encode(&rejected)), Ok(rejected));
        }

        #[test]
        fn no_bytes_make_decoding_panic(bytes in any::<Vec<u8>>()) {
            let _: Result<Rejected, String> = decode(&bytes);
        }
    }

    #[test]
    fn a_value_carries_its_version() {
        assert_eq!(encode(&"x"), br#"{"v":1,"d":"x"}"#);
    }

    #[test]
    fn a_value_of_another_version_is_named_as_such_whatever_its_shape() {
        assert_eq!(decode::<u32>(br#"{"v":2,"e":{}}"#), Err("its version is 2; expected 1".into()));
    }
}
