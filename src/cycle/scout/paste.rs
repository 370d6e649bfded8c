//! Lines to paste: what was found as TOML, which stays the TOML we meant whatever strangers call themselves.
//!
//! What is proven stands as it would in a watchlist file; all else is a comment. Each foreign text is one line without
//! anything invisible in it, quoted where it is a value.

use std::fmt::Write as _;

use chrono::{DateTime, Utc};

use super::ask::Notes;
use super::weigh::{Find, What};
use super::{Kind, Record};
use crate::analysis::names;
use crate::analysis::sites::platforms::is_platform;
use crate::model::account::Network;
use crate::model::outlet::OutletId;
use crate::model::site::{Mark, MarkKind};
use crate::model::watchlist::Watchlist;
use crate::sources::page::front::Front;

/// Comments are folded at this width, so that they can be read on any terminal.
const WIDTH: usize = 78;

pub(super) fn toml(
    record: &Record,
    front: Option<&Front>,
    watchlist: &Watchlist,
    found: &[Find],
    notes: &Notes,
    now: DateTime<Utc>,
) -> String {
    let mut text = Text(String::new());
    let id = &record.outlet.id;
    let proven = found.iter().filter(|find| find.proven).count();
    let rest = found.len() - proven;
    let today = now.format("%Y-%m-%d").to_string();
    text.comment("", &match front {
        None if found.is_empty() => format!("masthead outlets find {id}, {today}: nothing that the record lacks was found."),
        None => format!(
            "masthead outlets find {id}, {today}: {proven} proven, {rest} for a person to judge. Lines without # can stand \
             in a file of watchlist.d as they are; the others say what is missing."
        ),
        Some(front) => format!(
            "A draft from {}, {today}: switched off until a person has filled in what it lacks. Put it into a file of \
             watchlist.d, then: masthead check",
            front.url
        ),
    });
    if front.is_some() || !found.is_empty() {
        text.line("");
    }
    match front {
        Some(front) => text.draft(record, front, watchlist),
        None if found.is_empty() => {}
        None => {
            text.line(if record.kind == Kind::Exempt { "[[not_state_controlled]]" } else { "[[outlet]]" });
            text.line(&format!("id = {}", quoted(id.as_str())));
        }
    }
    text.list("accounts", found.iter().filter(|find| matches!(find.what, What::Account { .. })), &today);
    text.list("feeds", found.iter().filter(|find| matches!(find.what, What::Feed { .. })), &today);
    if let Some(front) = front {
        text.builder(record, &front.marks);
    }
    text.closing(record, notes);
    text.0
}

struct Text(String);

impl Text {
    fn line(&mut self, line: &str) {
        self.0.push_str(line);
        self.0.push('\n');
    }

    /// A sentence as a comment, folded between words; what is folded hangs.
    fn comment(&mut self, indent: &str, sentence: &str) {
        let is_item = !indent.is_empty() || sentence.starts_with("- ");
        let hanging = format!("{indent}#{}", if is_item { "  " } else { "" });
        let mut line = format!("{indent}#");
        for word in one_line(sentence).split(' ') {
            let is_begun = line.chars().count() > hanging.chars().count();
            if is_begun && line.chars().count() + 1 + word.chars().count() > WIDTH {
                self.line(&line);
                line.clone_from(&hanging);
            }
            let _ = write!(line, " {word}");
        }
        self.line(&line);
    }

