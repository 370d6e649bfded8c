//! Foreign JSON as a value of bounded size: a few megabytes of `{},{},…` would become many times as much in memory.

use std::cell::Cell;
use std::fmt;

use serde::de::{DeserializeSeed, Deserializer, Error, MapAccess, SeqAccess, Visitor};
use serde_json::{Map, Value};

/// A page of forty statuses with everything about them has some ten thousand values.
const MOST_VALUES: usize = 100_000;

/// Reads bytes as one JSON value.
///
/// # Errors
/// Where it is none, nests deeper than 128 levels, or holds more than a hundred thousand values.
pub(in crate::sources) fn value(bytes: &[u8]) -> Result<Value, serde_json::Error> {
    let left = Cell::new(MOST_VALUES);
    let mut reader = serde_json::Deserializer::from_slice(bytes);
    let value = Bounded { left: &left }.deserialize(&mut reader)?;
    reader.end().map(|()| value)
}

/// Takes one value, and whatever it holds, out of the number that is left.
#[derive(Clone, Copy)]
struct Bounded<'a> {
    left: &'a Cell<usize>,
}

impl<'de> DeserializeSeed<'de> for Bounded<'_> {
    type Value = Value;

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<Value, D::Error> {
        let left = self.left.get().checked_sub(1);
        let left =
            left.ok_or_else(|| D::Error::custom(format!("it holds more than {MOST_VALUES} values")))?;
        self.left.set(left);
        deserializer.deserialize_any(self)
    }
}

impl<'de> Visitor<'de> for Bounded<'_> {
    type Value = Value;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a JSON value")
    }

    fn visit_unit<E: Error>(self) -> Result<Value, E> {
        Ok(Value::Null)
    }

    fn visit_bool<E: Error>(self, value: bool) -> Result<Value, E> {
        Ok(value.into())
    }

    fn visit_i64<E: Error>(self, value: i64) -> Result<Value, E> {
        Ok(value.into())
    }

    fn visit_u64<E: Error>(self, value: u64) -> Result<Value, E> {
        Ok(value.into())
    }

    fn visit_f64<E: Error>(self, value: f64) -> Result<Value, E> {
        Ok(value.into())
    }

    fn visit_str<E: Error>(self, value: &str) -> Result<Value, E> {
        Ok(value.into())
    }

    fn visit_string<E: Error>(self, value: String) -> Result<Value, E> {
        Ok(value.into())
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut list: A) -> Result<Value, A::Error> {
        let mut values = Vec::new();
        while let Some(value) = list.next_element_seed(self)? {
            values.push(value);
        }
        Ok(Value::Array(values))
    }

    fn visit_map<A: MapAccess<'de>>(self, mut object: A) -> Result<Value, A::Error> {
        let mut values = Map::new();
        while let Some(key) = object.next_key::<String>()? {
            values.insert(key, object.next_value_seed(self)?);
        }
        Ok(Value::Object(values))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn it_is_what_serde_json_reads() {
        for text in [
            r#"{"a":[1,-2,3.5,"x\u00e9",null,true,{"b":{}}],"a2":18446744073709551615,"c":1e400}"#,
            r#"["twice",{"k":1,"k":2}]"#,
            "17 ",
            "[1] x",
            "[1,]",
            r#""\ud800""#,
            "",
        ] {
            let (ours, theirs) = (value(text.as_bytes()), serde_json::from_str::<Value>(text));
            assert_eq!(ours.as_ref().ok(), theirs.as_ref().ok(), "{text}");
        }
        let deep = "[".repeat(200) + &"]".repeat(200);
        assert!(value(deep.as_bytes()).unwrap_err().to_string().starts_with("recursion limit exceeded"));
    }

    #[test]
    fn a_million_nothings_are_refused_long_before_they_are_held() {
        let list = |count: usize| format!("[{}]", vec!["{}"; count].join(","));
        assert!(value(list(MOST_VALUES - 1).as_bytes()).is_ok());
        let error = value(list(1_000_000).as_bytes()).unwrap_err().to_string();
        assert!(error.starts_with("it holds more than 100000 values"), "{error}");
    }
}
