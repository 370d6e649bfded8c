//! The desk of reviewers: what they type becomes a signed request, and the answer a text.

mod key_file;
mod passages;
mod queue;
mod sheet;

use anyhow::Context as _;
use chrono::Duration;
use serde::de::DeserializeOwned;

use super::args::review::{Review, Reviewer, Signer};
use super::{json, put, room, service};
use crate::config::{Config, Environment};
use crate::cycle::commands::{Act, Answer, Request, Signature};
use crate::model::finding::FindingId;
use crate::model::tie::Ticks;

pub(super) use queue::{log, queue, reviewers};
pub(super) use sheet::{Depth, sheet};

/// Does one command of reviewers; `None` lists what waits.
pub(super) async fn review(
    config: Config,
    environment: &Environment,
    what: Review,
    json: bool,
) -> anyhow::Result<()> {
    let showing = Showing::of(&what);
    let request = request(&config, environment, what)?;
    let answer = service::ask(config, request).await?;
    if json {
        return put(&json::of_answer(&answer)?);
    }
    let text = match (&answer, showing) {
        (Answer::Sheet(shown), Showing::Post) => match &shown.preview {
            Some(preview) => format!("{}\n", preview.text),
            None => anyhow::bail!("{}: nothing would be posted about it as it stands", shown.finding.id),
        },
        (Answer::Sheet(shown), Showing::All) => sheet(shown, Depth::All, room()),
        (Answer::Review { waiting, snoozed, leads }, Showing::All) => queue(waiting, snoozed, leads, room()),
        (answer, _) => super::render::answer(answer, room()),
    };
    put(&super::render::visible(&text))
}

/// How much of an answer is printed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Showing {
    Usual,
    All,
    Post,
}

impl Showing {
    fn of(what: &Review) -> Showing {
        match what {
            Review::Show { post: true, .. } => Showing::Post,
            Review::Show { all: true, .. } | Review::List { all: true } => Showing::All,
            _ => Showing::Usual,
        }
    }
}

fn request(config: &Config, environment: &Environment, what: Review) -> anyhow::Result<Request> {
    let signed = |signer: &Signer| sign(config, environment, signer);
    let act = |finding: FindingId, signer: &Signer, act: Act| {
        Ok(Request::ReviewAct { finding, by: signed(signer)?, act })
    };
    match what {
        Review::List { .. } => Ok(Request::Review),
        Review::Show { finding, .. } => Ok(Request::ReviewShow { finding }),
        Review::Log { finding } => Ok(Request::ReviewLog { finding }),
        Review::Tick { finding, outlet, asked, topic, signer } => {
            let ticks = Ticks {
                presents_as_outlet: outlet,
                comment_sought: asked.as_deref().map(word).transpose()?,
                topic: topic.as_deref().map(word).transpose()?,
            };
            act(finding, &signer, Act::Tick { ticks })
        }
        Review::Approve { finding, seen, signer } => act(finding, &signer, Act::Approve { seen }),
        Review::Dismiss { finding, why, never_flag, signer } => {
            act(finding, &signer, Act::Dismiss { why: word(&why)?, never_flag })
        }
        Review::Snooze { finding, span, signer } => {
            let until = config.clock.now() + self::span(&span)?;
            act(finding, &signer, Act::Snooze { until })
        }
        Review::NeverFlag { account, why, undo, signer } => {
            Ok(Request::NeverFlag { account, by: signed(&signer)?, why, lift: undo })
        }
        Review::Retract { finding, why, repeat_handle, person, seen, signer } => {
            let seen = seen.unwrap_or_default();
            let retraction = Act::Retract { seen, why, repeats_handle: repeat_handle, was_a_person: person };
            act(finding, &signer, retraction)
        }
    }
}

/// A word of the model that clap has let through.
fn word<T: DeserializeOwned>(text: &str) -> anyhow::Result<T> {
    serde_json::from_value(text.into()).with_context(|| format!("`{text}` is no word for that"))
}