    fn list<'a>(&mut self, key: &str, finds: impl Iterator<Item = &'a Find>, today: &str) {
        let finds: Vec<&Find> = finds.collect();
        if finds.is_empty() {
            return;
        }
        self.line(&format!("{key} = ["));
        for (place, find) in finds.into_iter().enumerate() {
            if place > 0 {
                self.line("");
            }
            find.about.iter().for_each(|about| self.comment("  ", about));
            let verdict = if find.proven { "proven" } else { "not proven" };
            self.comment("  ", &format!("{verdict}: {}", find.because.join("; ")));
            let comment = if find.proven { "" } else { "# " };
            self.line(&format!("  {comment}{},", entry(&find.what, find.proven, today)));
        }
        self.line("]");
    }

    /// The head of a new record, with all that no homepage can tell.
    fn draft(&mut self, record: &Record, front: &Front, watchlist: &Watchlist) {
        let outlet = &record.outlet;
        self.line("[[outlet]]");
        self.comment("", "the id stays for good: choose it now");
        self.line(&format!("id = {}", quoted(outlet.id.as_str())));
        self.comment("", "as the page calls itself; shorten it to what people say");
        self.line(&format!("name = {}", quoted(&outlet.name)));
        if let Some(title) = front.title.as_ref().filter(|title| **title != outlet.name) {
            self.comment("", &format!("its title: {title}"));
        }
        self.line("# native_name = \"\"");
        self.line("# aliases = []");
        self.comment("", "fill in: the country of who controls it, or its own where that is not known");
        self.line("country = \"XX\"");
        self.comment(
            "",
            "fill in who controls it from a source that says so, never from the page or a guess: State Media Monitor, \
             a media authority's register, a company register, its own annual report",
        );
        self.line("control = \"unknown\"");
        self.line("# owner = \"\"");
        self.line("# control_basis = [{ by = \"\", says = \"\", source = \"https://\" }]");
        self.line("# sources = []");
        let above = watchlist.outlets.values().filter(|known| {
            outlet.domains.iter().any(|domain| known.domains.iter().any(|above| domain.is_within(above)))
        });
        for parent in above {
            self.comment("", &format!("its site lies below that of {0}: parents = [\"{0}\"]?", parent.id));
        }
        self.line("enabled = false");
        let domains: Vec<String> = outlet.domains.iter().map(|domain| quoted(domain.as_str())).collect();
        self.line(&format!("domains = [{}]", domains.join(", ")));
        let led = crate::model::account::Host::of(&front.url);
        if let Some(led) = led.filter(|led| !outlet.domains.iter().any(|domain| led.is_within(domain))) {
            self.comment("", &format!("the page leads to {led}: is that its site as well?"));
        }
        match &front.language {
            Some(language) => self.comment("", &format!("language of the page: {language}")),
            None => self.comment("", "the page does not say its language"),
        }
        for (language, host) in &front.editions {
            self.comment("", &format!("an edition in {language}: {host}"));
        }
    }

    /// Whom the page credits as its builder, as a record that waits for a source. Tools of many are nobody's.
    fn builder(&mut self, record: &Record, marks: &[(Mark, String)]) {
        let mine = || marks.iter().filter(|(mark, _)| !is_platform(mark));
        let Some((credit, shown)) = mine().find(|(mark, _)| mark.kind == MarkKind::Credit) else { return };
        let domain = mine().find(|(mark, _)| mark.kind == MarkKind::CreditLink).map(|(mark, _)| &mark.value);
        let words = credit.value.split(|c: char| !c.is_ascii_alphanumeric()).filter(|word| !word.is_empty());
        let id = OutletId::parse(&words.collect::<Vec<_>>().join("-"));
        let id = id.map_or_else(|| "builder".to_owned(), |id| id.to_string());
        self.line("");
        self.comment(
            "",
            &format!(
                "Its foot says “{shown}”. If a source says that this company is the outlet's, and only then, this belongs into the \
                 same file, without #:"
            ),
        );
        self.line("# [[operator]]");
        self.line(&format!("# id = {}", quoted(&id)));
        self.line(&format!("# name = {}", quoted(&credit.value)));
        self.line(&format!("# owner_outlet = {}", quoted(record.outlet.id.as_str())));
        self.line("# says = \"\"");
        let marks: Vec<String> = domain.into_iter().map(|domain| quoted(domain)).collect();
        self.line(&format!("# marks = [{}]", marks.join(", ")));
        self.line("# sources = [\"https://\"]");
    }

    /// What was asked, and what did not answer.
    fn closing(&mut self, record: &Record, notes: &Notes) {
        self.line("");
        if !notes.asked.is_empty() {
            self.comment("", &format!("Asked: {}", notes.asked.join(", ")));
        }
        if !notes.unanswered.is_empty() {
            self.comment("", "No answer, or not asked; that says nothing about what is there:");
        }
        for unanswered in &notes.unanswered {
            self.comment("", &format!("- {}: {}", unanswered.place, unanswered.why));
        }
        if notes.missing > 0 {
            self.comment(
                "",
                &format!("Links of the form of an account that lead to none: {}", notes.missing),
            );
        }
        if notes.left_alone > 0 {
            self.comment("", &format!("Left alone, as they asked: {} accounts", notes.left_alone));
        }
        if record.kind != Kind::Exempt {}
    }
}

