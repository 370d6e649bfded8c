//! What each member of the fediverse's family shows is read whole, from answers as its servers write them.
//!
//! The recordings in `tests/family/` are invented and follow the members' own shapes and habits: names that are numbers,
//! names that are missing, fields of tomorrow, pages of HTML where JSON is expected.

#![expect(clippy::unwrap_used, reason = "a story that cannot be told has failed")]

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write as _;
use std::sync::{Arc, Mutex};

use axum::Router;
use axum::body::to_bytes;
use axum::extract::Request;
use axum::http::StatusCode;
use axum::response::{IntoResponse as _, Response};
use chrono::{DateTime, Utc};
use masthead::clock::Clock;
use masthead::model::account::{Acct, Host};
use masthead::model::observation::{LinkPlace, Profile};
use masthead::model::status::Status;
use masthead::model::target::Cursor;
use masthead::net::{Net, NetConfig, Timeouts};
use masthead::sources::PollError;
use masthead::sources::account::{AccountPoll, Before};
use masthead::sources::fediverse::{Server, Way, Ways};
use masthead::sources::mastodon::timeline::{self, Part};
use masthead::sources::mastodon::wire::TimelinesAccess;
use masthead::sources::misskey;
use secrecy::SecretString;
use serde_json::Value;

/// A server that plays a member, and the road to it.
struct Played {
    net: Net,
    ways: Ways,
    host: Host,
    token: Option<SecretString>,
    asked: Arc<Mutex<Vec<String>>>,
}

impl Played {
    async fn new(recording: &str) -> Played {
        let recording: Value = serde_json::from_str(recording).unwrap();
        let token = recording["token"].as_str().map(SecretString::from);
        let asked = Arc::new(Mutex::new(vec![]));
        let (log, script) = (asked.clone(), Arc::new(recording));
        let router =
            Router::new().fallback(move |request: Request| play(request, log.clone(), script.clone()));
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        tokio::spawn(async move { axum::serve(listener, router).await.unwrap() });
        let host = Host::parse("social.example").unwrap();
        let config = NetConfig {
            user_agent: "Masthead-test (+https://masthead.example)".into(),
            hosts: BTreeMap::from([(host.clone(), address)]),
            allowed: BTreeSet::new(),
            timeouts: Timeouts::default(),
        };
        Played { net: Net::new(config, Clock::Real).unwrap(), ways: Ways::default(), host, token, asked }
    }

    fn server(&self) -> Server<'_> {
        Server { net: &self.net, ways: &self.ways, host: &self.host, token: self.token.as_ref() }
    }

    async fn poll(&self) -> Result<AccountPoll, PollError> {
        let before = Before { observation: None, cursor: &Cursor::default() };
        self.server().read_account(&desk(), before, 5, now()).await
    }

    /// All that is read of the account, in lines.
    async fn told(&self) -> String {
        let poll = self.poll().await.unwrap();
        let mut told = profile(&poll.observation.profile);
        poll.statuses.iter().for_each(|status| told.push_str(&line(status)));
        for rejected in &poll.rejected {
            writeln!(told, "rejected {}: {}", rejected.item, rejected.why).unwrap();
        }
        let whole = if poll.complete { "whole" } else { "not whole" };
        let since = poll.covered_since.map_or("-".into(), |since| since.format("%F").to_string());
        writeln!(
            told,
            "{whole}, since {since}{}",
            poll.complaint.map(|it| format!(", {it}")).unwrap_or_default()
        )
        .unwrap();
        told
    }

    fn asked(&self) -> Vec<String> {
        let asked = self.asked.lock().unwrap();
        asked
            .iter()
            .filter(|line| !line.ends_with("/robots.txt") && !line.contains("nodeinfo"))
            .cloned()
            .collect()
    }
}

