//! Retelling: the table of what becomes of a report in somebody else's post.

use super::newsroom::NewsItem;
use super::random::Random;
use super::wording::es_talk;

/// A manner of passing on a report.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Retelling {
    /// One text with the same small edit in all sister papers, no credit, or one that does not work.
    Sister,
    /// Word for word, no credit.
    Whole,
    /// Word for word, and where it is from.
    Credited(&'static str),
    /// As much of it as a short post holds, and where it is from.
    CreditedBriefly(&'static str),
    /// Headline and first sentences, and a link to the report.
    Linked,
    /// One sentence in quotation marks, and what one thinks of it.
    SentenceQuoted,
    /// All of it in quotation marks, and what is wrong with it.
    WholeQuoted,
    /// Headline, text and link, as programs repeat feeds.
    Repeated,
}

impl Retelling {
    /// The post.
    pub fn tell(self, item: &NewsItem, random: &mut Random) -> String {
        match self {
            Retelling::Sister => sister(item),
            Retelling::Whole => whole(item),
            Retelling::Credited(credit) => format!("{}\n\n{credit}\n{}", whole(item), item.link),
            Retelling::CreditedBriefly(credit) => briefly(item, credit),
            Retelling::Linked => format!("{}. {}\n\n{}", item.title, item.text, item.link),
            Retelling::SentenceQuoted => sentence_quoted(item, random),
            Retelling::WholeQuoted => {
                format!("«{}. {}»\n\n{}", item.title, item.text, es_talk::comment(random))
            }
            Retelling::Repeated => format!("{}\n\n{}\n\n{}", item.title, item.text, item.link),
        }
    }
}

/// The credit that does not work: a dot where the sign of an address would be.
pub const ALTERED_CREDIT: &str = "Twitter •mundo_china";

/// Words that the sister papers put in place of the agency's; two of them a text at most.
const REPLACEMENTS: [(&str, &str); 14] = [
    (" metros", " m"),
    (" kilos", " kg"),
    (" turistas", " visitantes"),
    (" vecinos", " habitantes"),
    (" horas", " h"),
    (" minutos", " min"),
    (" contó ", " relató "),
    (" dijo ", " señaló "),
    (" según ", " de acuerdo con "),
    ("Según ", "De acuerdo con "),
    (" unos ", " cerca de "),
    (" desde ", " a partir de "),
    (" siglo", " s."),
    (" en casa ", " en su hogar "),
];

fn whole(item: &NewsItem) -> String {
    format!("{}. {}", item.title, item.text)
}

/// Short posts hold so many characters.
const SHORT: usize = 300;

fn briefly(item: &NewsItem, credit: &str) -> String {
    let end = format!("\n\n{credit}\n{}", item.link);
    let room = SHORT.saturating_sub(end.chars().count());
    let mut text = format!("{}.", item.title);
    for sentence in item.text.split_inclusive(". ") {
        let longer = format!("{text} {}", sentence.trim_end());
        if longer.chars().count() > room {
            break;
        }
        text = longer;
    }
    text + &end
}

fn sister(item: &NewsItem) -> String {
    let copied = whole(item);
    let edited = match item.number % 2 {
        0 => without_a_clause(item).unwrap_or_else(|| reworded(&copied)),
        _ => reworded(&copied),
    };
    if item.number.is_multiple_of(5) { format!("{edited}\n\n{ALTERED_CREDIT}") } else { edited }
}

/// The text without the last clause of its first sentence, where that is short.
fn without_a_clause(item: &NewsItem) -> Option<String> {
    let (first, rest) = item.text.split_once(". ")?;
    let (kept, clause) = first.rsplit_once(", ")?;
    let is_small = clause.chars().count() * 9 < item.text.chars().count();
    let is_whole = !clause.contains('»');
    (is_small && is_whole).then(|| format!("{}: {kept}. {rest}", item.title))
}

/// The text with two words replaced, or joined with its headline in another way where none of them is in it.
fn reworded(copied: &str) -> String {
    let mut text = copied.to_owned();
    let mut replaced = 0;
    for (old, new) in REPLACEMENTS {
        if replaced < 2 && text.contains(old) {
            text = text.replacen(old, new, 1);
            replaced += 1;
        }
    }
    if replaced == 0 { format!("En imágenes: {text}") } else { text }
}

fn sentence_quoted(item: &NewsItem, random: &mut Random) -> String {
    let sentences: Vec<&str> = item.text.split(". ").collect();
    let sentence = sentences[0].trim_end_matches('.').replace(['«', '»'], "");
    let comment = es_talk::comment(random);
    match random.below(3) {
        0 => format!("«{sentence}», publica China News Service. {comment}"),
        _ => format!("{comment}\n\n«{sentence}».\n\n{}", es_talk::comment(random)),
    }
}

#[cfg(test)]
mod tests {
    use chrono::{DateTime, Utc};

    use super::*;
    use crate::sandbox::newsroom::Origin;

    fn item(number: u64) -> NewsItem {
        NewsItem {
            number,
            at: DateTime::<Utc>::UNIX_EPOCH,
            title: "Un puente".to_owned(),
            text: "El puente abrió el lunes con 311 camiones y 7 relojes, tras 9 inviernos. Mide 245 metros y pesa 13.222 toneladas, según Li Lan, ingeniera de Lanshui.".to_owned(),
            link: "https://cns.example/es/1.html".to_owned(),
            origin: Origin::Own,
        }
    }

    #[test]
    fn sisters_change_the_same_little_and_sometimes_credit_so_that_it_does_not_work() {
        let (dropped, reworded) = (sister(&item(2)), sister(&item(1)));
        assert!(
            dropped.starts_with("Un puente: El puente abrió el lunes con 311 camiones y 7 relojes. Mide")
        );
        assert!(reworded.contains("Mide 245 m y pesa") && reworded.contains(", de acuerdo con Li Lan"));
        assert!(sister(&item(5)).ends_with(ALTERED_CREDIT));
        assert!(!dropped.contains("•"));
    }

    #[test]
    fn who_quotes_uses_quotation_marks_and_adds_words() {
        for seed in 0..20 {
            let mut random = Random::of(&[seed]);
            let whole = Retelling::WholeQuoted.tell(&item(1), &mut random);
            let (quoted, comment) = whole.split_once("»\n\n").unwrap();
            assert!(quoted.starts_with("«Un puente. El puente") && comment.len() > 80, "{whole}");
            let part = Retelling::SentenceQuoted.tell(&item(1), &mut random);
            assert!(part.contains("«El puente abrió") && part.contains("»"), "{part}");
        }
    }
}
