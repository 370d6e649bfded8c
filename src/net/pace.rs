//! How long to leave a host alone after what it answered: pure arithmetic on status, headers and time.

use std::time::Duration as RealDuration;

use chrono::{DateTime, Duration, NaiveDateTime, Utc};
use reqwest::header::{AGE, DATE, HeaderMap, HeaderName, RETRY_AFTER};

use super::skew::Claimed;

/// The shortest and the longest wait, in seconds.
const SHORTEST: f64 = 1.0;
const LONGEST: f64 = 24.0 * 3600.0;
/// First wait after a 429 that does not say how long, and the longest that doubling makes of it.
const UNTOLD: f64 = 60.0;
/// First wait after trouble: a 5xx or no connection.
const TROUBLE: f64 = 30.0;
/// Rest after an answer that says in percent that our share is used, and not until when: it counts by the hour.
const USAGE: f64 = 3600.0;
/// Half of what an app may use is our budget, as of every other limit.
const OUR_SHARE: f64 = 50.0;
/// No doubling goes beyond this.
const LONGEST_DOUBLED: f64 = 3600.0;
/// The part of a wait that is added by chance at most, so that not everybody comes back at once.
const JITTER: f64 = 0.1;

/// Why a host is left alone.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Cause {
    /// It said so, or our share of its limit is used. Only time ends this.
    Limit,
    /// It has trouble. The first good answer ends this.
    Trouble,
}

/// How long a host is left alone, in the clock's time.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Wait {
    pub span: Duration,
    pub cause: Cause,
    pub why: String,
}

/// What a host answered so far, since its last good answer.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(super) struct Streak {
    /// Answers of 429.
    pub limited: u32,
    /// Answers of 5xx and missing answers.
    pub troubled: u32,
}

/// One answer, as far as the pace is concerned.
#[derive(Debug, Clone, Copy)]
pub(super) struct Heard<'a> {
    pub status: u16,
    pub headers: &'a HeaderMap,
    pub now: DateTime<Utc>,
}

/// The wait that an answer asks for, if any. `jitter` is between 0 and 1.
///
/// A 429 waits as long as the longest of its headers says, or 60 s doubled with every further one. A 5xx
/// backs off from 30 s to 1 h. Any answer may say that half of the advertised limit is used, which is our
/// budget: then the host rests until the limit is reset.
pub(super) fn wait(heard: Heard<'_>, before: Streak, jitter: f64) -> Option<Wait> {
    let clock = ServerClock { server: server_date(heard.headers), ours: heard.now };
    let retry_after = retry_after(heard.headers, clock);
    let reset = first_of(heard.headers, &RESETS).and_then(|text| seconds_until(text, clock));
    let limit = |seconds: f64, why: String| Wait { span: span(seconds, jitter), cause: Cause::Limit, why };
    match heard.status {
        429 => {
            let asked = [retry_after, reset].into_iter().flatten().reduce(f64::max);
            // A server that names a time and is not ready then is not believed for ever.
            let least = doubled(if asked.is_some() { SHORTEST } else { UNTOLD }, before.limited);
            let why = "it answered 429: too many requests".to_owned();
            Some(limit(asked.unwrap_or(least).max(least), why))
        }
        // 501 is no trouble, but a server that does not know the endpoint.
        status if (500..600).contains(&status) && status != 501 => {
            let seconds = retry_after.unwrap_or(0.0).max(doubled(TROUBLE, before.troubled));
            let why = format!("it answered {status}");
            Some(Wait { span: span(seconds, jitter), cause: Cause::Trouble, why })
        }
        _ if usage(heard.headers).is_some_and(|percent| percent >= OUR_SHARE) => {
            let why = "half of what it allows our app is used".to_owned();
            Some(limit(USAGE, why))
        }
        _ => {
            let most = budget_used(heard.headers)?;
            Some(limit(reset?, format!("half of its limit of {most} requests is used")))
        }
    }
}

/// The wait after a host did not answer at all.
pub(super) fn wait_for_silent(why: &str, before: Streak, jitter: f64) -> Wait {
    let span = span(doubled(TROUBLE, before.troubled), jitter);
    Wait { span, cause: Cause::Trouble, why: why.to_owned() }
}

/// What the server claims the time is.
pub(super) fn server_date(headers: &HeaderMap) -> Option<DateTime<Utc>> {
    http_date(headers.get(DATE)?.to_str().ok()?)
}

