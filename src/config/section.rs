//! Reading one table of a TOML file: typed values with their places, and every fault.

mod amounts;

use std::ops::RangeInclusive;

use chrono::{DateTime, Utc};
use toml::Spanned;
use toml::de::{DeTable, DeValue};

use super::fault::Fault;
use super::keys::home;
use super::nearest::nearest;
use super::spans::{At, FileId, Spot};

/// A table while it is read. What nobody asked for is an unknown key.
pub(super) struct Section<'a> {
    table: &'a DeTable<'a>,
    file: FileId,
    /// As messages name it: `[review]`, `[[outlet]]`, empty for the top of the file.
    name: String,
    /// The header, where the table is one record of many.
    record: Option<Spot>,
    asked: Vec<&'static str>,
    faults: &'a mut Vec<Fault>,
}

/// Words for what a value must be.
struct Wanted {
    title: &'static str,
    expected: String,
}

impl<'a> Section<'a> {
    /// Reads the top of a file with `read`, then complains about what is left.
    pub fn top<T>(
        table: &DeTable<'_>,
        file: FileId,
        faults: &mut Vec<Fault>,
        read: impl FnOnce(&mut Section<'_>) -> T,
    ) -> T {
        let name = String::new();
        let mut section = Section { table, file, name, record: None, asked: Vec::new(), faults };
        let value = read(&mut section);
        section.finish();
        value
    }

    /// The header of this record, or the first byte of the file.
    pub fn spot(&self) -> Spot {
        self.record.unwrap_or(Spot::new(self.file, 0..0))
    }

    pub fn fault(&mut self, fault: Fault) {
        self.faults.push(fault.within(self.record));
    }

    pub fn text(&mut self, key: &'static str) -> Option<At<String>> {
        let value = self.ask(key)?;
        self.string(key, value)
    }

    /// A text that must be there.
    pub fn needed(&mut self, key: &'static str) -> Option<At<String>> {
        if self.ask(key).is_none() {
            let fault = Fault::error(format!("{} without `{key}`", self.name));
            let fault = fault.at(self.spot()).label(format!("`{key}` is missing"));
            self.fault(fault);
            return None;
        }
        self.text(key)
    }

    /// A text that `parse` understands; `expected` says what that is.
    pub fn parsed<T>(
        &mut self,
        key: &'static str,
        expected: &str,
        parse: impl Fn(&str) -> Option<T>,
    ) -> Option<At<T>> {
        let text = self.text(key)?;
        self.understood(key, text, expected, parse)
    }

    /// A text that passes a test. It is returned all the same, so that it does not count as missing.
    pub fn tested(
        &mut self,
        key: &'static str,
        expected: &str,
        is_good: impl Fn(&str) -> bool,
    ) -> Option<At<String>> {
        let text = self.text(key)?;
        let good = |text: &str| is_good(text).then(|| text.to_owned());
        self.understood(key, text.clone(), expected, good);
        Some(text)
    }

    /// One of the words that `expected` lists.
    pub fn choice<T>(
        &mut self,
        key: &'static str,
        expected: &str,
        parse: impl Fn(&str) -> Option<T>,
    ) -> Option<At<T>> {
        let text = self.text(key)?;
        if let Some(value) = parse(&text.value) {
            return Some(At { value, spot: text.spot });
        }
        let words = expected.split([' ', ',']).filter(|word| *word != "or");
        let hint = nearest(&text.value, words).map(|known| format!("did you mean \"{known}\"?"));
        self.fault(not_understood(key, text.spot, expected).hint(hint));
        None
    }

    /// The same for every item of a list.
    pub fn all_parsed<T>(
        &mut self,
        key: &'static str,
        expected: &str,
        parse: impl Fn(&str) -> Option<T>,
    ) -> Vec<At<T>> {
        let texts = self.texts(key).unwrap_or_default();
        texts.into_iter().filter_map(|text| self.understood(key, text, expected, &parse)).collect()
    }

    pub fn flag(&mut self, key: &'static str) -> Option<At<bool>> {
        let value = self.ask(key)?;
        if let Some(flag) = value.get_ref().as_bool() {
            return Some(self.at(value, flag));
        }
        let words = value.get_ref().as_str().filter(|text| matches!(*text, "true" | "false"));
        let help = words.map(|word| format!("write {word} without quotes"));
        let wanted = Wanted { title: "not true or false", expected: "true or false".into() };
        self.wrong_type(key, value, wanted, help)
    }

    pub fn number(&mut self, key: &'static str, range: RangeInclusive<u64>) -> Option<At<u64>> {
        let value = self.ask(key)?;
        let expected = format!("a whole number from {} to {}", range.start(), range.end());
        if let Some(integer) = value.get_ref().as_integer() {
            let number = u64::from_str_radix(integer.as_str(), integer.radix()).ok();
            return match number.filter(|number| range.contains(number)) {
                Some(number) => Some(self.at(value, number)),
                None => {
                    let fault = Fault::error(format!("`{key}` is out of range")).at(self.place(value));
                    self.fault(fault.label(format!("{integer} is not allowed")).expected(expected));
                    None
                }
            };
        }
        let quoted = value.get_ref().as_str().filter(|text| text.parse::<u64>().is_ok());
        let help = quoted.map(|digits| format!("write {digits} without quotes"));
        self.wrong_type(key, value, Wanted { title: "not a number", expected }, help)
    }

    /// A number above zero, whole or not.
    pub fn rate(&mut self, key: &'static str, range: RangeInclusive<f64>) -> Option<At<f64>> {
        let value = self.ask(key)?;
        let expected = format!("a number from {} to {}", range.start(), range.end());
        let text = match value.get_ref() {
            DeValue::Integer(integer) if integer.radix() == 10 => Some(integer.as_str()),
            DeValue::Float(float) => Some(float.as_str()),
            _ => None,
        };
        match text.and_then(|text| text.parse::<f64>().ok()).filter(|rate| range.contains(rate)) {
            Some(rate) => Some(self.at(value, rate)),
            None => self.wrong_type(key, value, Wanted { title: "not a rate", expected }, None),
        }
    }

    /// A time with its offset, as TOML writes it or in quotes.
    pub fn moment(&mut self, key: &'static str) -> Option<At<DateTime<Utc>>> {
        let value = self.ask(key)?;
        let text = match value.get_ref() {
            DeValue::Datetime(moment) => moment.to_string(),
            DeValue::String(text) => text.to_string(),
            _ => String::new(),
        };
        match DateTime::parse_from_rfc3339(&text) {
            Ok(moment) => Some(self.at(value, moment.with_timezone(&Utc))),
            Err(_) => {
                let expected = "a time with its offset, for example 2026-11-23T09:00:00Z".to_owned();
                self.wrong_type(key, value, Wanted { title: "not a time", expected }, None)
            }
        }
    }

    /// A list of texts, `None` where it is not written.
    pub fn texts(&mut self, key: &'static str) -> Option<Vec<At<String>>> {
        let value = self.ask(key)?;
        let Some(items) = value.get_ref().as_array() else {
            let help = value.get_ref().as_str().map(|text| format!("write [{text:?}]"));
            let wanted = Wanted { title: "not a list", expected: "a list of texts in [ ]".into() };
            return self.wrong_type(key, value, wanted, help);
        };
        Some(items.iter().filter_map(|item| self.string(key, item)).collect())
    }

    /// The table `key` below this one, where it is written.
    pub fn table<T>(&mut self, key: &'static str, read: impl FnOnce(&mut Section<'_>) -> T) -> Option<At<T>> {
        let value = self.ask(key)?;
        let name = match self.name.trim_matches(['[', ']']) {
            "" => format!("[{key}]"),
            parent => format!("[{parent}.{key}]"),
        };
        let Some(table) = value.get_ref().as_table() else {
            let wanted = Wanted { title: "not a section", expected: format!("a section {name}") };
            return self.wrong_type(key, value, wanted, None);
        };
        let spot = self.place(value);
        let value = self.below(table, name, self.record, read);
        Some(At { value, spot })
    }

