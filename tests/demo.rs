//! The demo from the first morning to the last digest: who is named to readers, and who is not.

#![expect(clippy::unwrap_used, reason = "a test that cannot go on should stop")]

use std::collections::BTreeSet;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant};

use masthead::clock::Clock;
use masthead::cycle::commands::Answer;
use masthead::daemon::Service;
use masthead::demo::progress::Progress;
use masthead::demo::thread::Thread;
use masthead::demo::{self, Script, Shown};
use masthead::sandbox::story::{ORIGIN, Story};
use masthead::sandbox::{Options, Sandbox, founding, sky};

/// Addresses by what readers may hear of them.
struct Expected {
    named: Vec<&'static str>,
    /// Each for a reason of its own: impostors, mirrors, partners, bystanders.
    never_named: Vec<&'static str>,
}

/// What holds in the official story, and in the founding one, which plays in the same world.
fn official() -> Expected {
    Expected {
        named: vec!["xinhua_es@social.example", OUTLET],
        never_named: vec![
            "xinhua_official@social.example",
            "xinhua.example@bridge.example",
            "iria@social.example",
            "caption_fan@two.example",
            "radionorte@social.example",
            "ana@social.example",
            // Known from the start, and linked by an outlet's page without a word about it.
            "cns@notes.example",
            "haru@notes.example",
        ],
    }
}

/// The sister papers, wherever they are.
fn sisters() -> impl Iterator<Item = &'static str> {
    let cast = founding::CAST.iter().chain(&sky::cast::CAST);
    cast.filter(|part| part.role == "sister paper").map(|part| part.acct)
}

fn founding() -> Expected {
    let mut expected = official();
    for part in founding::CAST.iter().chain(&sky::cast::CAST) {
        match part.expected {
            founding::Expected::Undisclosed => expected.named.push(part.acct),
            founding::Expected::LeadAtMost | founding::Expected::Nothing => {
                expected.never_named.push(part.acct)
            }
            // It stands on a list as what it says it is; no digest tells of it.
            founding::Expected::Mirror => expected.never_named.push(part.acct),
        }
    }
    expected
}

/// The agency's own accounts, which are known from the start.
const KNOWN: [&str; 4] =
    ["xinhua@one.example", "xinhua_fr@one.example", "xinhua_ru@two.example", "xinhua_ar@three.example"];

/// The account of an outlet on Bluesky, which has the outlet's domain as its handle.
const OUTLET: &str = "es.xinhua.example@bsky.app";

/// Every address in the posts of a thread; on Bluesky a handle stands before the name of the network.
fn addresses(thread: &Thread) -> Vec<String> {
    let bare = |word: &str| word.trim_matches(|c: char| !c.is_alphanumeric()).to_owned();
    let words: Vec<&str> = thread.posts.iter().flat_map(|post| post.text.split_whitespace()).collect();
    let fediverse = words.iter().filter(|word| word.contains('@')).map(|word| bare(word));
    let pairs = words.windows(2).filter(|pair| pair[1].starts_with("(Bluesky)"));
    fediverse.chain(pairs.map(|pair| format!("{}@bsky.app", bare(pair[0])))).collect()
}

/// Far more than it takes, since a busy machine runs it as well.
const PATIENCE: Duration = Duration::from_secs(900);

/// Plays a story beside the real service and returns what readers see.
async fn play(story: Story, seed: u64, script: &Script) -> Shown {
    let folder = tempfile::tempdir().unwrap();
    let clock = Clock::jumping(ORIGIN);
    let options = Options { story, seed, clock: Some(clock), ..Options::new(folder.path()) };
    let world = Sandbox::start(options).await.unwrap();
    let room = demo::open(&world.config(), clock).await.unwrap();
    let driver = tokio::spawn(async move { clock.drive().await });
    let pages: masthead::daemon::Pages = Box::new(|stopped| {
        Box::pin(async move {
            stopped.await;
            Ok(())
        })
    });
    let mut service = Service::start(room.clone(), pages).unwrap();
    let bot = world.announce().account;
    let render = |answer: &Answer| masthead::cli::render(answer);
    let played = demo::play(&room, script, &bot, render, Progress::Silent);
    let shown = tokio::select! {
        shown = tokio::time::timeout(PATIENCE, played) => shown.expect("the story ends").unwrap(),
        ended = service.ended() => panic!("the service ended before the story: {ended:?}"),
    };
    service.stop().await.unwrap();
    driver.abort();
    shown
}

