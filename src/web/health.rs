//! Health for monitors: one page that says whether a person is needed, one with the numbers for Prometheus.
//!
//! Both are as public as all other pages: they name subjects and never sentences, which may hold what servers
//! answered or where files lie. `masthead doctor` has those.

use std::fmt::Write as _;
use std::sync::Arc;

use axum::Json;
use axum::extract::State;
use axum::http::StatusCode;
use axum::http::header::{CACHE_CONTROL, CONTENT_TYPE};
use axum::response::{IntoResponse as _, Response};
use chrono::{DateTime, Utc};
use serde::Serialize;

use super::Site;
use crate::model::health::{Health, Line, Mark, Subject};

/// What `/health` says.
#[derive(Debug, Serialize)]
struct Told<'a> {
    /// `well`, `unknown` where no trouble is seen and not all is known yet, `warning`, `broken`, or `starting` before
    /// the first look.
    state: &'static str,
    at: Option<DateTime<Utc>>,
    version: &'a str,
    /// How many things need a person.
    needs: usize,
    lines: Vec<ToldLine<'a>>,
}

#[derive(Debug, Serialize)]
struct ToldLine<'a> {
    mark: Mark,
    subject: Subject,
    name: &'a str,
}

/// 200 while nothing is broken, 503 where something is or the service has just started.
pub(super) async fn health(State(site): State<Arc<Site>>) -> Response {
    let health = site.vitals.recall().health;
    let (status, told) = match health.as_deref() {
        None => {
            let version = env!("CARGO_PKG_VERSION");
            let told = Told { state: "starting", at: None, version, needs: 0, lines: Vec::new() };
            (StatusCode::SERVICE_UNAVAILABLE, told)
        }
        Some(health) => tell(health),
    };
    (status, [(CACHE_CONTROL, "no-store")], Json(told)).into_response()
}

fn tell(health: &Health) -> (StatusCode, Told<'_>) {
    let (status, state) = match (health.is_broken(), health.needs()) {
        (true, _) => (StatusCode::SERVICE_UNAVAILABLE, "broken"),
        (false, 0) if health.unknown().is_empty() => (StatusCode::OK, "well"),
        (false, 0) => (StatusCode::OK, "unknown"),
        (false, _) => (StatusCode::OK, "warning"),
    };
    let lines = health.lines.iter();
    let lines = lines.map(|line| ToldLine { mark: line.mark, subject: line.subject, name: &line.name });
    let lines = lines.collect();
    let told = Told { state, at: Some(health.at), version: &health.version, needs: health.needs(), lines };
    (status, told)
}

/// The numbers, in the text format of Prometheus (version 0.0.4).
pub(super) async fn metrics(State(site): State<Arc<Site>>) -> Response {
    let health = site.vitals.recall().health;
    let text = health.as_deref().map(exposition).unwrap_or_default();
    let kind = (CONTENT_TYPE, "text/plain; version=0.0.4; charset=utf-8");
    ([kind, (CACHE_CONTROL, "no-store")], text).into_response()
}

/// What a metric counts: something at one time, or everything since the start of the process.
#[derive(Debug, Clone, Copy)]
enum Kind {
    Gauge,
    Counter,
}

