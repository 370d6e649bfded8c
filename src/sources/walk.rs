//! The walk over an account's statuses that leaves no gap and no double: which page to ask for next, and what
//! is known then.
//!
//! Properties, for any server that lists newest first:
//! - A routine poll asks for the bare first page and no more.
//! - `heads`, the mark of what is known, moves only together with the record of everything between it and the
//!   old mark: either that was read, or it stands in the cursor as a [`Gap`] that later polls resume.
//! - A walk asks for at most its budget of pages, and one more for the daily overlap, whatever the server
//!   answers.
//! - All state between polls is in the [`Cursor`]; a walk that is dropped halfway has changed nothing.
//!
//! Not cared about: a status that comes and goes between two polls, and one that a server inserts more than a
//! page below what is known. A server that hides old statuses from guests looks as if they were deleted; the
//! complaint says so.

use std::collections::HashSet;

use chrono::{DateTime, Duration, Utc};

use crate::model::status::{Status, StatusUri};
use crate::model::target::{Cursor, Gap};

/// The number of statuses that is asked for, Mastodon's most.
pub const PAGE: usize = 40;
/// How often one page more than needed is read, for what arrived late, was edited or was deleted.
const OVERLAP_EVERY: Duration = Duration::hours(24);
/// Gaps beyond this number are joined; what was read between them is then read again. Each keeps a mark of
/// [`Cursor::HEADS`] addresses, and a cursor has to fit into one record.
const MOST_GAPS: usize = 4;
/// Some servers put pinned statuses first, at most this many, whatever their age.
const MOST_PINNED: usize = 10;
/// How many of the oldest statuses of a stretch are asked how far back it reaches; one of them may carry a
/// false date.
const WITNESSES: usize = 3;

/// What the walk has to know of a page.
#[derive(Debug, Clone, Copy)]
pub struct Sheet<'a> {
    /// Those that could be read, in the order of the page.
    pub statuses: &'a [Status],
    /// How many there were, unreadable ones included.
    pub count: usize,
    /// The id of the last item, readable or not.
    pub last_id: Option<&'a str>,
    /// What the `Link` header says about a next page.
    pub next: Next<'a>,
}

/// What a server says comes below a page.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Next<'a> {
    /// The page with this `max_id`.
    Page(&'a str),
    /// It sent a `Link` header without one.
    Nothing,
    /// It sent no `Link` header.
    Unsaid,
}

/// Whether readers may take what a poll brought for news.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Sight {
    /// The account was never read before: all of it is background.
    First,
    Later,
}

/// Where a walk left off.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Outcome {
    pub cursor: Cursor,
    pub sight: Sight,
    /// Everything between the first read and now was seen; nothing is left in gaps.
    pub complete: bool,
    /// Everything on the server that claims to be newer than this was in the pages just read; the Unix epoch
    /// where that is everything at all. `None` where nothing can be said.
    pub covered_since: Option<DateTime<Utc>>,
    /// What was odd about the server, in words.
    pub complaint: Option<String>,
}

/// A page to ask for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Ask<'a> {
    /// The bare first page.
    Newest,
    /// The page with this `max_id`.
    Below(&'a str),
}

/// A walk under way: ask for [`Walk::wanted`], hand the page to [`Walk::take`], until nothing is wanted.
#[derive(Debug)]
pub struct Walk {
    cursor: Cursor,
    sight: Sight,
    now: DateTime<Utc>,
    pages_left: u32,
    step: Step,
    /// What was read from the top, newest first, while the chain is open.
    chain: Vec<StatusUri>,
    /// The newest status of the first page: a page that holds it again is no older page.
    top: Option<String>,
    stretch: Stretch,
    is_closed: bool,
    complaint: Option<String>,
}

#[derive(Debug, Clone, PartialEq, Eq)]
enum Step {
    First,
    /// Down from the top towards something known.
    Down(String),
    /// One page below the first known status.
    Overlap(String),
    /// Through the newest gap.
    Gap,
    Done,
}