/// One item of a list, as the records have it.
fn entry(what: &What, is_proven: bool, today: &str) -> String {
    match what {
        What::Account { platform, handle, proof } => {
            let proof = proof.as_ref().map(|proof| format!(", proof = {}", quoted(proof)));
            let platform = quoted(platform_word(*platform));
            format!("{{ platform = {platform}, handle = {}{} }}", quoted(handle), proof.unwrap_or_default())
        }
        What::Feed { url } => {
            let status = if is_proven { "working" } else { "unverified" };
            format!("{{ url = {}, status = \"{status}\", checked = \"{today}\" }}", quoted(url))
        }
    }
}

/// As watchlist files write it.
fn platform_word(network: Network) -> &'static str {
    match network {
        Network::Mastodon => "mastodon",
        Network::Threads => "threads",
        Network::Bluesky => "bluesky",
        Network::X => "x",
        Network::Facebook => "facebook",
        Network::Instagram => "instagram",
    }
}

/// A text as a basic string of TOML.
fn quoted(text: &str) -> String {
    let text = one_line(text);
    format!("\"{}\"", text.replace('\\', "\\\\").replace('"', "\\\""))
}

/// A text without line ends, controls and anything else that cannot be seen.
fn one_line(text: &str) -> String {
    let plain = text.split(|c: char| c.is_whitespace() || c.is_control()).filter(|word| !word.is_empty());
    let line = plain.collect::<Vec<_>>().join(" ");
    line.chars().filter(|c| !names::is_invisible(*c)).collect()
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::model::outlet::Outlet;

    proptest! {
        #[test]
        fn no_foreign_text_becomes_toml_of_its_own(foreign in "(\"|'|\\\\|#|\\n|\\r|\u{2028}|=|\\[|\\]|\\{|\\}|enabled|新|\\PC|.){0,60}") {
            let mut text = Text(format!("a = {}\n", quoted(&foreign)));
            text.comment("  ", &format!("its title: {foreign}"));
            let table: toml::Table = text.0.parse().unwrap();
            prop_assert_eq!(table.len(), 1);
            let shown = one_line(&foreign);
            prop_assert_eq!(table["a"].as_str(), Some(shown.as_str()));
        }
    }

    #[test]
    fn a_builder_in_the_foot_of_a_page_is_a_record_to_be_confirmed_and_a_tool_is_none() {
        let outlet = Outlet::unknown(OutletId::parse("diario").unwrap());
        let record = Record { kind: Kind::Draft, outlet };
        let draft = |marks: &[(MarkKind, &str, &str)]| {
            let mark = |(kind, value, shown): &(MarkKind, &str, &str)| {
                (Mark { kind: *kind, value: (*value).to_owned() }, (*shown).to_owned())
            };
            let mut text = Text(String::new());
            text.builder(&record, &marks.iter().map(mark).collect::<Vec<_>>());
            text.0
        };
        let written = draft(&[
            (MarkKind::Credit, "puente \"digital\"", "Desarrollado por Puente\n[[outlet]]"),
            (MarkKind::CreditLink, "puente.example", "puente.example"),
        ]);
        assert_eq!(written.parse::<toml::Table>().unwrap(), toml::Table::new(), "all of it is a comment");
        let stub = written.split_once("# [[operator]]").unwrap().1.replace("\n# ", "\n");
        let stub: toml::Table = format!("[[operator]]{stub}").parse().unwrap();
        let operator = &stub["operator"][0];
        assert_eq!(operator["id"].as_str(), Some("puente-digital"));
        assert_eq!(operator["owner_outlet"].as_str(), Some("diario"));
        assert_eq!(operator["marks"][0].as_str(), Some("puente.example"));
        assert_eq!(draft(&[(MarkKind::Credit, "wordpress", "Powered by WordPress")]), "");
        assert_eq!(draft(&[]), "");
    }
}
