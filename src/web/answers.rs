//! Answers to requests: read the store, pick what was asked for, render it.

use std::io;
use std::sync::Arc;

use axum::extract::rejection::PathRejection;
use axum::extract::{Path, State};
use axum::http::header::{CACHE_CONTROL, CONTENT_TYPE};
use axum::http::{HeaderName, StatusCode};
use axum::response::{Html, IntoResponse, Response};
use maud::Markup;
use thiserror::Error;

use crate::analysis::compose::is_accusing;
use crate::model::account::Acct;
use crate::model::digest::{DigestNumber, DigestRecord};
use crate::model::finding::{Confirmed, FindingState};
use crate::model::record::LedgerMark;
use crate::store::{Store, StoreError};

use super::account::Known;
use super::digest::Shown;
use super::{Site, account, digest, home, ledger, texts};

const STYLE: &str = include_str!("style.css");
const ICON: &str = include_str!("icon.svg");

/// Pages change with a digest or a finding; a minute is nobody's loss.
const PAGE_KEPT: (HeaderName, &str) = (CACHE_CONTROL, "public, max-age=60");
const DRESS_KEPT: (HeaderName, &str) = (CACHE_CONTROL, "public, max-age=3600");

type Shared = State<Arc<Site>>;
type Asked<T> = Result<Path<T>, PathRejection>;
type Answer = Result<Response, Trouble>;

/// Why a page that should be there could not be made.
#[derive(Debug, Error)]
enum Cause {
    #[error(transparent)]
    Store(#[from] StoreError),
    #[error("read {path}: {source}")]
    Ledger { path: String, source: io::Error },
}

/// A cause with the site whose page says so.
#[derive(Debug)]
pub(super) struct Trouble {
    site: Arc<Site>,
    cause: Cause,
}

impl IntoResponse for Trouble {
    fn into_response(self) -> Response {
        tracing::error!(error = %self.cause, "a page could not be made");
        let page = texts::trouble(&self.site.facts);
        (StatusCode::INTERNAL_SERVER_ERROR, Html(page.into_string())).into_response()
    }
}

pub(super) async fn home(State(site): Shared) -> Answer {
    let (digests, confirmed) = read(&site, |store| Ok((store.digests()?, confirmed(store)?))).await?;
    Ok(found(home::page(&site.facts, &digests, &confirmed)))
}

pub(super) async fn digest(State(site): Shared, number: Asked<String>) -> Answer {
    let number = number.ok().and_then(|Path(number)| counted(&number));
    let Some(desk) = desk(&site, number).await? else { return Ok(not_found(texts::missing(&site.facts))) };
    Ok(found(digest::whole(&site.facts, &desk.shown())))
}

pub(super) async fn part(State(site): Shared, asked: Asked<(String, String)>) -> Answer {
    let missing = || Ok(not_found(texts::missing(&site.facts)));
    let Ok(Path((number, part))) = asked else { return missing() };
    let Some(desk) = desk(&site, counted(&number)).await? else { return missing() };
    if part == "end" {
        return Ok(found(digest::end(&site.facts, &desk.shown())));
    }
    let page = counted(&part).and_then(|part| digest::part(&site.facts, &desk.shown(), part));
    page.map_or_else(missing, |page| Ok(found(page)))
}

pub(super) async fn account(State(site): Shared, handle: Asked<String>) -> Answer {
    let acct = handle.ok().and_then(|Path(handle)| handle.parse::<Acct>().ok());
    let confirmed = read(&site, confirmed).await?;
    let known = Known::group(&confirmed);
    let published: Vec<&Confirmed> = confirmed.iter().collect();
    let page = acct.and_then(|acct| account::page(&site.facts, &acct, &known, &published));
    Ok(page.map_or_else(|| not_found(account::nothing(&site.facts)), found))
}

pub(super) async fn ledger(State(site): Shared) -> Answer {
    let digests = read(&site, Store::digests).await?;
    let chain = match tokio::fs::read_to_string(&site.ledger_path).await {
        Ok(chain) => chain,
        Err(error) if error.kind() == io::ErrorKind::NotFound => String::new(),
        Err(source) => {
            let path = site.ledger_path.display().to_string();
            return Err(Trouble { site, cause: Cause::Ledger { path, source } });
        }
    };
    // As plain text it opens in a browser instead of being saved.
    let kind = (CONTENT_TYPE, "text/plain; charset=utf-8");
    Ok(([kind, PAGE_KEPT], ledger::lines(&chain, &digests)).into_response())
}

pub(super) async fn method(State(site): Shared) -> Response {
    found(texts::method(&site.facts))
}

pub(super) async fn reads(State(site): Shared) -> Response {
    found(texts::reads(&site.facts))
}

pub(super) async fn missing(State(site): Shared) -> Response {
    not_found(texts::missing(&site.facts))
}

pub(super) async fn style() -> Response {
    ([(CONTENT_TYPE, "text/css; charset=utf-8"), DRESS_KEPT], STYLE).into_response()
}

pub(super) async fn icon() -> Response {
    ([(CONTENT_TYPE, "image/svg+xml"), DRESS_KEPT], ICON).into_response()
}

/// A number as our own links write it: no sign, no leading zero.
fn counted<T: std::str::FromStr + ToString>(text: &str) -> Option<T> {
    text.parse::<T>().ok().filter(|number| number.to_string() == text)
}

fn found(page: Markup) -> Response {
    ([PAGE_KEPT], Html(page.into_string())).into_response()
}

fn not_found(page: Markup) -> Response {
    (StatusCode::NOT_FOUND, Html(page.into_string())).into_response()
}

/// A digest and what stands beside it on its pages, read together.
struct Desk {
    record: DigestRecord,
    confirmed: Vec<Confirmed>,
    mark: Option<LedgerMark>,
    previous: Option<DigestNumber>,
    next: Option<DigestNumber>,
}

impl Desk {
    fn shown(&self) -> Shown<'_> {
        Shown {
            record: &self.record,
            confirmed: &self.confirmed,
            mark: self.mark.as_ref(),
            previous: self.previous,
            next: self.next,
        }
    }
}

