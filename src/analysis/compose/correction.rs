//! Writes corrections: the reply that leads the next digest, and the text that takes the old post's place.

use crate::analysis::gate::Refusal;
use crate::analysis::names;
use crate::model::assessment::Relation;
use crate::model::changes::Change;
use crate::model::digest::Part;
use crate::model::finding::{Claim, Confirmed, Statement, Withdrawal};

use super::post::{Draft, Writer, checked, outlet_name};
use super::stories::story;
use super::telling::{Said, Wrong};
use super::words::Language;
use super::{Setting, first_fit};

/// A reason longer than this is cut; the page has no more of it.
const LONGEST_WHY: usize = 220;

/// The texts that may stand in the place of a post from which a statement is withdrawn: a mark, a short
/// correction and the post's own link; above what is left of a post about several accounts.
///
/// `rest` are the other findings of that post, which still hold. Language, content warning and link stay
/// what they were.
///
/// # Errors
/// Not even mark and link pass the gate, which only the content warning can cause.
pub fn in_place(
    setting: &Setting<'_>,
    old: &Part,
    withdrawn: &Statement,
    rest: &[&Confirmed],
) -> Result<Part, Refusal> {
    let language = Language::of_tag(&old.language).unwrap_or(setting.language);
    let setting = Setting { language, visibility: old.visibility, spoiler: &old.spoiler, ..*setting };
    let writer = Writer::of(&setting);
    let day = writer.day(setting.to);
    let Claim::Withdrawn(withdrawal) = &withdrawn.claim else {
        return Err(Refusal::LinkCount { times: 0 });
    };
    let telling = &writer.words.telling;
    let mut bodies = Vec::new();
    if let Some(story) = rest.first().and_then(|finding| story(finding.statement())) {
        let statements: Vec<&Statement> = rest.iter().map(|finding| finding.statement()).collect();
        let checked = checked(rest.iter().copied());
        let draft = Draft { story, statements: &statements, quiet: &[], checked, so_far: None };
        let mark = (telling.taken_out)(&day);
        bodies.extend(
            writer.bodies(&draft).unwrap_or_default().into_iter().map(|body| format!("{mark}\n\n{body}")),
        );
    }
    let mark = (telling.corrected)(&day);
    for why in reasons(withdrawal) {
        let said = writer.wrong(withdrawn, withdrawal, &why, telling.withdrawn);
        bodies.push(format!("{mark}\n\n{said}\n\n{}", telling.correction_link));
    }
    bodies.push(mark);
    let index = usize::try_from(old.index).unwrap_or(usize::MAX);
    let mut verdict = Err(Refusal::LinkCount { times: 0 });
    for body in bodies {
        // Whatever is wrong with a longer text, a shorter one says what has to be said.
        verdict = first_fit(&setting, index, &old.permalink, [body]);
        if verdict.is_ok() {
            break;
        }
    }
    Ok(Part { findings: old.findings.clone(), language: old.language.clone(), ..verdict? })
}

/// The reason as it is printed, then none.
fn reasons(withdrawal: &Withdrawal) -> [String; 2] {
    let why = names::clean_to(&withdrawal.why, LONGEST_WHY);
    let ends = why.ends_with(['.', '!', '?', '…', '。', '！', '？']);
    [if why.is_empty() || ends { why } else { format!("{why}.") }, String::new()]
}

impl Writer {
    /// The texts of a reply that takes a statement back, from the whole one to the shortest.
    pub(super) fn corrections(&self, draft: &Draft<'_>) -> Vec<String> {
        let mut bodies = Vec::new();
        for statement in draft.statements.iter().take(1) {
            let Claim::Withdrawn(withdrawal) = &statement.claim else { continue };
            let telling = &self.words.telling;
            let digest = (withdrawal.digest.0 > 0).then_some(withdrawal.digest.0);
            let heading = (telling.correction)(digest, &self.day(withdrawal.said_at));
            let sorry = (telling.sorry)(digest);
            for why in reasons(withdrawal) {
                let wrong = self.wrong(statement, withdrawal, &why, telling.wrong);
                for so_far in [draft.so_far.map(telling.so_far), None] {
                    let blocks = [Some(&heading), Some(&wrong), Some(&sorry.to_owned()), so_far.as_ref()];
                    let told: Vec<&str> = blocks.into_iter().flatten().map(String::as_str).collect();
                    bodies.push(format!("{}\n\n{}", told.join("\n\n"), telling.correction_link));
                }
            }
        }
        bodies
    }

    fn wrong(
        &self,
        statement: &Statement,
        withdrawal: &Withdrawal,
        why: &str,
        words: fn(&Wrong<'_>) -> String,
    ) -> String {
        let handle = names::handle(&statement.acct, statement.network);
        let who = withdrawal.repeats_handle.then_some(handle.as_str());
        words(&Wrong { said: said(&withdrawal.said), who, outlet: &outlet_name(statement), why })
    }
}

fn said(claim: &Claim) -> Said {
    match claim {
        Claim::NewlySeen(relation) | Claim::KnownAtStart(relation) => match relation {
            Relation::Official => Said::Official,
            Relation::Attested => Said::Attested,
            Relation::Undisclosed => Said::Undisclosed,
            Relation::LookAlike => Said::LookAlike,
            Relation::Mirror | Relation::Claimed | Relation::Unrelated => Said::Other,
        },
        Claim::Changed(Change::NowProven) => Said::Official,
        Claim::Changed(_) => Said::Change,
        Claim::Withdrawn(_) => Said::Other,
    }
}
