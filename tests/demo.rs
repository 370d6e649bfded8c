//! The demo from the first morning to the last digest: who is named to readers, and who is not.

#![expect(clippy::unwrap_used, reason = "a test that cannot go on should stop")]

use std::time::{Duration, Instant};

use masthead::clock::Clock;
use masthead::cycle::commands::Answer;
use masthead::daemon::Service;
use masthead::demo::progress::Progress;
use masthead::demo::{self, Script, Shown};
use masthead::sandbox::{Options, Sandbox, story};

/// Who plays in a story, by what readers may hear of them.
struct Cast {
    named: &'static [&'static str],
    /// Each for a reason of its own: an impostor, a mirror, partners, bystanders.
    never_named: &'static [&'static str],
}

const OFFICIAL: Cast = Cast {
    named: &["xinhua_es@social.example", "xinhua_fr@one.example"],
    never_named: &["xinhua_news@social.example", "radionorte@social.example", "ana@social.example"],
};

/// Far more than it takes, since a busy machine runs it as well.
const PATIENCE: Duration = Duration::from_secs(900);

/// Plays a story beside the real service and returns what readers see.
async fn play(seed: u64, script: &Script) -> Shown {
    let folder = tempfile::tempdir().unwrap();
    let clock = Clock::jumping(story::ORIGIN);
    let options = Options { seed, clock: Some(clock), ..Options::new(folder.path()) };
    let world = Sandbox::start(options).await.unwrap();
    let room = demo::open(&world.config(), clock).await.unwrap();
    let driver = tokio::spawn(async move { clock.drive().await });
    let pages = |stopped: masthead::daemon::Stopped| -> masthead::daemon::Serving {
        Box::pin(async move {
            stopped.await;
            Ok(())
        })
    };
    let mut service = Service::start(room.clone(), pages).unwrap();
    let bot = world.announce().account;
    let render = |answer: &Answer| masthead::cli::render(answer);
    let played = demo::play(&room, script, &bot, render, Progress::Lines);
    let shown = tokio::select! {
        shown = tokio::time::timeout(PATIENCE, played) => shown.expect("the story ends").unwrap(),
        ended = service.ended() => panic!("the service ended before the story: {ended:?}"),
    };
    service.stop().await.unwrap();
    driver.abort();
    shown
}

fn assert_named(shown: &Shown, cast: &Cast) {
    let text = shown.text();
    for acct in cast.named {
        assert!(shown.names(acct), "{acct} is not named\n{text}");
    }
    for acct in cast.never_named {
        assert!(!shown.names(acct), "{acct} is named\n{text}");
    }
    for thread in &shown.threads {
        let limit = usize::try_from(thread.limit).unwrap();
        assert!(thread.posts.len() > 1, "digest {} has nothing below its first post\n{text}", thread.number);
        assert!(thread.posts.iter().all(|post| post.length <= limit), "{text}");
    }
}

#[tokio::test]
async fn four_weeks_of_the_official_story_name_the_new_account_and_the_returned_one_and_nobody_else() {
    let begun = Instant::now();
    let shown = play(1, &Script::OFFICIAL).await;
    assert_named(&shown, &OFFICIAL);
    assert!(shown.queue.is_empty(), "{:?}", shown.queue);
    println!("{:.1} s", begun.elapsed().as_secs_f64());
}
