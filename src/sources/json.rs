//! Foreign JSON, read value by value without trusting any of it.

mod bounded;

use chrono::{DateTime, Datelike as _, NaiveDate, NaiveDateTime, NaiveTime, Utc};
use serde_json::{Map, Value};
use url::Url;

use super::ParseError;

pub(super) use bounded::value;

/// The longest URL or URI that is kept.
pub(super) const URL_BYTES: usize = 2_048;
/// The most of foreign bytes that is kept for a person to look at.
const EXCERPT_BYTES: usize = 32 * 1_024;
/// Ids are opaque; the longest in use are about 40 bytes.
const ID_BYTES: usize = 200;
/// More followers than people: a count beyond it is no count.
const MOST: u64 = 10_000_000_000;

/// Reads bytes as one JSON value; nesting beyond 128 levels is an error, and so are a hundred thousand values.
pub(super) fn parse(bytes: &[u8]) -> Result<Value, ParseError> {
    value(bytes).map_err(|error| {
        let looks_like_html = bytes.trim_ascii_start().starts_with(b"<");
        let why = if looks_like_html {
            "got HTML; expected JSON".to_owned()
        } else {
            format!("got something that is not JSON: {error}")
        };
        ParseError { why, excerpt: excerpt(bytes) }
    })
}

/// The front of foreign bytes as text, at most 32 KiB.
pub(super) fn excerpt(bytes: &[u8]) -> String {
    let text = String::from_utf8_lossy(&bytes[..bytes.len().min(EXCERPT_BYTES)]);
    text[..text.floor_char_boundary(EXCERPT_BYTES)].to_owned()
}

/// At most so many characters of a text.
pub(super) fn clip(text: &str, chars: usize) -> String {
    match text.char_indices().nth(chars) {
        Some((end, _)) => text[..end].to_owned(),
        None => text.to_owned(),
    }
}

/// The text as an absolute http(s) URL without user part, `None` where it is anything else or too long.
pub(super) fn http_url(text: &str) -> Option<Url> {
    let url = Url::parse(text).ok().filter(|_| text.len() <= URL_BYTES)?;
    let plain = matches!(url.scheme(), "http" | "https")
        && url.has_host()
        && url.username().is_empty()
        && url.password().is_none();
    plain.then_some(url).filter(|url| url.as_str().len() <= URL_BYTES)
}

/// What an interface says went wrong, in its own words.
pub(super) fn error_text(bytes: &[u8]) -> Option<String> {
    let value = value(bytes).ok()?;
    let object = Object::of(&value)?;
    let within = |key| object.object(key).and_then(|inner| inner.text("message").or(inner.text("detail")));
    object.text("error").or_else(|| within("error")).or_else(|| within("errors")).map(|text| clip(text, 300))
}

/// Reads a date the way servers write them: RFC 3339, the same without a zone (taken as UTC), or a day.
/// Years outside 1990 to 2100 are no dates.
pub(super) fn time(text: &str) -> Option<DateTime<Utc>> {
    let text = text.trim();
    let zoned = || DateTime::parse_from_rfc3339(text).ok().map(|time| time.to_utc());
    let offset = || DateTime::parse_from_str(text, "%Y-%m-%dT%H:%M:%S%.f%z").ok().map(|time| time.to_utc());
    let local =
        || NaiveDateTime::parse_from_str(text, "%Y-%m-%dT%H:%M:%S%.f").ok().map(|time| time.and_utc());
    let day = || {
        let day = NaiveDate::parse_from_str(text, "%Y-%m-%d").ok()?;
        Some(day.and_time(NaiveTime::MIN).and_utc())
    };
    zoned().or_else(offset).or_else(local).or_else(day).filter(|time| (1990..=2100).contains(&time.year()))
}

/// What is beyond the year 5138 in seconds is told in milliseconds.
const LARGEST_EPOCH_SECONDS: i64 = 100_000_000_000;

fn epoch(number: i64) -> Option<DateTime<Utc>> {
    let millis = if number > LARGEST_EPOCH_SECONDS { number } else { number.checked_mul(1_000)? };
    DateTime::from_timestamp_millis(millis).filter(|time| (1990..=2100).contains(&time.year()))
}

/// An id as a text, whether it came as one or as a whole number.
pub(super) fn id(value: &Value) -> Option<String> {
    let id = match value {
        Value::String(text) => text.clone(),
        Value::Number(number) if !number.is_f64() => number.to_string(),
        _ => return None,
    };
    // An id without letter or digit would be `..` or the like in a path.
    let plain = id.len() <= ID_BYTES
        && !id.chars().any(|c| c.is_control() || c.is_whitespace())
        && id.chars().any(char::is_alphanumeric);
    plain.then_some(id)
}

/// An object of foreign JSON: a key that is missing or of another type is `None`, never an error.
#[derive(Debug, Clone, Copy)]
pub(super) struct Object<'a>(&'a Map<String, Value>);