fn assert_holds(shown: &Shown, expected: &Expected) {
    let text = shown.text();
    assert_eq!(shown.missing, None, "{text}");
    for acct in &expected.named {
        assert!(shown.names(acct), "{acct} is not named\n{text}");
    }
    for acct in &expected.never_named {
        assert!(!shown.names(acct), "{acct} is named\n{text}");
    }
    let told: BTreeSet<String> = shown.threads.iter().flat_map(addresses).collect();
    let known = |acct: &String| expected.named.iter().chain(&KNOWN).any(|known| known == acct);
    assert!(told.iter().all(known), "{told:?}\n{text}");
    for thread in &shown.threads {
        let limit = usize::try_from(thread.limit).unwrap();
        assert!(thread.posts.len() > 1, "digest {} has nothing below its first post\n{text}", thread.number);
        assert!(thread.posts.iter().all(|post| post.length <= limit), "{text}");
    }
}

/// Plays the founding story on a runtime like the one of the demo.
fn founding_story(seed: u64) {
    let begun = Instant::now();
    let runtime =
        tokio::runtime::Builder::new_current_thread().enable_all().max_blocking_threads(demo::HANDS).build();
    let shown = runtime.unwrap().block_on(play(Story::Founding, seed, &Script::FOUNDING));
    eprintln!("world {seed}: {:.1} s", begun.elapsed().as_secs_f64());
    assert_holds(&shown, &founding());
    let reviewed: Vec<&str> = shown.queue.iter().map(|shown| shown.account.as_str()).collect();
    let expected = founding();
    assert!(sisters().all(|acct| reviewed.contains(&acct)), "{reviewed:?}");
    // The fourth, found through one of them, is told with them, or in a post of her own once she is ready.
    let tells_of_all = |text: &str| founding::SISTERS.iter().all(|(acct, _)| demo::thread::shows(text, acct));
    let posts = shown.threads.iter().flat_map(|thread| &thread.posts);
    let together = posts.map(|post| &post.text).find(|text| tells_of_all(text));
    let together = together.unwrap_or_else(|| panic!("no post tells of all three\n{}", shown.text()));
    assert!(reviewed.iter().all(|acct| !expected.never_named.contains(acct)), "{reviewed:?}");
    if seed == 1 {
        let words = |text: &str| text.split_whitespace().collect::<Vec<_>>().join(" ");
        let readme = words(include_str!("../README.md"));
        assert!(readme.contains(&words(together)), "the README shows another post than this:\n{together}");
    }
}

/// The first days have all of the official story in them.
#[tokio::test]
async fn the_official_story_names_the_new_account_and_the_returned_one_and_nobody_else() {
    let shown = play(Story::Official, 1, &Script { days: 7, ..Script::OFFICIAL }).await;
    assert_holds(&shown, &official());
    assert!(shown.names("xinhua_fr@one.example"), "{}", shown.text());
    assert!(shown.queue.is_empty(), "{:?}", shown.queue);
}

/// One more than there are cores, since a story waits for its own disk at times.
const AT_ONCE: usize = 3;

/// In the worlds 1 to 8. More: `MASTHEAD_WORLDS=50 cargo test --release --test demo -- --ignored --nocapture`.
#[test]
#[ignore = "minutes, and an hour without optimisation"]
fn the_founding_story_names_the_three_papers_in_one_post_their_sister_and_no_innocent_in_any_world() {
    let worlds = std::env::var("MASTHEAD_WORLDS").map_or(8, |worlds| worlds.parse().unwrap());
    let next = AtomicU64::new(1);
    std::thread::scope(|scope| {
        for _ in 0..AT_ONCE {
            scope.spawn(|| {
                loop {
                    let seed = next.fetch_add(1, Ordering::Relaxed);
                    if seed > worlds {
                        return;
                    }
                    founding_story(seed);
                }
            });
        }
    });
}