/// The same with the time that the answer has lain in caches since. An age that is no number is none.
pub(super) fn claimed(headers: &HeaderMap) -> Option<Claimed> {
    let age = headers.get(AGE).and_then(|age| age.to_str().ok()?.trim().parse::<u32>().ok());
    Some(Claimed { date: server_date(headers)?, age: Duration::seconds(i64::from(age.unwrap_or_default())) })
}

fn doubled(first: f64, times: u32) -> f64 {
    (first * 2f64.powi(times.min(30) as i32)).min(LONGEST_DOUBLED)
}

fn span(seconds: f64, jitter: f64) -> Duration {
    let jittered = seconds.clamp(SHORTEST, LONGEST) * (1.0 + JITTER * jitter.clamp(0.0, 1.0));
    let real = RealDuration::from_secs_f64(jittered.min(LONGEST));
    Duration::from_std(real).unwrap_or(Duration::hours(24))
}

const LIMITS: [HeaderName; 2] =
    [HeaderName::from_static("x-ratelimit-limit"), HeaderName::from_static("ratelimit-limit")];
const REMAININGS: [HeaderName; 2] =
    [HeaderName::from_static("x-ratelimit-remaining"), HeaderName::from_static("ratelimit-remaining")];
const RESETS: [HeaderName; 2] =
    [HeaderName::from_static("x-ratelimit-reset"), HeaderName::from_static("ratelimit-reset")];

fn first_of<'a>(headers: &'a HeaderMap, names: &[HeaderName]) -> Option<&'a str> {
    names.iter().find_map(|name| headers.get(name)?.to_str().ok()).map(str::trim)
}

/// The largest share of an app's allowance that is used, in percent, as Meta's interfaces tell it:
/// `X-App-Usage: {"call_count":28,"total_time":25,"total_cputime":25}`.
fn usage(headers: &HeaderMap) -> Option<f64> {
    let text = headers.get("x-app-usage")?.to_str().ok()?;
    let told: serde_json::Map<String, serde_json::Value> = serde_json::from_str(text).ok()?;
    told.values().filter_map(serde_json::Value::as_f64).reduce(f64::max)
}

/// The advertised limit, if half of it or more is used.
fn budget_used(headers: &HeaderMap) -> Option<u64> {
    let limit = count(first_of(headers, &LIMITS)?)?;
    let remaining = count(first_of(headers, &REMAININGS)?)?;
    let budget = (limit / 2).max(1);
    (limit.saturating_sub(remaining) >= budget).then_some(limit)
}

/// A count, as `300` or as the front of a list with windows, `100, 100;w=60`.
fn count(text: &str) -> Option<u64> {
    text.split([',', ';']).next()?.trim().parse().ok()
}

/// Two clocks that may differ. Absolute times of a server are read by its own.
#[derive(Debug, Clone, Copy)]
struct ServerClock {
    server: Option<DateTime<Utc>>,
    ours: DateTime<Utc>,
}

impl ServerClock {
    fn seconds_until(self, then: DateTime<Utc>) -> f64 {
        (then - self.server.unwrap_or(self.ours)).num_milliseconds() as f64 / 1000.0
    }
}

/// `Retry-After` in seconds (RFC 9110): a number of seconds or an HTTP date.
fn retry_after(headers: &HeaderMap, clock: ServerClock) -> Option<f64> {
    let text = headers.get(RETRY_AFTER)?.to_str().ok()?.trim();
    let seconds = match number(text) {
        Some(seconds) => seconds,
        None => clock.seconds_until(date(text)?),
    };
    (seconds >= 0.0).then_some(seconds)
}

/// Numbers up to a month are spans of seconds, up to the year 5138 they are epoch seconds, beyond that
/// epoch milliseconds.
const LARGEST_SPAN: f64 = 31.0 * 86_400.0;
const LARGEST_EPOCH_SECONDS: f64 = 1e11;

/// A reset in seconds from now: ISO 8601 (Mastodon, GoToSocial), epoch (Bluesky, mocks) or seconds.
fn seconds_until(text: &str, clock: ServerClock) -> Option<f64> {
    let seconds = match number(text) {
        Some(span) if span <= LARGEST_SPAN => span,
        Some(epoch) => {
            let millis = if epoch <= LARGEST_EPOCH_SECONDS { epoch * 1000.0 } else { epoch };
            clock.seconds_until(DateTime::from_timestamp_millis(millis as i64)?)
        }
        None => clock.seconds_until(date(text)?),
    };
    (seconds >= 0.0).then_some(seconds)
}

