//! Jumping time: it stands still while anybody works, and goes to the next thing due when all are idle.
//!
//! Why idle is known for sure. Everybody in the process who waits is, at the end of the chain of whom they
//! wait for, in one of four states: asleep by this clock, and so among its sleepers; waiting for a socket
//! or another thread, and so holding a [`Work`]; about to run, since somebody woke them; or waiting for
//! something outside of the story, such as a signal or a browser, which nobody in it waits for. The first
//! is what a jump is for, the second is counted, and the last does not matter. For the third, whoever
//! drives the clock steps behind everybody who is about to run, several times: the runtime has one thread
//! and lets those that are woken run in turn, looks at the sockets, and only then comes back to one who
//! gave way. A task that runs ends that turn in one of the four states as well, and beginning work, ending
//! it, falling asleep and being woken leave a trace in a counter. When several such rounds passed without
//! a trace and no work is under way, nobody was about to run.
//!
//! One sleeper is woken at a time, also where several are due at the same moment: what the first does is
//! done before the second begins, and two runs of one story are the same story.

use std::collections::BTreeMap;
use std::pin::Pin;
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::task::{Context, Poll, Waker};

use chrono::{DateTime, Duration, Utc};
use tokio::sync::Notify;

use super::Clock;

/// Rounds without a trace after which all are taken for idle. One is enough for those who are about to
/// run; the others are for those whom they wake, such as the next in a queue for a lock.
const QUIET_ROUNDS: u32 = 8;

/// With a pace, time moves in steps of so much real time, so that pages show it passing.
const STEP: Duration = Duration::milliseconds(100);

/// The state of a jumping clock.
pub struct Jump {
    state: Mutex<State>,
    /// Tells the driver that all may be idle now.
    rest: Notify,
}

/// When a sleeper is due, and the order among those that are due at once.
type Place = (DateTime<Utc>, u64);

struct State {
    now: DateTime<Utc>,
    /// Virtual seconds in a second; `None` = jumps.
    pace: Option<f64>,
    /// Guards alive.
    working: usize,
    /// Counts every trace that somebody leaves.
    traces: u64,
    sleepers: BTreeMap<Place, Sleeper>,
    /// Sleepers so far.
    slept: u64,
}

/// One who waits for a time.
struct Sleeper {
    waker: Waker,
    then: Waking,
}

/// What somebody does who wakes up.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Waking {
    Looks,
    /// Begins work that counts from the moment of waking, before the sleeper has run.
    Works,
}