impl<'a> Object<'a> {
    pub(super) fn of(value: &'a Value) -> Option<Object<'a>> {
        value.as_object().map(Object)
    }

    pub(super) fn has(self, key: &str) -> bool {
        self.0.get(key).is_some_and(|value| !value.is_null())
    }

    pub(super) fn object(self, key: &str) -> Option<Object<'a>> {
        self.0.get(key).and_then(Object::of)
    }

    /// The items of a list; none where it is no list.
    pub(super) fn list(self, key: &str) -> &'a [Value] {
        self.0.get(key).and_then(Value::as_array).map_or(&[], Vec::as_slice)
    }

    /// The objects of a list; items that are none are left out.
    pub(super) fn objects(self, key: &str) -> impl Iterator<Item = Object<'a>> {
        self.list(key).iter().filter_map(Object::of)
    }

    /// A text that is not empty.
    pub(super) fn text(self, key: &str) -> Option<&'a str> {
        self.0.get(key).and_then(Value::as_str).filter(|text| !text.is_empty())
    }

    pub(super) fn id(self, key: &str) -> Option<String> {
        self.0.get(key).and_then(id)
    }

    /// A count; `None` where it is negative, beyond any sense or not a number.
    pub(super) fn count(self, key: &str) -> Option<u64> {
        let count = match self.0.get(key)? {
            Value::Number(number) => number.as_u64()?,
            Value::String(text) => text.trim().parse().ok()?,
            _ => return None,
        };
        (count <= MOST).then_some(count)
    }

    pub(super) fn flag(self, key: &str) -> Option<bool> {
        match self.0.get(key)? {
            Value::Bool(flag) => Some(*flag),
            Value::String(text) => text.parse().ok(),
            Value::Number(number) => number.as_u64().map(|number| number != 0),
            _ => None,
        }
    }

    /// A date as [`time`] reads it, or as a whole number of seconds or milliseconds since 1970.
    pub(super) fn time(self, key: &str) -> Option<DateTime<Utc>> {
        match self.0.get(key)? {
            Value::Number(number) => epoch(number.as_i64()?),
            _ => self.text(key).and_then(time),
        }
    }

    /// An absolute http(s) URL, as it was written.
    pub(super) fn http_url(self, key: &str) -> Option<&'a str> {
        self.text(key).filter(|text| http_url(text).is_some() && is_unbroken(text))
    }

    /// A URI of any scheme, as it was written.
    pub(super) fn uri(self, key: &str) -> Option<&'a str> {
        self.text(key).filter(|text| text.len() <= URL_BYTES && text.contains(':') && is_unbroken(text))
    }
}

fn is_unbroken(text: &str) -> bool {
    !text.chars().any(|c| c.is_control() || c.is_whitespace())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn dates_are_read_in_every_spelling_and_senseless_ones_are_none() {
        for (text, expected) in [
            ("2026-11-02T03:04:05.678Z", "2026-11-02T03:04:05.678Z"),
            ("2026-11-02T03:04:05Z", "2026-11-02T03:04:05Z"),
            ("2026-11-02T03:04:05+02:00", "2026-11-02T01:04:05Z"),
            ("2026-11-02T03:04:05+0000", "2026-11-02T03:04:05Z"),
            ("2026-11-02T03:04:05", "2026-11-02T03:04:05Z"),
            ("2026-11-02", "2026-11-02T00:00:00Z"),
        ] {
            assert_eq!(time(text), Some(expected.parse().unwrap()), "{text}");
        }
        let told = |number: &str| {
            Object::of(&serde_json::from_str(&format!("{{\"at\": {number}}}")).unwrap()).unwrap().time("at")
        };
        for seconds in ["1793588400", "1793588400000"] {
            assert_eq!(told(seconds), Some("2026-11-02T03:00:00Z".parse().unwrap()), "{seconds}");
        }
        for senseless in ["0", "-5", "1.5", "9223372036854775807", "99999999999"] {
            assert_eq!(told(senseless), None, "{senseless}");
        }
        for none in ["", "yesterday", "0001-01-01T00:00:00Z", "9999-12-31", "1793588400"] {
            assert_eq!(time(none), None, "{none}");
        }
    }

    #[test]
    fn ids_stay_texts_and_those_that_would_climb_a_path_are_none() {
        let read = |json: &str| id(&serde_json::from_str(json).unwrap());
        assert_eq!(read("\"01HV5J\""), Some("01HV5J".into()));
        assert_eq!(read("187312345678901234"), Some("187312345678901234".into()));
        for none in ["null", "1.5", "1e30", "\"\"", "\"..\"", "\"a b\"", "{}", "true"] {
            assert_eq!(read(none), None, "{none}");
        }
    }

    #[test]
    fn a_text_is_cut_between_characters() {
        assert_eq!(clip("新华社", 2), "新华");
        assert_eq!(excerpt("新".repeat(20_000).as_bytes()).len(), EXCERPT_BYTES - EXCERPT_BYTES % 3);
    }
}