fn number(text: &str) -> Option<f64> {
    let plain = !text.is_empty() && text.bytes().all(|b| b.is_ascii_digit() || b == b'.');
    text.parse().ok().filter(|_| plain)
}

fn date(text: &str) -> Option<DateTime<Utc>> {
    let iso = || Some(DateTime::parse_from_rfc3339(text).ok()?.to_utc());
    // Some servers write UTC without saying so.
    let bare = || Some(NaiveDateTime::parse_from_str(text, "%Y-%m-%dT%H:%M:%S%.f").ok()?.and_utc());
    iso().or_else(bare).or_else(|| http_date(text))
}

/// An HTTP date in any of the three spellings that RFC 9110 makes readers accept.
fn http_date(text: &str) -> Option<DateTime<Utc>> {
    let imf = || Some(DateTime::parse_from_rfc2822(text).ok()?.to_utc());
    let obsolete = |format| Some(NaiveDateTime::parse_from_str(text, format).ok()?.and_utc());
    imf().or_else(|| obsolete("%A, %d-%b-%y %H:%M:%S GMT")).or_else(|| obsolete("%a %b %e %H:%M:%S %Y"))
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use reqwest::header::HeaderValue;

    use super::*;

    /// Monday; the tests' own clock.
    const NOW: &str = "2026-11-02T10:00:00Z";

    fn headers(pairs: &[(&'static str, &str)]) -> HeaderMap {
        let pair = |(name, value): &(&'static str, &str)| {
            (HeaderName::from_static(name), HeaderValue::from_str(value).unwrap())
        };
        pairs.iter().map(pair).collect()
    }

    /// Seconds to wait, `None` for none.
    fn seconds(status: u16, pairs: &[(&'static str, &str)]) -> Option<i64> {
        let headers = headers(pairs);
        let heard = Heard { status, headers: &headers, now: NOW.parse().unwrap() };
        Some(wait(heard, Streak::default(), 0.0)?.span.num_seconds())
    }

    #[test]
    fn a_429_waits_as_long_as_any_spelling_of_its_headers_says() {
        for (pairs, expected) in [
            (&[][..], 60),
            (&[("retry-after", "120")][..], 120),
            (&[("retry-after", " 7 ")][..], 7),
            (&[("retry-after", "0")][..], 1),
            (&[("retry-after", "999999")][..], 86_400),
            (&[("retry-after", "Mon, 02 Nov 2026 10:05:00 GMT")][..], 300),
            (&[("retry-after", "Monday, 02-Nov-26 10:05:00 GMT")][..], 300),
            (&[("retry-after", "Mon Nov  2 10:05:00 2026")][..], 300),
            (&[("retry-after", "soon")][..], 60),
            (&[("retry-after", "-5")][..], 60),
            (&[("retry-after", "Mon, 02 Nov 2026 09:00:00 GMT")][..], 60),
            (&[("x-ratelimit-reset", "2026-11-02T10:05:00.123456Z")][..], 300),
            (&[("x-ratelimit-reset", "2026-11-02T10:05:00+00:00")][..], 300),
            (&[("x-ratelimit-reset", "2026-11-02T10:05:00")][..], 300),
            (&[("x-ratelimit-reset", "1793613900")][..], 300),
            (&[("x-ratelimit-reset", "1793613900000")][..], 300),
            (&[("x-ratelimit-reset", "300")][..], 300),
            (&[("x-ratelimit-reset", "2.5")][..], 2),
            (&[("ratelimit-reset", "1793613900")][..], 300),
            (&[("ratelimit-reset", "45")][..], 45),
            (&[("x-ratelimit-reset", "NaN")][..], 60),
            (&[("retry-after", "30"), ("x-ratelimit-reset", "2026-11-02T10:05:00Z")][..], 300),
            (&[("retry-after", "600"), ("x-ratelimit-reset", "2026-11-02T10:05:00Z")][..], 600),
        ] {
            assert_eq!(seconds(429, pairs), Some(expected), "{pairs:?}");
        }
    }

    #[test]
    fn absolute_times_are_read_by_the_servers_own_clock() {
        let date = ("date", "Mon, 02 Nov 2026 12:00:00 GMT");
        assert_eq!(seconds(429, &[date, ("x-ratelimit-reset", "2026-11-02T12:05:00Z")]), Some(300));
        assert_eq!(seconds(429, &[date, ("retry-after", "Mon, 02 Nov 2026 12:01:00 GMT")]), Some(60));
        assert_eq!(seconds(429, &[date, ("x-ratelimit-reset", "300")]), Some(300));
    }

    #[test]
    fn half_of_an_advertised_limit_is_our_budget() {
        let reset = "2026-11-02T10:05:00Z";
        for (limit, remaining, expected) in [
            ("300", "299", None),
            ("300", "151", None),
            ("300", "150", Some(300)),
            ("300", "0", Some(300)),
            ("1", "1", None),
            ("1", "0", Some(300)),
            ("0", "0", None),
            ("100, 100;w=60", "40", Some(300)),
            ("300", "900", None),
            ("many", "0", None),
        ] {
            for (l, r, t) in [
                ("x-ratelimit-limit", "x-ratelimit-remaining", "x-ratelimit-reset"),
                ("ratelimit-limit", "ratelimit-remaining", "ratelimit-reset"),
            ] {
                assert_eq!(
                    seconds(200, &[(l, limit), (r, remaining), (t, reset)]),
                    expected,
                    "{limit} {remaining}"
                );
            }
        }
        let used = [("x-ratelimit-limit", "300"), ("x-ratelimit-remaining", "0")];
        assert_eq!(seconds(200, &used), None, "a limit without a reset gives nothing to wait for");
        assert_eq!(seconds(200, &[("retry-after", "60")]), None);
    }

    #[test]
    fn an_app_that_has_used_half_of_its_allowance_rests_for_an_hour() {
        for (value, expected) in [
            (r#"{"call_count":28,"total_time":25,"total_cputime":25}"#, None),
            (r#"{"call_count":28,"total_time":50,"total_cputime":25}"#, Some(3600)),
            (r#"{"call_count":1e300}"#, Some(3600)),
            (r#"{"call_count":"90"}"#, None),
            ("90", None),
        ] {
            assert_eq!(seconds(200, &[("x-app-usage", value)]), expected, "{value}");
        }
    }

    #[test]
    fn trouble_and_untold_limits_double_up_to_an_hour() {
        let after = |status, limited, troubled| {
            let headers = HeaderMap::new();
            let heard = Heard { status, headers: &headers, now: NOW.parse().unwrap() };
            let wait = wait(heard, Streak { limited, troubled }, 0.0).unwrap();
            (wait.span.num_seconds(), wait.cause)
        };
        for (troubled, expected) in [(0, 30), (1, 60), (2, 120), (6, 1920), (7, 3600), (4_000_000_000, 3600)]
        {
            assert_eq!(after(503, 9, troubled), (expected, Cause::Trouble));
            let silent = wait_for_silent("nothing", Streak { limited: 9, troubled }, 0.0);
            assert_eq!(silent.span.num_seconds(), expected);
        }
        for (limited, expected) in [(0, 60), (1, 120), (5, 1920), (6, 3600), (99, 3600)] {
            assert_eq!(after(429, limited, 9), (expected, Cause::Limit));
        }
        assert_eq!(seconds(503, &[("retry-after", "7200")]), Some(7200));
        for status in [200, 204, 301, 400, 404, 410, 418, 501] {
            assert_eq!(seconds(status, &[]), None, "{status}");
        }
    }

    #[test]
    fn jitter_adds_a_tenth_at_most() {
        let headers = headers(&[("retry-after", "100")]);
        let heard = Heard { status: 429, headers: &headers, now: NOW.parse().unwrap() };
        assert_eq!(wait(heard, Streak::default(), 1.0).unwrap().span, Duration::seconds(110));
    }

    proptest! {
        #[test]
        fn no_header_leads_to_a_panic_or_to_an_endless_wait(
            status in 0u16..1000,
            name in prop::sample::select(vec!["retry-after", "x-ratelimit-reset", "ratelimit-reset", "date"]),
            value in "[ -~]{0,40}|[0-9]{0,400}|[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9]{2}:[0-9]{2}:[0-9]{2}Z",
            limited in any::<u32>(),
        ) {
            let headers = headers(&[(name, &value), ("x-ratelimit-limit", &value), ("x-ratelimit-remaining", "0")]);
            let heard = Heard { status, headers: &headers, now: NOW.parse().unwrap() };
            if let Some(wait) = wait(heard, Streak { limited, troubled: limited }, 1.0) {
                prop_assert!(wait.span >= Duration::seconds(1) && wait.span <= Duration::hours(24));
            }
        }
    }
}