/// A stretch of time as people write it: 12h, 7d, 2w.
fn span(text: &str) -> anyhow::Result<Duration> {
    let unit = text.chars().next_back().unwrap_or_default();
    let count = text.strip_suffix(unit).and_then(|count| count.parse::<u16>().ok()).map(i64::from);
    let span = match (unit, count) {
        ('h', Some(count)) => Duration::hours(count),
        ('d', Some(count)) => Duration::days(count),
        ('w', Some(count)) => Duration::weeks(count),
        _ => anyhow::bail!("`{text}` is no stretch of time; expected 12h, 7d or 2w"),
    };
    Ok(span)
}

/// Lifts a halt, or the stop of namings: signed like a decision, wherever somebody could sign.
pub(super) fn resume(
    config: &Config,
    environment: &Environment,
    namings: bool,
    signer: &Signer,
) -> anyhow::Result<Request> {
    let by = match (&signer.name, config.review.reviewers.is_empty()) {
        (Some(name), true) => Signature { name: name.clone(), secret: String::new() },
        _ => sign(config, environment, signer)?,
    };
    Ok(if namings { Request::ResumeNamings { by } } else { Request::Resume { by } })
}

fn sign(config: &Config, environment: &Environment, signer: &Signer) -> anyhow::Result<Signature> {
    let names = &config.review.reviewers;
    let name = match (&signer.name, names.as_slice()) {
        (Some(name), _) => name.clone(),
        (None, [only]) => only.clone(),
        (None, []) => anyhow::bail!(
            "there is no reviewer; add a name to [review] reviewers, then `masthead reviewer add NAME`"
        ),
        (None, names) => anyhow::bail!("say who decides: --as {}", names.join(" or --as ")),
    };
    // Else the name of any file could be asked for.
    anyhow::ensure!(
        names.contains(&name),
        "`{name}` is no reviewer; [review] reviewers has {}",
        if names.is_empty() { "nobody".to_owned() } else { names.join(", ") }
    );
    let secret = key_file::read(config, environment, &name, signer.key.as_deref())?;
    Ok(Signature { name, secret })
}

/// Makes keys of reviewers, or lists who has one.
pub(super) async fn reviewer(config: Config, what: Reviewer, json: bool) -> anyhow::Result<()> {
    let (name, replace) = match what {
        Reviewer::List => {
            let answer = service::ask(config, Request::Reviewers).await?;
            return super::print(&answer, json);
        }
        Reviewer::Add { name, replace } => (name, replace),
    };
    anyhow::ensure!(
        config.review.reviewers.contains(&name),
        "`{name}` is no reviewer; add the name to [review] reviewers in the configuration first"
    );
    let file = key_file::begin(&config, &name, replace)?;
    let adding = Request::ReviewerAdd { name: name.clone() };
    let request = if replace { Request::ReviewerReplace { name: name.clone() } } else { adding };
    let path = match service::ask(config, request).await {
        Ok(Answer::Reviewer { secret, .. }) => file.finish(&secret)?,
        Ok(_) => {
            file.give_up();
            anyhow::bail!("the running service answered something else; is it another version?")
        }
        Err(error) => {
            file.give_up();
            return Err(error);
        }
    };
    let since = if replace { "\nwhat the old key approved and waits has to be approved again" } else { "" };
    put(&match json {
        true => json::of("reviewer", &serde_json::json!({ "name": name, "key_file": path }))?,
        false => format!(
            "{name} has a key: {}\nwhoever can read it decides as {name}; keep it where only {name} does{since}\n",
            path.display()
        ),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn stretches_of_time_are_hours_days_or_weeks() {
        assert_eq!(span("12h").unwrap(), Duration::hours(12));
        assert_eq!(span("7d").unwrap(), Duration::days(7));
        assert_eq!(span("2w").unwrap(), Duration::days(14));
        for wrong in ["", "7", "d", "-1d", "7m", "7 d", "7дней", "99999d"] {
            assert!(span(wrong).is_err(), "{wrong}");
        }
    }
}
