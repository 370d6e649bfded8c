//! The word of docs/json.md: which fields every answer has, and of which type.

use std::collections::{BTreeMap, BTreeSet};

use chrono::{DateTime, NaiveDate};
use serde_json::Value;

/// How those fields begin that another file of tests holds, since the embedded world takes weeks or a suspicion to them.
pub fn held_by(file: &str) -> &'static [&'static str] {
    match file {
        "tests/review.rs" => {
            &["tie.", "passage.", "credit.", "ticks.", "sister.", "sister line.", "lead.", "rival."]
        }
        "tests/sites.rs" => &["site.", "site read.", "mark.", "sister site."],
        other => panic!("{other} holds no fields of its own"),
    }
}

/// A field as the manual has it.
struct Field {
    name: String,
    types: Vec<String>,
    may_be_missing: bool,
}

/// The manual, and what of it was met in answers.
pub struct Manual {
    /// By heading; answers stand in backticks there.
    shapes: BTreeMap<String, Vec<Field>>,
    /// Fields that had a value.
    met: BTreeSet<(String, String)>,
}

impl Manual {
    pub fn read() -> Manual {
        let text = include_str!("../../docs/json.md");
        let mut shapes: BTreeMap<String, Vec<Field>> = BTreeMap::new();
        let mut heading = None;
        for line in text.lines() {
            if let Some(told) = line.strip_prefix("### ") {
                assert!(
                    shapes.insert(told.to_owned(), vec![]).is_none(),
                    "`{told}` stands twice in the manual"
                );
                heading = Some(told.to_owned());
            }
            let Some(shape) = heading.as_ref().filter(|_| line.starts_with("| `")) else { continue };
            let cells: Vec<&str> = line.trim_matches('|').split(" | ").map(str::trim).collect();
            let types = cells[1].strip_suffix(", may be missing");
            let field = Field {
                name: cells[0].trim_matches('`').to_owned(),
                types: types.unwrap_or(cells[1]).split(" or ").map(str::to_owned).collect(),
                may_be_missing: types.is_some(),
            };
            shapes.get_mut(shape).unwrap().push(field);
        }
        Manual { shapes, met: BTreeSet::new() }
    }

    /// Asserts that an answer is as the manual says.
    pub fn check(&mut self, answer: &Value) {
        let mut body = answer.as_object().unwrap_or_else(|| panic!("no object: {answer}")).clone();
        assert_eq!(body.remove("json_version"), Some(Value::from(1)), "{answer}");
        let name = body.remove("answer").unwrap_or_else(|| panic!("it does not say what it is: {answer}"));
        let heading = format!("`{}`", name.as_str().unwrap());
        let mut faults = Vec::new();
        self.hold(&Value::Object(body), &heading, &heading, &mut faults);
        assert!(faults.is_empty(), "docs/json.md and the answer differ:\n{}", faults.join("\n"));
    }

    /// Fields that no answer gave a value, as `shape.field`.
    pub fn unmet(&self) -> BTreeSet<String> {
        let all =
            self.shapes.iter().flat_map(|(shape, fields)| fields.iter().map(move |field| (shape, field)));
        let unmet = all.filter(|(shape, field)| !self.met.contains(&((*shape).clone(), field.name.clone())));
        unmet.map(|(shape, field)| format!("{shape}.{}", field.name)).collect()
    }

    fn hold(&mut self, value: &Value, shape: &str, at: &str, faults: &mut Vec<String>) {
        let Some(fields) = self.shapes.remove(shape) else {
            faults.push(format!("{at}: the manual has no `{shape}`"));
            return;
        };
        match value.as_object() {
            None => faults.push(format!("{at}: got {value}; the manual says {shape}")),
            Some(object) => {
                let is_known = |key: &&String| fields.iter().any(|field| field.name == **key);
                faults.extend(
                    object
                        .keys()
                        .filter(|key| !is_known(key))
                        .map(|key| format!("{at}.{key}: not in the manual")),
                );
            }
        }
        // A shape may hold itself, so it has to be there while its fields are looked at.
        let names: Vec<_> = fields
            .iter()
            .map(|field| (field.name.clone(), field.types.clone(), field.may_be_missing))
            .collect();
        self.shapes.insert(shape.to_owned(), fields);
        for (name, types, may_be_missing) in names {
            let at = format!("{at}.{name}");
            match value.get(&name) {
                None if may_be_missing => {}
                None => faults.push(format!("{at}: missing")),
                Some(value) => {
                    if !value.is_null() {
                        self.met.insert((shape.to_owned(), name));
                    }
                    self.hold_one(value, &types, &at, faults);
                }
            }
        }
    }

    /// The first type of its kind has to hold.
    fn hold_one(&mut self, value: &Value, types: &[String], at: &str, faults: &mut Vec<String>) {
        let fits = |kind: &&String| match kind.as_str() {
            "none" => value.is_null(),
            "text" => value.is_string(),
            "number" => value.is_number(),
            "yes/no" => value.is_boolean(),
            "time" => value.as_str().is_some_and(|text| DateTime::parse_from_rfc3339(text).is_ok()),
            "day" => value.as_str().is_some_and(|text| text.parse::<NaiveDate>().is_ok()),
            kind if kind.starts_with("list of ") => value.is_array(),
            _ => value.is_object(),
        };
        let Some(kind) = types.iter().find(fits) else {
            faults.push(format!("{at}: got {value}; the manual says {}", types.join(" or ")));
            return;
        };
        if let Some(of) = kind.strip_prefix("list of ") {
            let of = [of.to_owned()];
            value.as_array().into_iter().flatten().for_each(|item| self.hold_one(item, &of, at, faults));
        } else if let Some(of) = kind.strip_prefix("map of ") {
            let of = [of.to_owned()];
            value
                .as_object()
                .into_iter()
                .flatten()
                .for_each(|(_, item)| self.hold_one(item, &of, at, faults));
        } else if value.is_object() {
            self.hold(value, kind, at, faults);
        }
    }
}