fn profile(profile: &Profile) -> String {
    let Profile { acct, id, local_id, counts, .. } = profile;
    let mut told = format!("{acct} is {id}, there {local_id}");
    let flags =
        [("bot", profile.is_bot), ("suspended", profile.is_suspended), ("shy", profile.wishes.leave_me_out)];
    flags.iter().filter(|(_, is_so)| *is_so).for_each(|(flag, _)| told.push_str(&format!(", {flag}")));
    let page = profile.url.as_deref().unwrap_or("-");
    let since = profile.claimed_created_at.map_or("-".into(), |since| since.to_rfc3339());
    writeln!(told, "\n  {:?} at {page} since {since}", profile.display_name).unwrap();
    writeln!(told, "  {:?}", profile.note).unwrap();
    for link in &profile.links {
        let place = match &link.place {
            LinkPlace::Note => "note".to_owned(),
            LinkPlace::Field { name, server_says_verified: true } => format!("{name}, verified"),
            LinkPlace::Field { name, .. } => name.clone(),
        };
        writeln!(told, "  {} ({place})", link.url).unwrap();
    }
    if let Some(moved) = &profile.moved_to {
        writeln!(told, "  moved to {moved}").unwrap();
    }
    let count = |count: Option<u64>| count.map_or("-".to_owned(), |count| count.to_string());
    writeln!(told, "  {} {} {}", count(counts.followers), count(counts.following), count(counts.statuses))
        .unwrap();
    told
}

fn line(status: &Status) -> String {
    let at = status.claimed_at.map_or("-".into(), |at| at.format("%d %H:%M").to_string());
    let mut told = format!("{at} {}", status.uri.0);
    let page = status.url.as_deref().unwrap_or("-");
    if page != status.uri.0 {
        told.push_str(&format!(" at {page}"));
    }
    let mut say = |what: &str, words: &str| {
        if !words.is_empty() {
            told.push_str(&format!("\n   {what} {words}"));
        }
    };
    say("boosts", status.boost_of.as_ref().map_or("", |uri| uri.0.as_str()));
    say("edited", &status.edited_at.map_or(String::new(), |at| at.format("%d %H:%M").to_string()));
    say("cw", &status.spoiler);
    say("says", &status.text.replace('\n', " / "));
    say("in", status.language.as_deref().unwrap_or_default());
    say("answers", if status.is_reply { "somebody" } else { "" });
    say("links", &status.links.join(" "));
    say("names", &status.mentions.join(" "));
    say("tags", &status.tags.join(" "));
    let media = status.media.iter().map(|media| {
        let parts =
            [&media.url, &media.blurhash, &media.description].map(|part| part.as_deref().unwrap_or("-"));
        parts.join(" ")
    });
    say("shows", &media.collect::<Vec<_>>().join(", "));
    told + "\n"
}

async fn play(request: Request, log: Arc<Mutex<Vec<String>>>, script: Arc<Value>) -> Response {
    let (parts, body) = request.into_parts();
    let body = to_bytes(body, 1 << 20).await.unwrap();
    let asked = format!("{} {}", parts.method, parts.uri);
    let question: Value = serde_json::from_slice(&body).unwrap_or_default();
    log.lock().unwrap().push(asked.clone());
    let header = |name: &str| parts.headers.get(name).map(|value| value.to_str().unwrap().to_owned());
    // What GoToSocial says to a client without a name for itself.
    if header("user-agent").is_none_or(|name| name.is_empty()) {
        return (StatusCode::IM_A_TEAPOT, "no user agent").into_response();
    }
    if let Some(answer) = nodeinfo(&parts.uri.to_string(), &script["software"]) {
        return reply(&answer);
    }
    let is_member = header("authorization").is_some();
    let refusal = &script["without_token"];
    if parts.uri.path().starts_with("/api/") && !is_member && !refusal.is_null() {
        return reply(refusal);
    }
    let is_it = |exchange: &&Value| {
        let has_all = |with: &serde_json::Map<String, Value>| {
            with.iter().all(|(key, value)| question.get(key) == Some(value))
        };
        let goes_below = question.get("untilId").is_some();
        let is_below = exchange["with"].get("untilId").is_some();
        exchange["ask"] == asked.as_str()
            && exchange["with"].as_object().is_none_or(has_all)
            && goes_below == is_below
    };
    let exchange = script["exchanges"].as_array().unwrap().iter().find(is_it);
    reply(exchange.unwrap_or(&script["else"]))
}