/// Work under way: while one lives, a jumping clock stands still.
#[must_use = "work is over when this is dropped"]
#[derive(Debug)]
pub struct Work(Option<&'static Jump>);

impl Work {
    /// Work that no clock waits for.
    pub(super) fn untold() -> Work {
        Work(None)
    }
}

impl Drop for Work {
    fn drop(&mut self) {
        if let Some(jump) = self.0 {
            let mut state = jump.state();
            state.working -= 1;
            state.traces += 1;
            let is_over = state.working == 0;
            drop(state);
            if is_over {
                jump.rest.notify_one();
            }
        }
    }
}

impl Jump {
    pub(super) fn new(now: DateTime<Utc>) -> Jump {
        let sleepers = BTreeMap::new();
        let state = State { now, pace: None, working: 0, traces: 0, sleepers, slept: 0 };
        Jump { state: Mutex::new(state), rest: Notify::new() }
    }

    pub(super) fn now(&self) -> DateTime<Utc> {
        self.state().now
    }

    pub(super) fn work(&'static self) -> Work {
        let mut state = self.state();
        state.working += 1;
        state.traces += 1;
        Work(Some(self))
    }

    pub(super) fn sleep_until(&'static self, then: DateTime<Utc>) -> Sleep {
        Sleep { jump: self, then, waking: Waking::Looks, place: None }
    }

    /// Waits for a time and is at work from then on. For those whom another thread runs than the one that drives: nobody
    /// can see whether they are about to run.
    pub(super) async fn work_from(&'static self, then: DateTime<Utc>) -> Work {
        Sleep { jump: self, then, waking: Waking::Works, place: None }.await.unwrap_or_else(|| self.work())
    }

    pub(super) fn set_pace(&self, pace: Option<f64>) {
        self.state().pace = pace;
        self.rest.notify_one();
    }

    pub(super) async fn drive(&self) {
        loop {
            let traces = self.at_rest().await;
            if !self.stays_quiet(traces).await {
                continue;
            }
            let pace = self.state().pace;
            match pace {
                None => self.wake_first(traces, None),
                Some(pace) => {
                    Clock::Real.sleep(STEP).await;
                    let step = STEP.as_seconds_f64() * pace;
                    self.wake_first(traces, Some(Duration::milliseconds((step * 1000.0) as i64)));
                }
            }
        }
    }

    /// Waits until nobody works and somebody sleeps; how many traces there are then.
    async fn at_rest(&self) -> u64 {
        loop {
            {
                let state = self.state();
                if state.working == 0 && !state.sleepers.is_empty() {
                    return state.traces;
                }
            }
            self.rest.notified().await;
        }
    }

    async fn stays_quiet(&self, traces: u64) -> bool {
        for _ in 0..QUIET_ROUNDS {
            tokio::task::yield_now().await;
            if self.state().traces != traces {
                return false;
            }
        }
        true
    }

    /// Goes to the time of the first sleeper, as far as one step leads, and wakes it there; nothing if
    /// somebody left a trace meanwhile.
    fn wake_first(&self, traces: u64, step: Option<Duration>) {
        let mut state = self.state();
        if state.traces != traces {
            return;
        }
        let Some((&(due, _), _)) = state.sleepers.first_key_value() else { return };
        if let Some(reach) = step.map(|step| state.now + step).filter(|reach| *reach < due) {
            state.now = reach;
            return;
        }
        state.now = state.now.max(due);
        state.traces += 1;
        let first = state.sleepers.pop_first().map(|(_, sleeper)| sleeper);
        if first.as_ref().is_some_and(|sleeper| sleeper.then == Waking::Works) {
            state.working += 1;
        }
        drop(state);
        first.into_iter().for_each(|sleeper| sleeper.waker.wake());
    }

    fn state(&self) -> MutexGuard<'_, State> {
        // Every change of the state is complete in itself, so a panic elsewhere leaves nothing half done.
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl PartialEq for Jump {
    fn eq(&self, other: &Jump) -> bool {
        std::ptr::eq(self, other)
    }
}

impl std::fmt::Debug for Jump {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let state = self.state();
        let mut shown = f.debug_struct("Jump");
        shown.field("now", &state.now).field("working", &state.working);
        shown.field("asleep", &state.sleepers.len()).finish_non_exhaustive()
    }
}

/// A wait for a time of a jumping clock.
#[derive(Debug)]
pub(super) struct Sleep {
    jump: &'static Jump,
    then: DateTime<Utc>,
    waking: Waking,
    /// Where it stands among the sleepers, once it does.
    place: Option<Place>,
}

impl Sleep {
    /// The work that was begun for it when it was woken.
    fn begun(&self) -> Option<Work> {
        (self.waking == Waking::Works).then(|| Work(Some(self.jump)))
    }
}

impl Future for Sleep {
    /// Work that has begun already, `None` where it has not.
    type Output = Option<Work>;

    fn poll(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Option<Work>> {
        let jump = self.jump;
        let mut state = jump.state();
        match self.place {
            None if state.now >= self.then => return Poll::Ready(None),
            None => {
                let place = (self.then, state.slept);
                state.slept += 1;
                state.traces += 1;
                let sleeper = Sleeper { waker: context.waker().clone(), then: self.waking };
                state.sleepers.insert(place, sleeper);
                self.place = Some(place);
            }
            Some(place) => match state.sleepers.get_mut(&place) {
                Some(sleeper) => sleeper.waker.clone_from(context.waker()),
                None => {
                    self.place = None;
                    return Poll::Ready(self.begun());
                }
            },
        }
        drop(state);
        jump.rest.notify_one();
        Poll::Pending
    }
}

impl Drop for Sleep {
    fn drop(&mut self) {
        if let Some(place) = self.place {
            let mut state = self.jump.state();
            match state.sleepers.remove(&place) {
                Some(_) => state.traces += 1,
                // Woken and never run: what was begun for it is over.
                None => {
                    drop(state);
                    drop(self.begun());
                }
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;
    use std::time::{Duration as RealDuration, Instant};

    use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
    use tokio::task::JoinSet;

    use super::*;

    fn start() -> DateTime<Utc> {
        "2026-11-02T08:00:00Z".parse().unwrap()
    }

    /// A clock that somebody drives until the test's runtime ends.
    fn driven() -> Clock {
        let clock = Clock::jumping(start());
        tokio::spawn(async move { clock.drive().await });
        clock
    }

    /// What happened in the hours of the story, in order.
    #[derive(Debug, Clone, Default)]
    struct Log(Arc<Mutex<Vec<(i64, String)>>>);

    impl Log {
        fn note(&self, clock: Clock, what: impl ToString) {
            self.0.lock().unwrap().push(((clock.now() - start()).num_minutes(), what.to_string()));
        }

        fn read(&self) -> Vec<(i64, String)> {
            self.0.lock().unwrap().clone()
        }
    }

    #[tokio::test]
    async fn sleepers_wake_in_the_order_of_their_times_and_those_of_one_time_in_theirs() {
        let (clock, log) = (driven(), Log::default());
        let mut tasks = JoinSet::new();
        for (name, minutes) in [("late", 90), ("early", 10), ("middle", 60), ("beside", 60)] {
            let log = log.clone();
            tasks.spawn(async move {
                clock.sleep(Duration::minutes(minutes)).await;
                log.note(clock, name);
            });
        }
        tasks.join_all().await;
        let said = |minutes: i64, name: &str| (minutes, name.to_owned());
        assert_eq!(log.read(), [said(10, "early"), said(60, "middle"), said(60, "beside"), said(90, "late")]);
    }

    #[tokio::test]
    async fn time_stands_still_while_another_thread_works_and_while_a_request_is_under_way() {
        let (clock, log) = (driven(), Log::default());
        let watch = tokio::spawn({
            let log = log.clone();
            async move {
                clock.sleep(Duration::minutes(1)).await;
                log.note(clock, "a minute later");
            }
        });
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        tokio::spawn(async move {
            let (mut stream, _) = listener.accept().await.unwrap();
            for byte in [b'a', b'b', b'c'] {
                Clock::Real.sleep(Duration::milliseconds(20)).await;
                stream.write_all(&[byte]).await.unwrap();
            }
        });
        let work = clock.work();
        let mut body = String::new();
        tokio::net::TcpStream::connect(address).await.unwrap().read_to_string(&mut body).await.unwrap();
        log.note(clock, body);
        let theirs = clock.work();
        tokio::task::spawn_blocking(move || {
            std::thread::park_timeout(RealDuration::from_millis(30));
            drop(theirs);
        })
        .await
        .unwrap();
        log.note(clock, "stored");
        drop(work);
        watch.await.unwrap();
        let said = |minutes: i64, what: &str| (minutes, what.to_owned());
        assert_eq!(log.read(), [said(0, "abc"), said(0, "stored"), said(1, "a minute later")]);
    }

    /// Those whom somebody woke are not idle, though they neither work nor sleep.
    #[tokio::test]
    async fn time_stands_still_until_all_who_wake_each_other_have_run() {
        let (clock, log) = (driven(), Log::default());
        let lock = Arc::new(tokio::sync::Mutex::new(()));
        let mut tasks = JoinSet::new();
        for number in 0..200 {
            let (lock, log) = (lock.clone(), log.clone());
            tasks.spawn(async move {
                let _held = lock.lock().await;
                tokio::task::yield_now().await;
                log.note(clock, number);
                drop(clock.work());
            });
        }
        clock.sleep(Duration::minutes(5)).await;
        log.note(clock, "slept");
        tasks.join_all().await;
        let log = log.read();
        assert_eq!(log.last(), Some(&(5, "slept".to_owned())));
        assert_eq!(log.len(), 201);
    }

    /// Such as the embedded world, which has a runtime of its own.
    #[tokio::test]
    async fn whoever_is_run_elsewhere_works_at_the_time_that_was_waited_for() {
        let (clock, log) = (driven(), Log::default());
        let elsewhere = std::thread::spawn({
            let (log, begun) = (log.clone(), clock.work());
            move || {
                let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
                runtime.block_on(async move {
                    let mut held = begun;
                    for minute in 1..=50 {
                        let mut waits =
                            std::pin::pin!(clock.work_from(start() + Duration::minutes(2 * minute)));
                        let asleep = std::future::poll_fn(|context| {
                            Poll::Ready(waits.as_mut().poll(context).is_pending())
                        });
                        assert!(asleep.await, "the time is not there yet");
                        drop(held);
                        held = waits.await;
                        std::thread::yield_now();
                        log.note(clock, "there");
                    }
                    let given_up = clock.work_from(start() + Duration::days(1));
                    drop(given_up);
                });
            }
        });
        for minute in 0..=50 {
            clock.sleep_until(start() + Duration::minutes(2 * minute + 1)).await;
            log.note(clock, "here");
        }
        elsewhere.join().unwrap();
        let wanted: Vec<(i64, String)> = (1..=101)
            .map(|minute| (minute, if minute % 2 == 0 { "there" } else { "here" }.to_owned()))
            .collect();
        assert_eq!(log.read(), wanted);
    }

    #[tokio::test]
    async fn weeks_pass_in_no_time() {
        let (clock, begun) = (driven(), Instant::now());
        for _ in 0..28 * 24 {
            clock.sleep(Duration::hours(1)).await;
        }
        assert_eq!(clock.now(), start() + Duration::days(28));
        assert!(begun.elapsed() < RealDuration::from_secs(5), "{:?}", begun.elapsed());
    }

    #[tokio::test]
    async fn a_wait_that_is_given_up_holds_nobody_and_a_time_gone_by_is_not_waited_for() {
        let clock = driven();
        tokio::select! {
            () = clock.sleep(Duration::minutes(10)) => panic!("the longer wait came first"),
            () = clock.sleep(Duration::minutes(5)) => {}
        }
        clock.sleep_until(start()).await;
        assert_eq!(clock.now(), start() + Duration::minutes(5));
        clock.sleep(Duration::minutes(30)).await;
        assert_eq!(clock.now(), start() + Duration::minutes(35));
    }

    #[tokio::test]
    async fn at_a_pace_time_passes_steadily_and_no_faster() {
        let (clock, begun) = (driven(), Instant::now());
        clock.set_pace(Some(600.0));
        clock.sleep(Duration::minutes(3)).await;
        assert!(begun.elapsed() >= RealDuration::from_millis(300), "{:?}", begun.elapsed());
        clock.set_pace(None);
        clock.sleep(Duration::days(30)).await;
        assert!(begun.elapsed() < RealDuration::from_secs(30));
    }

    /// Twenty tasks that work on threads, take turns at a lock and sleep for spans of their own.
    async fn story() -> Vec<(i64, String)> {
        let (clock, log) = (driven(), Log::default());
        let lock = Arc::new(tokio::sync::Mutex::new(()));
        let mut tasks = JoinSet::new();
        for name in 0..20 {
            let (lock, log) = (lock.clone(), log.clone());
            tasks.spawn(async move {
                for turn in 1..6 {
                    clock.sleep(Duration::minutes((name * 7 + turn * 13) % 30)).await;
                    let _held = lock.lock().await;
                    let work = clock.work();
                    let theirs = clock.work();
                    tokio::task::spawn_blocking(move || drop(theirs)).await.unwrap();
                    log.note(clock, format!("{name}/{turn}"));
                    drop(work);
                }
            });
        }
        tasks.join_all().await;
        log.read()
    }

    #[tokio::test]
    async fn two_runs_give_the_same_order() {
        let first = story().await;
        assert_eq!(first.len(), 100);
        assert_eq!(first, story().await);
    }
}