    /// Every `[[key]]`, or every `{ … }` of the list `key`.
    pub fn each<T>(
        &mut self,
        key: &'static str,
        mut read: impl FnMut(&mut Section<'_>) -> Option<T>,
    ) -> Vec<At<T>> {
        let Some(value) = self.ask(key) else { return Vec::new() };
        let Some(items) = value.get_ref().as_array() else {
            let help = value.get_ref().as_table().map(|_| format!("write [[{key}]] with two brackets"));
            let wanted = Wanted { title: "not a list", expected: format!("a list of `{key}`") };
            self.wrong_type::<()>(key, value, wanted, help);
            return Vec::new();
        };
        let mut values = Vec::new();
        for item in items {
            let spot = self.place(item);
            let Some(table) = item.get_ref().as_table() else {
                let expected = "{ … } with keys and values".to_owned();
                self.wrong_type::<()>(key, item, Wanted { title: "not a record", expected }, None);
                continue;
            };
            // A table in braces belongs to the record around it.
            let (name, record) = match self.record {
                Some(record) => (format!("an item of `{key}`"), Some(record)),
                None => (format!("[[{key}]]"), Some(spot)),
            };
            if let Some(value) = self.below(table, name, record, &mut read) {
                values.push(At { value, spot });
            }
        }
        values
    }

    /// A table whose keys are free names: every name with its text.
    pub fn pairs(&mut self, key: &'static str) -> Vec<(At<String>, At<String>)> {
        let Some(value) = self.ask(key) else { return Vec::new() };
        let Some(table) = value.get_ref().as_table() else {
            let wanted =
                Wanted { title: "not a table", expected: "names with texts: { \"name\" = \"text\" }".into() };
            self.wrong_type::<()>(key, value, wanted, None);
            return Vec::new();
        };
        let mut pairs = Vec::new();
        for (name, value) in table.iter() {
            let spot = Spot::new(self.file, name.span());
            if let Some(value) = self.string(key, value) {
                pairs.push((At { value: name.get_ref().to_string(), spot }, value));
            }
        }
        pairs
    }

    fn ask(&mut self, key: &'static str) -> Option<&'a Spanned<DeValue<'a>>> {
        if !self.asked.contains(&key) {
            self.asked.push(key);
        }
        self.table.get(key)
    }

    fn below<T>(
        &mut self,
        table: &DeTable<'_>,
        name: String,
        record: Option<Spot>,
        read: impl FnOnce(&mut Section<'_>) -> T,
    ) -> T {
        let faults = &mut *self.faults;
        let mut section = Section { table, file: self.file, name, record, asked: Vec::new(), faults };
        let value = read(&mut section);
        section.finish();
        value
    }

    fn finish(&mut self) {
        self.asked.sort_unstable();
        let expected = self.asked.join(", ");
        for (key, _) in self.table.iter() {
            let word = key.get_ref().as_ref();
            if self.asked.contains(&word) {
                continue;
            }
            let place = match self.name.as_str() {
                "" => "at the top of the file".to_owned(),
                name => format!("in {name}"),
            };
            let known = nearest(word, self.asked.iter().copied()).or(synonym(word, &self.asked));
            let known = known.map(|known| format!("did you mean `{known}`?"));
            let fault = Fault::error(format!("unknown key `{}`", word.escape_debug()))
                .at(Spot::new(self.file, key.span()))
                .within(self.record)
                .label(format!("no such key {place}"))
                .expected(expected.clone())
                .hint(known.or_else(|| home(word)));
            self.faults.push(fault);
        }
    }

    fn understood<T>(
        &mut self,
        key: &str,
        text: At<String>,
        expected: &str,
        parse: impl Fn(&str) -> Option<T>,
    ) -> Option<At<T>> {
        match parse(&text.value) {
            Some(value) => Some(At { value, spot: text.spot }),
            None => {
                self.fault(not_understood(key, text.spot, expected));
                None
            }
        }
    }

    fn string(&mut self, key: &str, value: &Spanned<DeValue<'_>>) -> Option<At<String>> {
        match value.get_ref().as_str() {
            Some(text) => Some(self.at(value, text.to_owned())),
            None => {
                let wanted = Wanted { title: "not a text", expected: "a text in quotes".into() };
                self.wrong_type(key, value, wanted, None)
            }
        }
    }

    fn wrong_type<T>(
        &mut self,
        key: &str,
        value: &Spanned<DeValue<'_>>,
        wanted: Wanted,
        help: Option<String>,
    ) -> Option<T> {
        let found = kind(value.get_ref());
        let fault = Fault::error(wanted.title)
            .at(self.place(value))
            .label(format!("`{key}` is {found} here"))
            .expected(wanted.expected)
            .hint(help);
        self.fault(fault);
        None
    }

    fn at<T>(&self, value: &Spanned<DeValue<'_>>, inner: T) -> At<T> {
        At { value: inner, spot: self.place(value) }
    }

    fn place(&self, value: &Spanned<DeValue<'_>>) -> Spot {
        Spot::new(self.file, value.span())
    }
}

fn not_understood(key: &str, spot: Spot, expected: &str) -> Fault {
    let fault = Fault::error(format!("`{key}` cannot be understood")).at(spot);
    fault.label(format!("not {}", article(key))).expected(expected)
}

fn kind(value: &DeValue<'_>) -> &'static str {
    match value {
        DeValue::String(_) => "a text",
        DeValue::Integer(_) | DeValue::Float(_) => "a number",
        DeValue::Boolean(_) => "true or false",
        DeValue::Datetime(_) => "a time",
        DeValue::Array(_) => "a list",
        DeValue::Table(_) => "a section",
    }
}

fn article(word: &str) -> String {
    let vowel = word.starts_with(['a', 'e', 'i', 'o']);
    format!("{} {word}", if vowel { "an" } else { "a" })
}

/// Words that people use for a key of another name.
fn synonym(word: &str, known: &[&'static str]) -> Option<&'static str> {
    const SAME: [(&str, &str); 6] = [
        ("platform", "network"),
        ("network", "platform"),
        ("acct", "handle"),
        ("token", "token_file"),
        ("url", "public_url"),
        ("cron", "digest"),
    ];
    SAME.iter().find(|(said, meant)| *said == word && known.contains(meant)).map(|(_, meant)| *meant)
}