fn nodeinfo(path: &str, software: &Value) -> Option<Value> {
    let body = match path {
        "/.well-known/nodeinfo" => serde_json::json!({"links": [
            {"rel": "http://nodeinfo.diaspora.software/ns/schema/2.0", "href": "https://social.example/nodeinfo/2.0"}]}),
        "/nodeinfo/2.0" => serde_json::json!({"version": "2.0", "protocols": ["activitypub"],
            "software": {"name": software[0], "version": software[1]}}),
        _ => return None,
    };
    Some(serde_json::json!({"body": body}))
}

fn reply(answer: &Value) -> Response {
    let status = StatusCode::from_u16(answer["status"].as_u64().unwrap_or(200) as u16).unwrap();
    let body = answer["body"].as_str().map_or_else(|| answer["body"].to_string(), str::to_owned);
    let mut response = (status, body).into_response();
    let kind = answer["type"].as_str().unwrap_or("application/json; charset=utf-8");
    response.headers_mut().insert("content-type", kind.parse().unwrap());
    for (name, value) in answer["headers"].as_object().into_iter().flatten() {
        let name: axum::http::HeaderName = name.parse().unwrap();
        response.headers_mut().insert(name, value.as_str().unwrap().parse().unwrap());
    }
    response
}

fn desk() -> Acct {
    "desk@social.example".parse().unwrap()
}

fn now() -> DateTime<Utc> {
    "2026-11-02T12:00:00Z".parse().unwrap()
}