/// A value with its label, if it has one.
type Sample = (Option<(&'static str, String)>, f64);

/// One metric: its name behind `masthead_`, and what it is worth.
struct Metric {
    name: &'static str,
    kind: Kind,
    help: &'static str,
    samples: fn(&Health) -> Vec<Sample>,
}

const fn gauge(name: &'static str, help: &'static str, samples: fn(&Health) -> Vec<Sample>) -> Metric {
    Metric { name, kind: Kind::Gauge, help, samples }
}

const fn counter(name: &'static str, help: &'static str, samples: fn(&Health) -> Vec<Sample>) -> Metric {
    Metric { name, kind: Kind::Counter, help, samples }
}

const METRICS: &[Metric] = &[
    gauge("build_info", "The version that runs.", |health| {
        vec![(Some(("version", health.version.clone())), 1.0)]
    }),
    gauge("start_time_seconds", "When the service started.", |health| time(health.up_since)),
    gauge("needs_a_person", "Things that a person has to mend or look at.", |health| {
        one(health.needs() as u64)
    }),
    gauge("unknown", "Things of which nothing is known yet.", |health| one(health.unknown().len() as u64)),
    gauge("broken", "1 while something does not work.", |health| flag(health.is_broken())),
    gauge("targets", "What is polled.", |health| {
        by("kind", health.figures.targets.iter().map(|(kind, count)| (kind.as_str(), count.all)))
    }),
    gauge("targets_failing", "Targets whose last poll failed.", |health| {
        by("kind", health.figures.targets.iter().map(|(kind, count)| (kind.as_str(), count.failing)))
    }),
    counter("polls_total", "Polls since the service started.", |health| {
        let figures = &health.figures;
        by("outcome", [("good", figures.polls_good), ("failed", figures.polls_failed)])
    }),
    counter("new_statuses_total", "Statuses seen for the first time since the start.", |health| {
        one(health.figures.new_statuses)
    }),
    gauge("accounts", "Accounts known.", |health| one(health.figures.accounts)),
    gauge("outlet_accounts", "Accounts of outlets by what they do.", |health| {
        by("activity", health.figures.outlet_accounts.iter().map(|(word, number)| (word.as_str(), *number)))
    }),
    gauge("feeds", "Feeds by how they do.", |health| {
        let figures = &health.figures;
        let states =
            [("fresh", figures.feeds_fresh), ("quiet", figures.feeds_quiet), ("blind", figures.feeds_blind)];
        by("state", states)
    }),
    gauge("review_waiting", "Findings that wait for people.", |health| one(health.figures.review_waiting)),
    gauge("review_oldest_timestamp_seconds", "Since when the oldest of them waits.", |health| {
        time(health.figures.review_oldest)
    }),
    gauge("digest_last_timestamp_seconds", "When the last digest was frozen.", |health| {
        time(health.figures.last_digest)
    }),
    gauge("digest_next_timestamp_seconds", "When the next digest is due.", |health| {
        time(health.figures.next_digest)
    }),
    gauge("halted", "1 while nothing is posted because somebody stopped it.", |health| {
        flag(health.figures.is_halted)
    }),
    gauge("safe_mode", "1 while ledger and store do not fit together.", |health| {
        flag(health.figures.is_in_safe_mode)
    }),
    gauge("ledger_records", "Records in the ledger.", |health| one(health.figures.ledger_records)),
    gauge("store_bytes", "Bytes that the store takes on disk.", |health| one(health.figures.store_bytes)),
    gauge("disk_free_bytes", "Bytes left on its file system.", |health| one(health.figures.free_bytes)),
    counter("rejected_items_total", "Foreign items that could not be read, ever.", |health| {
        one(health.figures.rejected_items)
    }),
    gauge("damaged_records", "Records of the store that cannot be read.", |health| {
        one(health.figures.damaged_records)
    }),
    counter("stream_events_total", "Events of the stream of new posts that were looked at.", |health| {
        one(health.figures.stream_events)
    }),
    counter("stream_bytes_total", "What they took to come here.", |health| one(health.figures.stream_bytes)),
    gauge("stream_lag_seconds", "By how much we are behind that stream.", |health| {
        health.figures.stream_lag_secs.map(|secs| (None, secs as f64)).into_iter().collect()
    }),
    gauge("clock_ahead_seconds", "By how much our clock is ahead of servers'.", |health| {
        health.figures.clock_ahead_secs.map(|secs| (None, secs as f64)).into_iter().collect()
    }),
    gauge("alerts_undelivered", "1 while messages about troubles do not arrive.", |health| {
        let is_lost = |line: &Line| line.subject == Subject::Alerts && line.mark.needs_a_person();
        flag(health.lines.iter().any(is_lost))
    }),
    gauge("backup_last_timestamp_seconds", "When the last good backup was made.", |health| {
        time(health.figures.last_backup)
    }),
];

fn one(value: u64) -> Vec<Sample> {
    vec![(None, value as f64)]
}

fn flag(is: bool) -> Vec<Sample> {
    one(u64::from(is))
}

/// Seconds since 1970; nothing where it never happened.
fn time(at: Option<DateTime<Utc>>) -> Vec<Sample> {
    at.map(|at| (None, at.timestamp() as f64)).into_iter().collect()
}

fn by<'a>(label: &'static str, pairs: impl IntoIterator<Item = (&'a str, u64)>) -> Vec<Sample> {
    let sample = |(value, number): (&str, u64)| (Some((label, value.to_owned())), number as f64);
    pairs.into_iter().map(sample).collect()
}

/// All metrics in the text format; one without a value is left out.
fn exposition(health: &Health) -> String {
    let mut text = String::new();
    for Metric { name, kind, help, samples } in METRICS {
        let kind = match kind {
            Kind::Gauge => "gauge",
            Kind::Counter => "counter",
        };
        let samples = samples(health);
        if samples.is_empty() {
            continue;
        }
        let _ = writeln!(text, "# HELP masthead_{name} {help}\n# TYPE masthead_{name} {kind}");
        for (label, value) in samples {
            let label = label.map(|(name, value)| format!("{{{name}=\"{}\"}}", escaped(&value)));
            let _ = writeln!(text, "masthead_{name}{} {value}", label.unwrap_or_default());
        }
    }
    text
}

/// A label's value as the format wants it.
fn escaped(value: &str) -> String {
    value.replace('\\', "\\\\").replace('"', "\\\"").replace('\n', "\\n")
}
