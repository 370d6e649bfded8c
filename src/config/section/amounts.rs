//! Spans of time and sizes as people write them: "30d", "4GB".

use std::ops::RangeInclusive;

use chrono::Duration;
use toml::Spanned;
use toml::de::DeValue;

use super::{Fault, Section, Wanted};
use crate::config::spans::At;

/// Units and what they are worth, in days; a month has no fixed length.
const DAYS: [(&str, u64); 3] = [("d", 1), ("w", 7), ("y", 365)];
/// In bytes, as they are printed everywhere.
const BYTES: [(&str, u64); 3] = [("mb", 1 << 20), ("gb", 1 << 30), ("tb", 1 << 40)];

/// A kind of amount, for messages.
struct Kind {
    title: &'static str,
    example: &'static str,
    /// The unit that somebody means who writes a bare number.
    usual: &'static str,
    units: &'static [(&'static str, u64)],
}

const SPAN: Kind = Kind {
    title: "not a span of time",
    example: "a whole number of days, weeks or years: \"30d\", \"8w\", \"5y\"",
    usual: "d",
    units: &DAYS,
};
const SIZE: Kind = Kind {
    title: "not a size",
    example: "a whole number with MB, GB or TB: \"4GB\"",
    usual: "GB",
    units: &BYTES,
};

impl Section<'_> {
    /// A span of so many days.
    pub fn span(&mut self, key: &'static str, days: RangeInclusive<u64>) -> Option<At<Duration>> {
        let bounds = format!("from \"{}d\" to \"{}y\"", days.start(), days.end() / 365);
        let found = self.amount(key, &SPAN, days, &bounds)?;
        Some(At { value: Duration::days(i64::try_from(found.value).ok()?), spot: found.spot })
    }

    /// Bytes.
    pub fn size(&mut self, key: &'static str, bytes: RangeInclusive<u64>) -> Option<At<u64>> {
        let bounds = format!("from \"{}MB\" to \"{}TB\"", bytes.start() >> 20, bytes.end() >> 40);
        self.amount(key, &SIZE, bytes, &bounds)
    }

    fn amount(
        &mut self,
        key: &'static str,
        kind: &Kind,
        range: RangeInclusive<u64>,
        bounds: &str,
    ) -> Option<At<u64>> {
        let value = self.ask(key)?;
        let Some(text) = value.get_ref().as_str() else {
            let help = bare_number(value).map(|number| format!("write \"{number}{}\"", kind.usual));
            let wanted = Wanted { title: kind.title, expected: kind.example.to_owned() };
            return self.wrong_type(key, value, wanted, help);
        };
        let fault = |title: String, label: &str| Fault::error(title).at(self.place(value)).label(label);
        let fault = match parse(text, kind.units) {
            Some(amount) if range.contains(&amount) => return Some(self.at(value, amount)),
            Some(_) => fault(format!("`{key}` is out of range"), "this is not allowed").expected(bounds),
            None => {
                let is_number = text.trim().parse::<u64>().is_ok();
                let help = is_number.then(|| format!("write \"{}{}\"", text.trim(), kind.usual));
                fault(kind.title.to_owned(), "this cannot be understood").expected(kind.example).hint(help)
            }
        };
        self.fault(fault);
        None
    }
}

fn bare_number(value: &Spanned<DeValue<'_>>) -> Option<u64> {
    let integer = value.get_ref().as_integer()?;
    u64::from_str_radix(integer.as_str(), integer.radix()).ok()
}

/// A whole number and its unit, with or without a space between.
fn parse(text: &str, units: &[(&str, u64)]) -> Option<u64> {
    let text = text.trim().to_ascii_lowercase();
    let (number, unit) = text.split_at(text.find(|letter: char| !letter.is_ascii_digit())?);
    let (_, worth) = units.iter().find(|(name, _)| *name == unit.trim_start())?;
    number.parse::<u64>().ok()?.checked_mul(*worth)
}