#[tokio::test]
async fn what_mastodon_shows_is_read_whole() {
    let told = Played::new(include_str!("family/mastodon-4.2.json")).await.told().await;
    insta::assert_snapshot!(told, @r#"
    desk@social.example is https://social.example/users/desk, there 110012345678901234, bot
      "Desk :verified:" at https://social.example/@desk since 2023-04-05T00:00:00+00:00
      "Noticias de la agencia.\nWeb: https://news.example/ #noticias"
      https://news.example/es (Web, verified)
      https://news.example/ (note)
      1204 3 3
    01 10:00 https://social.example/users/desk/statuses/113400000000000003 at https://social.example/@desk/113400000000000003
       says Nace un panda en el zoo, dice @zoo #panda https://news.example/panda
       in es
       links https://news.example/panda
       names zoo@far.example
       tags panda
       shows https://files.social.example/p.jpg UBL_:rOpGG-oBUNG,qRj2so|=eE1w^n4S5NH Un panda
    30 08:00 https://social.example/users/desk/statuses/113390000000000002/activity
       boosts https://far.example/users/zoo/statuses/9
    29 08:00 https://social.example/users/desk/statuses/113380000000000001 at https://social.example/@desk/113380000000000001
       edited 29 09:00
       cw Política
       says Una respuesta & más
       in es
       answers somebody
    whole, since 1970-01-01
    "#);
}

#[tokio::test]
async fn what_mastodon_of_today_shows_is_read_whole() {
    let played = Played::new(include_str!("family/mastodon-4.5.json")).await;
    insta::assert_snapshot!(played.told().await, @r#"
    desk@social.example is https://social.example/users/desk, there 115000000000000001
      "Desk" at https://social.example/@desk since 2025-10-01T00:00:00+00:00
      "Noticias"
      9 0 2
    01 10:00 https://social.example/ap/users/115000000000000001/statuses/115470000000000002 at https://social.example/@desk/115470000000000002
       says Así lo cuenta la agencia
       in es
       links https://far.example/@wire/5
    whole, since 1970-01-01
    "#);
}

#[tokio::test]
async fn what_gotosocial_shows_is_read_whole() {
    let told = Played::new(include_str!("family/gotosocial.json")).await.told().await;
    insta::assert_snapshot!(told, @r#"
    desk@social.example is https://social.example/@desk, there 01HV5JX4T9M2Q8R7W6ZKPB3YNC
      "Desk" at https://social.example/@desk since 2024-04-10T12:34:56+00:00
      "Noticias del sur"
      6 0 2
    01 10:00 https://social.example/users/desk/statuses/01JBKQ8Z6V0M3T5N7P9R2S4W6Y at https://social.example/@desk/statuses/01JBKQ8Z6V0M3T5N7P9R2S4W6Y
       says Festival de las linternas
       in es
       shows - - -
    30 10:00 https://social.example/users/desk/statuses/01JBEHCRX00000000000000000 at https://social.example/@desk/statuses/01JBEHCRX00000000000000000
       boosts https://far.example/users/zoo/statuses/9
    whole, since 1970-01-01
    "#);
}

#[tokio::test]
async fn what_akkoma_shows_is_read_whole() {
    let told = Played::new(include_str!("family/akkoma.json")).await.told().await;
    insta::assert_snapshot!(told, @r#"
    desk@social.example is https://social.example/users/desk, there AUzaw0Q3HmGkzTQGXI, bot
      "Desk" at https://social.example/users/desk since 2024-02-03T04:05:06+00:00
      "Noticias\nde la agencia"
      https://news.example/es (web)
      https://news.example/bare (bare)
      12 1 3
    01 10:00 https://social.example/objects/0c5e6f7a-1111-4222-8333-944445555666 at https://social.example/notice/AnbZz9
       says El puente más alto de la provincia / ya se puede visitar
    30 08:00 https://far.example/objects/9#boost-AnaZz5 at https://social.example/notice/AnaZz5
       boosts https://far.example/objects/9
    whole, since 1970-01-01
    "#);
}

#[tokio::test]
async fn what_friendica_shows_is_read_whole() {
    let told = Played::new(include_str!("family/friendica.json")).await.told().await;
    insta::assert_snapshot!(told, @r#"
    desk@social.example is https://social.example/profile/desk, there 4711
      "Desk" at https://social.example/profile/desk since 2022-05-06T00:00:00+00:00
      "Noticias del norte"
      20 10 2
    01 10:00 https://social.example/objects/c3a1f2b4-1267-2f00-9d00-aaaa00000001 at https://social.example/display/c3a1f2b4-1267-2f00-9d00-aaaa00000001
       edited 01 10:00
       cw Titular
       says La feria del libro abre news.example/feria
       in es
       links https://news.example/feria
       tags feria
    30 10:00 https://social.example/objects/c3a1f2b4-1267-2f00-9d00-aaaa00000000 at https://social.example/display/c3a1f2b4-1267-2f00-9d00-aaaa00000000
       says Texto sin marcas
    whole, since 1970-01-01
    "#);
}

#[tokio::test]
async fn what_pixelfed_shows_is_read_whole() {
    let told = Played::new(include_str!("family/pixelfed.json")).await.told().await;
    insta::assert_snapshot!(told, @r#"
    desk@social.example is https://social.example/desk, there 512345678901234567
      "Desk" at https://social.example/desk since 2023-01-02T00:00:00+00:00
      "Fotos de la agencia\nhola"
      https://news.example/fotos (website)
      30 2 1
    01 10:00 https://social.example/p/desk/798765432109876543
       says El lago al amanecer #lago
       tags lago
       shows https://social.example/storage/m/a.jpg U4Rfzst8?bt8?bj[j[j[ Un lago
    whole, since 1970-01-01
    "#);
}

#[tokio::test]
async fn what_takahe_shows_is_read_whole() {
    let told = Played::new(include_str!("family/takahe.json")).await.told().await;
    insta::assert_snapshot!(told, @r#"
    desk@social.example is https://social.example/@desk/, there 198765432109876543
      "Desk" at https://social.example/@desk/ since 2024-05-06T07:08:09.123+00:00
      "Noticias del lago"
      https://news.example/ (web)
      - - -
    01 10:00 https://social.example/@desk@social.example/posts/198765432109876902/ at https://social.example/@desk/posts/198765432109876902/
       says La cosecha de este año
       tags cosecha
    30 10:00 https://social.example/@desk@social.example/posts/198765432109876901/ at -
       says Antes
    whole, since 1970-01-01
    "#);
}

#[tokio::test]
async fn what_misskey_shows_is_read_whole() {
    let told = Played::new(include_str!("family/misskey.json")).await.told().await;
    insta::assert_snapshot!(told, @r#"
    desk@social.example is https://social.example/users/9p1qz0abcd, there 9p1qz0abcd, bot
      "Desk 新闻" at https://social.example/@desk since 2024-01-30T09:08:07+00:00
      "Noticias de la agencia\nnuestra web #noticias"
      https://news.example/es (Web, verified)
      https://news.example/ (note)
      51 - 6
    01 10:00 https://social.example/notes/a0notes0006
       says Nace un panda en el zoo, dice @zoo@far.example / *fin* #Panda nota
       links https://news.example/panda
       names zoo@far.example
       tags panda
       shows https://files.social.example/p.jpg UBL_:rOpGG-oBUNG Un panda
    31 10:00 https://social.example/notes/a0notes0005
       boosts https://far.example/users/zoo/statuses/9
    30 10:00 https://social.example/notes/a0notes0004
       cw Política
       says Así lo cuentan
       links https://social.example/notes/9here
    29 10:00 https://social.example/notes/a0notes0003
       says @ana gracias
       answers somebody
       names ana
    whole, since 1970-01-01
    "#);
}

#[tokio::test]
async fn what_sharkey_shows_is_read_whole_by_its_own_interface() {
    let played = Played::new(include_str!("family/sharkey.json")).await;
    insta::assert_snapshot!(played.told().await, @r#"
    desk@social.example is https://social.example/users/ah0desk, there ah0desk, shy
      "" at https://social.example/@desk since 2025-05-06T07:08:09+00:00
      "Noticias"
      https://news.example/es (web)
      moved to desk2@far.example
      - 0 2
    01 10:00 https://social.example/notes/ah1note2
       edited 01 11:00
       says Una nota con fuente: ＠ｍｕｎｄｏ
    rejected status 3 of the page: it is by the user ah0ana; expected ah0desk
    whole, since -
    "#);
    assert!(played.asked().iter().all(|asked| asked.starts_with("POST /api/")), "{:?}", played.asked());
}

#[tokio::test]
async fn gotosocial_without_a_token_says_what_it_takes() {
    let played = Played { token: None, ..Played::new(include_str!("family/gotosocial.json")).await };
    let fault = played.poll().await.unwrap_err();
    assert!(matches!(fault, PollError::NeedsToken { what: "this account", .. }), "{fault}");
    assert!(!fault.is_missing() && fault.retry_at().is_some());
}

#[tokio::test]
async fn akkoma_s_400_for_a_404_is_no_missing_account() {
    let mut recording: Value = serde_json::from_str(include_str!("family/akkoma.json")).unwrap();
    recording["exchanges"].as_array_mut().unwrap().clear();
    let fault = Played::new(&recording.to_string()).await.poll().await.unwrap_err();
    assert!(fault.to_string().contains("answered 400") && !fault.is_missing(), "{fault}");
}

#[tokio::test]
async fn who_may_see_mastodon_s_timelines_is_told_and_a_takahe_that_breaks_over_it_leaves_it_unsaid() {
    let mastodon = Played::new(include_str!("family/mastodon-4.5.json")).await;
    let access = timeline::access(&mastodon.net, &mastodon.host, None).await.unwrap();
    assert_ne!(access, TimelinesAccess::default());
    let tag = timeline::Timeline::Tag("panda").open(access, &mastodon.host, false, now());
    assert_eq!(tag.unwrap(), Part::Local);
    let takahe = Played::new(include_str!("family/takahe.json")).await;
    let access = timeline::access(&takahe.net, &takahe.host, None).await.unwrap();
    assert_eq!(access, TimelinesAccess::default());
}

#[tokio::test]
async fn misskey_is_searched_by_address_and_by_name() {
    let played = Played::new(include_str!("family/misskey.json")).await;
    let (found, rejected) = played.server().search("Desk Noticias", now()).await.unwrap();
    let found: Vec<_> = found.iter().map(|it| (it.acct.to_string(), it.id.uri.as_str())).collect();
    assert_eq!(
        found,
        [
            ("desk_far@far.example".to_owned(), "https://far.example/users/desk_far"),
            ("desk@social.example".to_owned(), "https://social.example/users/9p1qz0abcd"),
        ]
    );
    assert_eq!(rejected[0].why, "it lives elsewhere and has no uri");
}

#[tokio::test]
async fn misskey_shows_hashtags_of_its_own_people_and_says_when_its_timeline_is_closed() {
    let played = Played::new(include_str!("family/misskey.json")).await;
    let server = played.server().by_misskey();
    let tag = server.timeline(misskey::Timeline::Tag("新华社"), &[], 1, now()).await.unwrap();
    let posts: Vec<_> =
        tag.posts.iter().map(|it| (it.author.acct.to_string(), it.status.text.as_str())).collect();
    assert_eq!(posts, [("desk@social.example".to_owned(), "Nace un panda #新华社")]);
    let closed = server.timeline(misskey::Timeline::Local, &[], 1, now()).await.unwrap_err();
    assert_eq!(
        closed.to_string(),
        "social.example shows its local timeline only to those who are logged in; it is not asked before \
         2026-11-02 18:00 UTC"
    );
    let directory = played.server().directory(now()).await.unwrap_err();
    assert!(
        directory.to_string().starts_with("social.example shows its directory in no way that is read here")
    );
}

/// Misskey with one answer more, or another one, in front.
async fn misskey_with(exchanges: Value) -> Played {
    let mut recording: Value = serde_json::from_str(include_str!("family/misskey.json")).unwrap();
    let all = recording["exchanges"].as_array_mut().unwrap();
    all.splice(0..0, exchanges.as_array().unwrap().clone());
    Played::new(&recording.to_string()).await
}

fn refusal(status: u16, endpoint: &str, code: &str) -> Value {
    serde_json::json!({"ask": format!("POST /api/{endpoint}"), "status": status,
        "body": {"error": {"message": "So it is.", "code": code, "id": "0", "kind": "client"}}})
}

#[tokio::test]
async fn misskey_is_believed_that_there_is_no_such_user_when_its_webfinger_knows_none_either() {
    for status in [400, 404] {
        let gone = misskey_with(serde_json::json!([refusal(status, "users/show", "NO_SUCH_USER")])).await;
        let fault = gone.poll().await.unwrap_err();
        assert_eq!(
            fault.to_string(),
            "desk@social.example is unknown to social.example, which answers for it"
        );
        assert!(fault.is_missing());
    }
    let webfinger = serde_json::json!({"ask": "GET /.well-known/webfinger?resource=acct%3Adesk%40social.example",
        "body": {"subject": "acct:desk@social.example",
            "links": [{"rel": "self", "type": "application/activity+json", "href": "https://social.example/users/9p1qz0abcd"}]}});
    let shy = misskey_with(serde_json::json!([refusal(404, "users/show", "NO_SUCH_USER"), webfinger])).await;
    let fault = shy.poll().await.unwrap_err();
    assert!(!fault.is_missing(), "{fault}");
    assert!(
        fault.to_string().ends_with("perhaps it shows its users only to those who are logged in"),
        "{fault}"
    );
}

#[tokio::test]
async fn what_misskey_refuses_is_told_from_what_is_not_there() {
    for (status, endpoint, code, says) in [
        (429, "users/show", "RATE_LIMIT_EXCEEDED", "social.example is left alone until"),
        (400, "users/notes", "RATE_LIMIT_EXCEEDED", "social.example is left alone until"),
        (403, "users/show", "ROLE_PERMISSION_DENIED", "social.example shows this account only with a token"),
        (
            401,
            "users/notes",
            "CREDENTIAL_REQUIRED",
            "social.example shows the notes of this account only with a token",
        ),
        (
            400,
            "users/notes",
            "ACCESS_DENIED",
            "social.example shows the notes of this account only to those who are logged in",
        ),
        (
            400,
            "users/show",
            "INVALID_PARAM",
            "cannot be looked up on social.example: it answered 400: INVALID_PARAM So it is.",
        ),
        (500, "users/show", "INTERNAL_ERROR", "answered 500"),
        (404, "users/show", "UNKNOWN_API_ENDPOINT", "it answered 404: UNKNOWN_API_ENDPOINT"),
    ] {
        let played = misskey_with(serde_json::json!([refusal(status, endpoint, code)])).await;
        let fault = played.poll().await.unwrap_err();
        assert!(fault.to_string().contains(says) && !fault.is_missing(), "{code}: {fault}");
    }
    let page = serde_json::json!([{"ask": "POST /api/users/show", "status": 404, "type": "text/html", "body": "<h1>404"}]);
    let fault = misskey_with(page).await.poll().await.unwrap_err();
    assert!(fault.to_string().ends_with("it answered 404 and not by the Misskey API"), "{fault}");
}

#[tokio::test]
async fn a_question_that_misskey_refused_us_is_not_asked_again_at_once() {
    let refused = refusal(403, "users/show", "ROLE_PERMISSION_DENIED");
    let played = misskey_with(serde_json::json!([refused])).await;
    for _ in 0..3 {
        played.poll().await.unwrap_err();
    }
    assert_eq!(played.asked(), ["POST /api/users/show"]);
}

#[tokio::test]
async fn a_user_whom_misskey_suspends_keeps_what_was_read_of_it() {
    let first = Played::new(include_str!("family/misskey.json")).await.poll().await.unwrap();
    let played = misskey_with(serde_json::json!([refusal(400, "users/show", "USER_SUSPENDED")])).await;
    let before = Before { observation: Some(&first.observation), cursor: &first.cursor };
    let later = now() + chrono::Duration::hours(2);
    let poll = played.server().read_account(&desk(), before, 5, later).await.unwrap();
    assert!(poll.observation.profile.is_suspended && !poll.complete && poll.statuses.is_empty());
    assert_eq!((&poll.cursor, poll.covered_since), (&first.cursor, None));
}

#[tokio::test]
async fn a_routine_poll_of_misskey_is_the_bare_first_page() {
    let played = Played::new(include_str!("family/misskey.json")).await;
    let first = played.poll().await.unwrap();
    let asked = played.asked().len();
    let before = Before { observation: Some(&first.observation), cursor: &first.cursor };
    let soon = now() + chrono::Duration::minutes(20);
    let poll = played.server().read_account(&desk(), before, 5, soon).await.unwrap();
    assert!(poll.complete && poll.statuses == first.statuses);
    assert_eq!(played.asked()[asked..], ["POST /api/users/notes"]);
    let before = Before { observation: Some(&poll.observation), cursor: &poll.cursor };
    let later = now() + chrono::Duration::hours(3);
    played.server().read_account(&desk(), before, 5, later).await.unwrap();
    assert_eq!(played.asked()[asked + 1..], ["POST /api/users/show", "POST /api/users/notes"]);
}

#[tokio::test]
async fn a_server_that_moved_to_other_software_is_read_by_the_interface_that_it_has_now() {
    let first = Played::new(include_str!("family/mastodon-4.2.json")).await.poll().await.unwrap();
    let later = now() + chrono::Duration::hours(2);
    let before = Before { observation: Some(&first.observation), cursor: &first.cursor };
    let misskey = Played::new(include_str!("family/misskey.json")).await;
    let moved = misskey.server().read_account(&desk(), before, 5, later).await.unwrap();
    assert_eq!(moved.observation.profile.id.uri, "https://social.example/users/9p1qz0abcd");
    let before = Before { observation: Some(&moved.observation), cursor: &moved.cursor };
    let mastodon = Played::new(include_str!("family/mastodon-4.2.json")).await;
    let back = mastodon.server().read_account(&desk(), before, 5, later).await.unwrap();
    assert_eq!(back.observation.profile.id, first.observation.profile.id);
}

#[tokio::test]
async fn a_server_is_asked_what_it_runs_once_a_day() {
    let played = Played::new(include_str!("family/misskey.json")).await;
    for hours in [0, 1, 23] {
        assert_eq!(played.server().way(now() + chrono::Duration::hours(hours)).await, Way::Misskey);
    }
    let nodeinfo = || played.asked.lock().unwrap().iter().filter(|line| line.contains("nodeinfo")).count();
    assert_eq!(nodeinfo(), 2);
    played.server().way(now() + chrono::Duration::hours(25)).await;
    assert_eq!(nodeinfo(), 4);
}

#[tokio::test]
async fn robots_txt_closes_misskey_s_interface_as_any_other() {
    let robots = serde_json::json!([{"ask": "GET /robots.txt", "type": "text/plain", "body": "User-agent: *\nDisallow: /api/\n"}]);
    let played = misskey_with(robots).await;
    let fault = played.poll().await.unwrap_err();
    assert_eq!(
        fault.to_string(),
        "https://social.example/api/users/show is closed to us by the robots.txt of its host"
    );
}