/// How far back the pages read from the top reach.
#[derive(Debug, Default)]
struct Stretch {
    oldest: Vec<DateTime<Utc>>,
    is_everything: bool,
}

/// What lies below a page.
enum Below {
    /// Nothing: it was the last one.
    Bottom,
    Page(String),
    /// The server does not lead on.
    Nowhere,
}

/// Whether it is time to read more than needed, and to take no version for known.
pub(super) fn is_overlap_due(cursor: &Cursor, now: DateTime<Utc>) -> bool {
    cursor.overlap_read.is_none_or(|read| now - read >= OVERLAP_EVERY)
}

impl Walk {
    /// Begins a poll that may ask for `pages` pages (at least one).
    pub fn new(cursor: &Cursor, pages: u32, now: DateTime<Utc>) -> Walk {
        let is_first = cursor.heads.is_empty() && cursor.gaps.is_empty() && cursor.overlap_read.is_none();
        Walk {
            cursor: cursor.clone(),
            sight: if is_first { Sight::First } else { Sight::Later },
            now,
            pages_left: pages.max(1),
            step: Step::First,
            chain: vec![],
            top: None,
            stretch: Stretch::default(),
            is_closed: false,
            complaint: None,
        }
    }

    /// The page to ask for next, `None` when the walk is over.
    pub fn wanted(&self) -> Option<Ask<'_>> {
        match &self.step {
            Step::First => Some(Ask::Newest),
            Step::Down(id) | Step::Overlap(id) => Some(Ask::Below(id)),
            Step::Gap => self.cursor.gaps.first().map(|gap| Ask::Below(&gap.below)),
            Step::Done => None,
        }
    }

    /// The version of the first page that is known, where nothing below it is to be read in this poll: then it
    /// need not be sent again.
    pub fn known_version(&self) -> Option<&str> {
        let is_whole = self.cursor.gaps.is_empty() && !self.cursor.heads.is_empty();
        let is_due = is_overlap_due(&self.cursor, self.now);
        self.cursor.page_version.as_deref().filter(|_| is_whole && !is_due && self.step == Step::First)
    }

    /// The server says that the first page is the one that is known.
    pub fn take_same(&mut self) {
        self.step = Step::Done;
        self.is_closed = true;
    }

    /// Takes the page that was wanted.
    pub fn take(&mut self, sheet: &Sheet<'_>) {
        let below = self.below(sheet);
        if !matches!(self.step, Step::Overlap(_)) {
            self.pages_left = self.pages_left.saturating_sub(1);
        }
        match self.step {
            Step::First | Step::Down(_) => self.go_down(sheet, below),
            Step::Overlap(_) => {
                self.stretch.add(sheet, &below);
                self.cursor.overlap_read = Some(self.now);
                self.resume_gaps();
            }
            Step::Gap => self.go_through_gap(sheet, below),
            Step::Done => {}
        }
    }

    /// The page that was wanted cannot be had: what was read so far counts, the rest becomes a gap.
    pub fn stop(&mut self, why: String) {
        let step = std::mem::replace(&mut self.step, Step::Done);
        self.complaint = Some(why);
        if let Step::Down(id) = step {
            self.leave_gap(id);
        }
    }

    /// Where the walk left off; call it when nothing is wanted any more.
    pub fn finish(self) -> Outcome {
        Outcome {
            complete: self.is_closed && self.cursor.gaps.is_empty() && self.complaint.is_none(),
            covered_since: self.stretch.reaches(),
            cursor: self.cursor,
            sight: self.sight,
            complaint: self.complaint,
        }
    }

    fn go_down(&mut self, sheet: &Sheet<'_>, below: Below) {
        let is_empty = sheet.count == 0 && matches!(below, Below::Bottom);
        if self.step == Step::First && is_empty && !self.cursor.heads.is_empty() {
            // Rather a restriction or a fault than the end of all statuses: nothing is concluded from it.
            return self.stop("the server shows no statuses any more".into());
        }
        // Only the first page has pinned statuses in front, and an old one met there says nothing of what
        // follows it.
        let pinned = if self.step == Step::First { pinned_in_front(sheet.statuses) } else { 0 };
        let in_order = &sheet.statuses[pinned..];
        if self.step == Step::First {
            self.top = in_order.first().map(|status| status.local_id.clone());
        }
        let mark = self.first_mark(in_order, 0);
        self.chain.extend(sheet.statuses.iter().map(|status| status.uri.clone()));
        self.stretch.add(sheet, &below);
        match (mark, below) {
            (Some(mark), below) => self.close(mark, below),
            (None, Below::Bottom) => {
                if !self.cursor.heads.is_empty() {
                    self.complaint = Some("none of the statuses known is there any more".into());
                    self.stretch.is_everything = false;
                }
                self.cursor.gaps.clear();
                self.cursor.heads.clear();
                self.close(0, Below::Bottom);
            }
            (None, Below::Page(id)) if self.pages_left > 0 => self.step = Step::Down(id),
            (None, Below::Page(id)) => self.leave_gap(id),
            (None, Below::Nowhere) => {
                self.complaint = Some("the server does not lead to older statuses".into());
                match std::mem::replace(&mut self.step, Step::Done) {
                    Step::Down(asked) => self.leave_gap(asked),
                    _ => self.step = Step::Done,
                }
            }
        }
    }

    /// The chain has met what was known: `mark` 0 is the heads, `n` is where gap `n - 1` ends. Gaps above it
    /// are closed too.
    fn close(&mut self, mark: usize, below: Below) {
        let reached = match mark {
            0 => std::mem::take(&mut self.cursor.heads),
            _ => self.cursor.gaps.drain(..mark).next_back().map(|gap| gap.until).unwrap_or_default(),
        };
        self.set_heads(reached);
        self.is_closed = true;
        let is_due = is_overlap_due(&self.cursor, self.now);
        match below {
            Below::Page(id) if is_due && self.sight == Sight::Later => self.step = Step::Overlap(id),
            Below::Page(_) | Below::Nowhere if !is_due => self.resume_gaps(),
            _ => {
                self.cursor.overlap_read = Some(self.now);
                self.resume_gaps();
            }
        }
    }

    /// The heads are what was read from the top, then what it was joined to.
    fn set_heads(&mut self, joined: Vec<StatusUri>) {
        let mut seen = HashSet::new();
        let mut heads: Vec<StatusUri> = std::mem::take(&mut self.chain);
        heads.extend(joined);
        heads.retain(|uri| seen.len() < Cursor::HEADS && seen.insert(uri.clone()));
        self.cursor.heads = heads;
    }

    /// The chain ends here for now. At first sight that is no gap: what is older was there before we looked.
    fn leave_gap(&mut self, below: String) {
        self.step = Step::Done;
        let until = std::mem::take(&mut self.cursor.heads);
        self.set_heads(vec![]);
        if self.sight == Sight::First {
            self.is_closed = true;
            self.cursor.overlap_read = Some(self.now);
            return;
        }
        self.cursor.gaps.insert(0, Gap { below, until, since: self.now });
        while self.cursor.gaps.len() > MOST_GAPS {
            let lowest = self.cursor.gaps.pop().expect("there are more than a few");
            let above = self.cursor.gaps.last_mut().expect("there are more than a few");
            above.until = lowest.until;
            above.since = lowest.since;
        }
    }

    fn resume_gaps(&mut self) {
        let is_over = self.pages_left == 0 || self.cursor.gaps.is_empty();
        self.step = if is_over { Step::Done } else { Step::Gap };
    }

    fn go_through_gap(&mut self, sheet: &Sheet<'_>, below: Below) {
        if let Some(mark) = self.first_mark(sheet.statuses, 1) {
            self.cursor.gaps.drain(..mark);
            return self.resume_gaps();
        }
        match below {
            Below::Bottom => {
                if self.cursor.gaps.iter().any(|gap| !gap.until.is_empty()) {
                    self.complaint = Some("none of the statuses below a gap is there any more".into());
                }
                self.cursor.gaps.clear();
                self.step = Step::Done;
            }
            Below::Page(id) => {
                if let Some(gap) = self.cursor.gaps.first_mut() {
                    gap.below = id;
                }
                self.resume_gaps();
            }
            Below::Nowhere => {
                self.complaint = Some("the server does not lead to older statuses".into());
                self.step = Step::Done;
            }
        }
    }

    /// The lowest number, from `from`, of a mark that one of these statuses is part of.
    fn first_mark(&self, statuses: &[Status], from: usize) -> Option<usize> {
        let uris: HashSet<&StatusUri> = statuses.iter().map(|status| &status.uri).collect();
        let marks = std::iter::once(&self.cursor.heads).chain(self.cursor.gaps.iter().map(|gap| &gap.until));
        let met = |mark: &Vec<StatusUri>| mark.iter().any(|uri| uris.contains(uri));
        marks.enumerate().skip(from).find(|(_, mark)| met(mark)).map(|(number, _)| number)
    }

    /// What comes below a page. A short page alone does not mean the bottom: servers cap lower than we ask,
    /// or take items out after counting. A short page of a server that says that nothing follows does, or an
    /// empty one.
    fn below(&self, sheet: &Sheet<'_>) -> Below {
        let asked = match self.wanted() {
            Some(Ask::Below(id)) => Some(id),
            _ => None,
        };
        // Servers that read max_id as "up to and including" end with the status that was asked below.
        let is_asked_again = asked.is_some() && sheet.last_id == asked;
        if sheet.count == 1 && is_asked_again {
            return Below::Bottom;
        }
        // A server that ignores max_id, or reads it as its opposite, shows the newest status again.
        let is_top = |status: &Status| Some(&status.local_id) == self.top.as_ref();
        if is_asked_again || (asked.is_some() && sheet.statuses.iter().any(is_top)) {
            return Below::Nowhere;
        }
        let (is_last, next) = match sheet.next {
            Next::Page(id) => (false, Some(id)),
            Next::Nothing => (sheet.count < PAGE, sheet.last_id),
            Next::Unsaid => (sheet.count == 0, sheet.last_id),
        };
        match next {
            _ if is_last => Below::Bottom,
            Some(id) if Some(id) != asked => Below::Page(id.to_owned()),
            _ => Below::Nowhere,
        }
    }
}

impl Stretch {
    fn add(&mut self, sheet: &Sheet<'_>, below: &Below) {
        let claimed = sheet.statuses.iter().filter_map(|status| status.claimed_at);
        let mut all: Vec<DateTime<Utc>> =
            std::mem::take(&mut self.oldest).into_iter().chain(claimed).collect();
        self.oldest = all.split_off(all.len().saturating_sub(WITNESSES));
        self.is_everything = matches!(below, Below::Bottom);
    }

    fn reaches(&self) -> Option<DateTime<Utc>> {
        if self.is_everything { Some(DateTime::UNIX_EPOCH) } else { self.oldest.iter().max().copied() }
    }
}

/// How many statuses at the front stand out of order by their ids, as pinned ones do on some servers.
fn pinned_in_front(statuses: &[Status]) -> usize {
    // Numbers of any length and ids of equal length both sort so; for others the answer only costs a page.
    let rank = |status: &Status| (status.local_id.len(), status.local_id.clone());
    let front = statuses.iter().zip(statuses.iter().skip(1)).take(MOST_PINNED);
    let out_of_order = front.enumerate().filter(|(_, (upper, lower))| rank(upper) < rank(lower));
    out_of_order.map(|(index, _)| index + 1).next_back().unwrap_or(0)
}
