//! Habits of server families, as their clients meet them: what differs between servers, most of which speak "Mastodon".

use chrono::Duration;

use super::ids::IdKind;

/// Whether profiles, statuses and search can be read without logging in.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Reads {
    Open,
    /// Only with a user's token; 401 otherwise.
    NeedToken,
}

/// What `since_id` does.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum SinceId {
    Honoured,
    Ignored,
}

/// What a 404 looks like.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum NotFound {
    Json,
    Html,
    /// As Misskey says that it has no such endpoint.
    Misskey,
}

/// How requests are limited.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Limiting {
    /// 300 in 5 minutes, ISO 8601 reset, `Retry-After` on 429.
    WithRetryAfter,
    /// The same numbers and a 429 that says nothing of when to come back.
    Silent,
    None,
}

/// What an account's JSON leaves out or gets wrong.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum AccountShape {
    /// With the canonical `uri` (Mastodon since 4.2).
    Full,
    /// Without `uri`: it has to be asked for by webfinger.
    WithoutUri,
    /// Without `uri`, and counts that were never taken are -1.
    WithoutUriOrCounts,
}

/// What becomes of a token that nobody was given.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum BadToken {
    Unauthorized,
    /// 400 with a page of HTML.
    BadRequestHtml,
}

/// What `GET /api/v2/instance` does.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum InstanceV2 {
    Answers,
    /// 500 with a page of HTML.
    Breaks,
}

/// Who may read the public timelines.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Timelines {
    Open,
    /// What the server's own people say is for everybody, the rest for users.
    LocalOpen,
    NeedToken,
}

/// Whether there is a directory of people who want to be found.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Directory {
    Shown,
    Missing,
}

/// Whether answers come with the name of their version, and not at all to those who name it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Versions {
    /// `ETag`, and 304 to an `If-None-Match` with it: what Rails does with every answer.
    Named,
    Unnamed,
}

/// What a client without a name for itself gets.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum NamelessClient {
    Served,
    /// 418.
    Refused,
}

/// How URIs and pages are spelled.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Paths {
    /// `/users/ana`, `/@ana`, `/users/ana/statuses/1`, `/@ana/1`.
    Mastodon,
    /// `/users/ana`, `/@ana`, `/users/ana/statuses/1`, `/@ana/statuses/1`.
    GoToSocial,
    /// `/users/ID`, `/@ana`, `/notes/ID` for both.
    Misskey,
    /// `/@ana@host/`, `/@ana/`, `/@ana@host/posts/1/`, `/@ana/posts/1/`.
    Takahe,
}

/// What is asked of a server.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Api {
    Mastodon,
    Misskey,
}

/// Everything in which servers differ.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Habits {
    /// As nodeinfo names it.
    pub software: &'static str,
    pub version: &'static str,
    pub api: Api,
    pub ids: IdKind,
    pub paths: Paths,
    /// How long an `Idempotency-Key` is remembered; `None` = the header means nothing.
    pub idempotency: Option<Duration>,
    /// The status of a refused post: 422, or 400.
    pub invalid_post: u16,
    pub max_characters: usize,
    pub reads: Reads,
    pub since_id: SinceId,
    pub not_found: NotFound,
    pub limiting: Limiting,
    pub account: AccountShape,
    pub bad_token: BadToken,
    pub instance_v2: InstanceV2,
    pub nameless: NamelessClient,
    pub timelines: Timelines,
    pub directory: Directory,
    pub versions: Versions,
}

impl Habits {
    pub const MASTODON: Habits = Habits {
        software: "mastodon",
        version: "4.5.2",
        api: Api::Mastodon,
        ids: IdKind::Snowflake,
        paths: Paths::Mastodon,
        idempotency: Some(Duration::hours(1)),
        invalid_post: 422,
        max_characters: 500,
        reads: Reads::Open,
        since_id: SinceId::Honoured,
        not_found: NotFound::Json,
        limiting: Limiting::WithRetryAfter,
        account: AccountShape::Full,
        bad_token: BadToken::Unauthorized,
        instance_v2: InstanceV2::Answers,
        nameless: NamelessClient::Served,
        timelines: Timelines::LocalOpen,
        directory: Directory::Shown,
        versions: Versions::Named,
    };

    pub const GOTOSOCIAL: Habits = Habits {
        software: "gotosocial",
        version: "0.19.1",
        ids: IdKind::Ulid,
        paths: Paths::GoToSocial,
        idempotency: None,
        invalid_post: 400,
        max_characters: 5000,
        reads: Reads::NeedToken,
        since_id: SinceId::Ignored,
        limiting: Limiting::Silent,
        account: AccountShape::WithoutUri,
        nameless: NamelessClient::Refused,
        timelines: Timelines::NeedToken,
        directory: Directory::Missing,
        versions: Versions::Unnamed,
        ..Habits::MASTODON
    };

    pub const MISSKEY: Habits = Habits {
        software: "misskey",
        version: "2025.10.0",
        api: Api::Misskey,
        ids: IdKind::Aidx,
        paths: Paths::Misskey,
        idempotency: None,
        not_found: NotFound::Misskey,
        limiting: Limiting::None,
        timelines: Timelines::Open,
        directory: Directory::Missing,
        versions: Versions::Unnamed,
        ..Habits::MASTODON
    };

    pub const TAKAHE: Habits = Habits {
        software: "takahe",
        version: "0.11.0",
        ids: IdKind::Takahe,
        paths: Paths::Takahe,
        idempotency: None,
        invalid_post: 400,
        not_found: NotFound::Html,
        limiting: Limiting::None,
        account: AccountShape::WithoutUriOrCounts,
        bad_token: BadToken::BadRequestHtml,
        instance_v2: InstanceV2::Breaks,
        timelines: Timelines::Open,
        directory: Directory::Missing,
        versions: Versions::Unnamed,
        ..Habits::MASTODON
    };
}
