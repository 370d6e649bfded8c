//! Prints how many events of a stream one core looks at in a second, and what memory that takes.
//!
//! `cargo bench --bench jetstream`. The events are made up: a million in the languages of the network, nearly half of them
//! replies, against the shipped watchlist and the items of six weeks.

#![expect(clippy::unwrap_used, reason = "a bench that cannot begin has nothing to print")]

use std::fmt::Write as _;
use std::sync::{Arc, RwLock};

use masthead::analysis::reuse::{Prepared, ReuseIndex};
use masthead::clock::Clock;
use masthead::config::{Environment, load};
use masthead::cycle::listen::{Frame, Readers, sift};
use masthead::store::Store;
use rustix::time::{ClockId, clock_gettime};

const EVENTS: usize = 1_000_000;
/// So many are made; each comes again and again.
const DIFFERENT: usize = 50_000;
const ITEMS: usize = 40_000;
const BATCH: usize = 500;

/// Words of a language, and how many of a hundred posts are in it.
const LANGUAGES: [(&str, u32, &str); 8] = [
    (
        "en",
        45,
        "the cat does not agree with rain today because my train was late again and nobody said why but I like it when people post pictures of their gardens in spring",
    ),
    (
        "ja",
        18,
        "今日 は とても 暑い です ね 猫 が 寝て います 電車 は 遅れて います 新しい 写真 を 撮りました 明日 も 仕事 です おやすみ なさい",
    ),
    (
        "pt",
        12,
        "hoje choveu muito e o meu gato não gostou nada disso mas amanhã vamos à praia com a família porque é feriado na cidade",
    ),
    (
        "es",
        10,
        "ayer llovió en la capital y el tren llegó tarde otra vez pero mañana habrá sol según dicen los vecinos del barrio más antiguo",
    ),
    (
        "de",
        6,
        "heute regnet es schon wieder und die Bahn kommt nicht aber morgen wird alles besser sagt der Nachbar über den Zaun",
    ),
    ("ru", 3, "сегодня опять дождь и поезд опоздал но завтра обещают солнце и мы поедем на дачу всей семьёй"),
    ("zh", 3, "今天 下雨 了 猫 不 同意 火车 又 晚点 明天 会 更好 我们 去 公园 拍照 吃饭 聊天"),
    ("ko", 3, "오늘 비가 와요 고양이가 자고 있어요 기차가 늦었어요 내일은 좋아질 거예요 사진을 찍었어요"),
];

/// Numbers that are the same in every run.
struct Numbers(u64);

impl Numbers {
    fn below(&mut self, most: u32) -> u32 {
        self.0 = self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        ((self.0 >> 33) % u64::from(most)) as u32
    }

    fn words(&mut self, words: &[&str], count: u32) -> String {
        (0..count).map(|_| words[self.below(words.len() as u32) as usize]).collect::<Vec<_>>().join(" ")
    }
}

fn text(numbers: &mut Numbers) -> (&'static str, String) {
    let mut share = numbers.below(100);
    let language = LANGUAGES.iter().find(|(_, of, _)| {
        let is_it = share < *of;
        share = share.saturating_sub(*of);
        is_it
    });
    let (language, _, words) = language.unwrap_or(&LANGUAGES[0]);
    let words: Vec<&str> = words.split(' ').collect();
    let count = 3 + numbers.below(35);
    let mut text = numbers.words(&words, count);
    match numbers.below(20) {
        0 => text += " 🐼🎉 #caturday #photography",
        1 => text += "\\n\\nhttps://news.example/2026/11/02/a-long-story?utm_source=bluesky",
        _ => {}
    }
    (language, text)
}

/// A text of words that nobody else uses, as long as a report's first paragraph.
fn report(numbers: &mut Numbers) -> String {
    const PIECES: [&str; 24] = [
        "ba", "ko", "ri", "tan", "mel", "su", "dor", "fi", "gra", "hul", "jen", "li", "mo", "nep", "or",
        "pas", "qui", "ro", "ste", "tu", "ul", "ver", "wo", "zi",
    ];
    let word = |numbers: &mut Numbers| (0..3).map(|_| PIECES[numbers.below(24) as usize]).collect::<String>();
    (0..45).map(|_| word(numbers)).collect::<Vec<_>>().join(" ")
}