async fn desk(site: &Arc<Site>, number: Option<u32>) -> Result<Option<Desk>, Trouble> {
    let Some(number) = number else { return Ok(None) };
    let lay_out = move |store: &Store| {
        let Some(record) = store.digest(DigestNumber(number))? else { return Ok(None) };
        let previous = kept(store, number.checked_sub(1))?;
        let next = kept(store, number.checked_add(1))?;
        let (confirmed, mark) = (confirmed(store)?, store.ledger_mark()?);
        Ok(Some(Desk { record, confirmed, mark, previous, next }))
    };
    read(site, lay_out).await
}

/// The number, if there is such a digest.
fn kept(store: &Store, number: Option<u32>) -> Result<Option<DigestNumber>, StoreError> {
    let record = number.map(|number| store.digest(DigestNumber(number))).transpose()?.flatten();
    Ok(record.map(|record| record.digest.number))
}

/// All findings that may leave the house. Nothing else is ever read from them.
///
/// What says of somebody what they do not say themselves comes out with its digest and not before: until
/// then it is checked once more.
fn confirmed(store: &Store) -> Result<Vec<Confirmed>, StoreError> {
    let mut confirmed: Vec<Confirmed> =
        store.findings()?.iter().filter_map(|finding| finding.confirmed()).collect();
    confirmed.retain(|known| known.state() != FindingState::Raised || !is_accusing(&known.statement().claim));
    Ok(confirmed)
}

async fn read<T: Send + 'static>(
    site: &Arc<Site>,
    work: impl FnOnce(&Store) -> Result<T, StoreError> + Send + 'static,
) -> Result<T, Trouble> {
    let result = site.store.run(work).await;
    result.map_err(|error| Trouble { site: Arc::clone(site), cause: error.into() })
}