fn event(numbers: &mut Numbers, n: usize) -> Vec<u8> {
    let did = format!("did:plc:{:024x}", numbers.below(u32::MAX));
    let at = 1_793_620_800_000_000_i64 + n as i64 * 12_000;
    let head = format!(r#"{{"did":"{did}","time_us":{at},"kind":""#);
    let post = r#"commit","commit":{"rev":"3l3qo2vutsw2b","operation":"create","collection":"app.bsky.feed.post","rkey":"3l3qo2vuowo2b","record":"#;
    let frame = match numbers.below(100) {
        0..3 => format!(
            r#"{head}identity","identity":{{"did":"{did}","handle":"reader{n}.bsky.social","seq":{n},"time":"2026-11-02T12:00:00.000Z"}}}}"#
        ),
        3..6 => format!(
            r#"{head}account","account":{{"active":true,"did":"{did}","seq":{n},"time":"2026-11-02T12:00:00.000Z"}}}}"#
        ),
        6..10 => format!(
            r#"{head}commit","commit":{{"rev":"3l3","operation":"delete","collection":"app.bsky.feed.post","rkey":"3l3qo2vuowo2b"}}}}"#
        ),
        10..13 => {
            let (_, note) = text(numbers);
            format!(
                r#"{head}commit","commit":{{"rev":"3l3","operation":"update","collection":"app.bsky.actor.profile","rkey":"self","record":{{"$type":"app.bsky.actor.profile","displayName":"Reader {n}","description":"{note}"}},"cid":"bafyreidwaivazkwu67xztlmuobx35hs2lnfh3kolmgfmucldvhd3sgzcqi"}}}}"#
            )
        }
        kind => {
            let (language, text) = text(numbers);
            let mut record = format!(
                r#"{{"$type":"app.bsky.feed.post","createdAt":"2026-11-02T11:59:59.000Z","langs":["{language}"],"text":"{text}""#
            );
            let strong = r#"{"cid":"bafyreidc6sydkkbchcyg62v77wbhzvb2mvytlmsychqgwf2xojjtirmzj4","uri":"at://did:plc:wa7b35aakoll7hugkrjtf3xf/app.bsky.feed.post/3l3pte3p2e325"}"#;
            if kind < 55 {
                let _ = write!(record, r#","reply":{{"parent":{strong},"root":{strong}}}"#);
            }
            match numbers.below(200) {
                0 => {
                    record += r#","embed":{"$type":"app.bsky.embed.external","external":{"uri":"https://www.xinhuanet.com/english/1","title":"t","description":"d"}}"#
                }
                1..60 => {
                    record += r#","embed":{"$type":"app.bsky.embed.images","images":[{"alt":"","aspectRatio":{"height":2000,"width":1500},"image":{"$type":"blob","ref":{"$link":"bafkreibabalobzn6cd366ukcsjycp4yymjymgfxcv6xczmlgpemzkz3cfa"},"mimeType":"image/jpeg","size":760898}}]}"#
                }
                _ => {}
            }
            format!(
                r#"{head}{post}{record}}},"cid":"bafyreidwaivazkwu67xztlmuobx35hs2lnfh3kolmgfmucldvhd3sgzcqi"}}}}"#
            )
        }
    };
    frame.into_bytes()
}

/// Seconds for which this process had a core, whatever else the machine does meanwhile.
fn worked() -> f64 {
    let worked = clock_gettime(ClockId::ProcessCPUTime);
    worked.tv_sec as f64 + worked.tv_nsec as f64 / 1e9
}

fn resident_mb() -> u64 {
    let pages = std::fs::read_to_string("/proc/self/statm").unwrap_or_default();
    pages.split(' ').nth(1).and_then(|pages| pages.parse::<u64>().ok()).unwrap_or_default() * 4 / 1_024
}

fn main() {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("config.toml");
    std::fs::write(
        &path,
        "contact = \"https://masthead.example/\"\nsources.bluesky = { enabled = true, jetstream = true }\n",
    )
    .unwrap();
    let now = Clock::Real.now();
    let config = load(Some(&path), &Environment::default(), now).config.unwrap();
    let store = Store::open(&dir.path().join("state"), 32).unwrap();
    let mut numbers = Numbers(7);
    let mut index = ReuseIndex::default();
    for n in 0..ITEMS {
        index.insert(n, &Prepared::of(&report(&mut numbers)));
    }
    let filter = Arc::new(RwLock::new(index.filter()));
    drop(index);
    let before = resident_mb();
    let readers = Readers::of(&store, &config, filter).unwrap();
    let events: Vec<Frame> = (0..DIFFERENT).map(|n| Frame::Text(event(&mut numbers, n))).collect();
    let bytes: usize = events.iter().map(|event| event.bytes().len()).sum();
    let (outlets, average) = (config.watchlist.enabled().count(), bytes / DIFFERENT);
    println!("{outlets} outlets, {ITEMS} items, events of {average} bytes in the mean");
    let begun = worked();
    let (mut looked, mut concerns, mut cannot) = (0, 0, 0);
    while looked < EVENTS {
        for batch in events.chunks(BATCH) {
            let sifted = sift(&readers, &config, batch, now);
            concerns += sifted.concerns();
            cannot += sifted.cannot_be_read();
            looked += batch.len();
        }
    }
    let took = worked() - begun;
    println!(
        "{looked} events in {took:.1} s: {:.0} events/s on one core, {:.0} MB/s; {concerns} may matter, {cannot} cannot be read",
        looked as f64 / took,
        looked as f64 * average as f64 / took / 1e6
    );
    println!("{} MB RSS, of which {before} before the events were made", resident_mb());
}
