//! Stories of text: what counts as a copy, what as a quotation, and how a post credits its source.
#![expect(clippy::unwrap_used, reason = "a scene that cannot be built is a failed test")]

use masthead::analysis::attribution::{credit, credits_and_tags};
use masthead::analysis::reuse::{Match, Prepared, ReuseIndex, compare};
use masthead::model::account::{Host, Network};
use masthead::model::item::{Item, ItemId};
use masthead::model::outlet::{Control, ExemptPublisher, ListedAccount, Outlet, OutletId};
use masthead::model::reuse::{Credit, ReuseKind};
use masthead::model::status::{Status, StatusUri};
use masthead::model::watchlist::Watchlist;
use proptest::prelude::*;

const TITLE: &str = "Nace un panda gigante en el centro de conservación de Chengdu";
const TEXT: &str = "La cría pesa 180 gramos y goza de buena salud, informaron los cuidadores del centro. \
                    Es el tercer nacimiento de este año y el primero de su madre, que llegó hace dos primaveras.";
const CHINESE: &str = "成都大熊猫繁育研究基地昨日迎来今年第三只熊猫幼崽，体重一百八十克，健康状况良好，工作人员说这是母亲的第一胎";

fn item(title: &str, text: &str) -> Item {
    let publisher = OutletId::parse("cns").unwrap();
    Item {
        id: ItemId::of(&publisher, title),
        publisher,
        feed: "https://cns.example/rss.xml".into(),
        url: None,
        title: title.into(),
        text: text.into(),
        language: Some("es".into()),
        claimed_at: None,
        first_seen: "2026-11-03T08:00:00Z".parse().unwrap(),
        background: false,
        sha256: String::new(),
    }
}

fn found(status: &str) -> Option<Match> {
    compare(&Prepared::of(status), &Prepared::of_item(&item(TITLE, TEXT)))
}

fn kind(status: &str) -> Option<ReuseKind> {
    found(status).map(|found| found.kind)
}

#[test]
fn a_copy_is_a_copy_however_it_is_dressed_up() {
    for status in [
        format!("{TITLE}\n{TEXT}"),
        TITLE.to_owned(),
        TITLE.to_uppercase(),
        format!("🐼 {TITLE} 🐼 #pandas #China"),
        format!("{TITLE}. Twitter •mundo_china"),
        format!("{TITLE}\n{}", &TEXT[..85]),
        TEXT.to_owned(),
        TITLE.replace('a', "а").replace('o', "о"),
        format!("{TITLE}\u{200b} https://otro.example/nota"),
        format!("¡Qué ternura! {TITLE}. {TEXT}"),
        format!(
            "{TITLE}. {}",
            TEXT.replace("goza de buena salud", "está sana").replace("cuidadores", "veterinarios")
        ),
    ] {
        assert_eq!(kind(&status), Some(ReuseKind::Copy), "{status}");
    }
}

#[test]
fn quotations_and_comments_are_told_from_copies() {
    for (status, expected) in [
        (
            format!("Así informa la agencia: “{TITLE}. La cría pesa 180 gramos”. ¿Y del resto, nada?"),
            ReuseKind::Quoted,
        ),
        (format!("«{TITLE}. {TEXT}» Esto es publicidad y no una noticia."), ReuseKind::Quoted),
        (format!("> {TITLE}\n> {TEXT}\nEsto es publicidad."), ReuseKind::Quoted),
        (
            format!(
                "Otra vez lo mismo de esa agencia: {TITLE}. La cría pesa 180 gramos. No me convence nada."
            ),
            ReuseKind::Commented,
        ),
    ] {
        assert_eq!(kind(&status), Some(expected), "{status}");
    }
}

/// The agency quotes a keeper; who copies the item copies the quote marks, too.
#[test]
fn a_copy_of_an_item_that_quotes_somebody_is_no_quotation() {
    let text = "“La cría pesa 180 gramos y goza de buena salud, y su madre la cuida sin descanso desde el primer día”, dijo Li.";
    let whole = format!("{TITLE}. {text}");
    let found = compare(&Prepared::of(&whole), &Prepared::of_item(&item(TITLE, text))).unwrap();
    assert_eq!(found.kind, ReuseKind::Copy);
}

#[test]
fn news_of_the_same_kind_and_common_phrases_are_no_copies() {
    for status in [
        "Nace un panda rojo en el zoológico de Asunción, el primero en diez años según el director",
        "El centro de conservación de Chengdu abre una sala nueva para visitantes este fin de semana",
        "Es el tercer nacimiento de este año en el hospital regional, informaron las autoridades",
        "Otra vez lluvia en la capital",
        "",
        "🐼",
    ] {
        assert_eq!(found(status), None, "{status}");
    }
}

#[test]
fn an_edited_copy_has_words_of_its_own_and_a_plain_one_has_none() {
    let edited = |text: &str| found(text).unwrap().derived;
    assert_eq!(edited(&format!("{TITLE}. {TEXT}")), None);
    assert_eq!(edited(&format!("{TITLE} #pandas")), None);
    let one = edited(&format!("{TITLE}. La cría pesa 180 gramos y está muy sana. Fuente: X"));
    let other = edited(&format!("{TITLE}: la cría pesa 180 gramos y está MUY sana 🐼"));
    assert!(one.is_some());
    assert_eq!(one, other);
    assert_ne!(one, edited(&format!("{TITLE}. La cría pesa 180 gramos y está bastante sana")));
}

#[test]
fn chinese_text_is_compared_by_its_letters() {
    let theirs = Prepared::of(CHINESE);
    let traditional = CHINESE.replace('员', "員").replace('这', "這").replace('说', "說").replace('体', "體");
    let found = compare(&Prepared::of(&format!("{traditional} 来源：网络")), &theirs).unwrap();
    assert_eq!((found.kind, found.share, found.derived), (ReuseKind::Copy, 100, None));
    assert_eq!(compare(&Prepared::of("成都今天下雨，熊猫基地暂停开放，请游客注意安全出行"), &theirs), None);
}

#[test]
fn passages_show_the_same_place_in_both() {
    let found = found(&format!("🐼 {}", TITLE.to_uppercase())).unwrap();
    assert_eq!(found.passage, TITLE.to_uppercase());
    assert_eq!(found.item_passage, TITLE);
}

fn outlet(id: &str, name: &str, aliases: &[&str], handles: &[(Network, &str)]) -> Outlet {
    Outlet {
        id: OutletId::parse(id).unwrap(),
        name: name.into(),
        native_name: None,
        aliases: aliases.iter().map(|alias| (*alias).to_owned()).collect(),
        country: "CN".into(),
        owner: None,
        control: Control::StateControlled,
        control_basis: vec![],
        system: Some("cn-party-state".into()),
        enabled: true,
        parents: vec![],
        domains: vec![Host::parse(&format!("{id}.example")).unwrap()],
        bylines: vec!["(CNS)".into(), "中新社*电".into()],
        feeds: vec![],
        accounts: handles
            .iter()
            .map(|(network, handle)| ListedAccount {
                network: *network,
                handle: (*handle).to_owned(),
                confirmed: false,
                seen_in: None,
                proof: None,
            })
            .collect(),
        sources: vec![],
        unverified: vec![],
    }
}

fn watchlist() -> Watchlist {
    let cns = outlet(
        "cns",
        "China News Service",
        &["CNS", "中新社"],
        &[(Network::X, "mundo_china"), (Network::Mastodon, "cns@one.example")],
    );
    let xinhua = outlet("xinhua", "Xinhua News Agency", &["Xinhua"], &[]);
    let wire = ExemptPublisher {
        id: OutletId::parse("wire").unwrap(),
        name: "Agencia Ejemplo".into(),
        country: "ES".into(),
        domains: vec![Host::parse("wire.example").unwrap()],
        classification: "independent".into(),
        smm_code: "IP".into(),
        feeds: vec![],
        note: None,
        sources: vec![],
    };
    Watchlist {
        outlets: [cns, xinhua].into_iter().map(|outlet| (outlet.id.clone(), outlet)).collect(),
        exempt: vec![wire],
        ..Watchlist::default()
    }
}

fn status(text: &str) -> Status {
    Status {
        uri: StatusUri("https://social.example/1".into()),
        local_id: "1".into(),
        url: None,
        claimed_at: None,
        edited_at: None,
        text: text.into(),
        spoiler: String::new(),
        language: None,
        boost_of: None,
        is_reply: false,
        links: vec![],
        mentions: vec![],
        tags: vec![],
        media: vec![],
        application: None,
    }
}

fn credited(text: &str) -> Credit {
    credit(&status(text), &OutletId::parse("cns").unwrap(), &watchlist())
}

#[test]
fn a_plain_byline_is_an_honest_credit() {
    for text in [
        "Nace un panda. Fuente: China News Service",
        "Nace un panda (CNS)",
        "Nace un panda, informa China News Service desde Chengdu",
        "Nace un panda. Vía CNS",
        "Foto: CNS. Nace un panda",
        "中新社成都11月3日电 熊猫出生",
        "熊猫出生。来源：中新社",
        // What programs make of a mention that post to several networks.
        "Nace un panda, vía @mundo_china",
        "Nace un panda, vía mundo_china@twitter.com",
        "Nace un panda. Twitter: mundo_china",
    ] {
        assert_eq!(credited(text), Credit::Byline, "{text}");
    }
}

#[test]
fn a_handle_that_does_not_work_is_an_altered_credit() {
    for (text, as_it_stands) in [
        ("Nace un panda. Twitter •mundo_china", "Twitter •mundo_china"),
        ("Nace un panda\n＠ｍｕｎｄｏ＿ｃｈｉｎａ", "＠ｍｕｎｄｏ＿ｃｈｉｎａ"),
        ("Nace un panda. Fuente: mundо_сhina", "Fuente: mundо_сhina"),
        ("Nace un panda. via @ mundo_china", "via @ mundo_china"),
        ("Nace un panda. Twitter @mundo\u{200b}_china", "Twitter @mundo\u{200b}_china"),
    ] {
        assert_eq!(credited(text), Credit::Altered(as_it_stands.into()), "{text}");
    }
}

#[test]
fn silence_pieces_of_words_and_other_sources_are_no_credit() {
    for text in [
        "Nace un panda",
        "Los CNSantos celebran",
        "El mundo China: una mirada",
        "CNS es también un sistema nervioso",
        "Nace un panda. Fuente: Radio Norte",
    ] {
        assert_eq!(credited(text), Credit::None, "{text}");
    }
}

#[test]
fn links_and_mentions_of_the_outlet_or_its_system_are_honest() {
    let cns = OutletId::parse("cns").unwrap();
    let link = |url: &str| credit(&Status { links: vec![url.into()], ..status("x") }, &cns, &watchlist());
    assert_eq!(link("https://www.cns.example/a"), Credit::Link);
    assert_eq!(link("https://xinhua.example/a"), Credit::Link);
    assert_eq!(link("https://cns.example.evil.example/a"), Credit::None);
    let mention =
        |who: &str| credit(&Status { mentions: vec![who.into()], ..status("x") }, &cns, &watchlist());
    assert_eq!(mention("cns@one.example"), Credit::Mention);
    assert_eq!(mention("cns@other.example"), Credit::None);
}

#[test]
fn a_wire_is_credited_by_name_or_link() {
    let wire = OutletId::parse("wire").unwrap();
    let named = credit(&status("Sube el pan. Fuente: Agencia Ejemplo"), &wire, &watchlist());
    let linked = Status { links: vec!["https://wire.example/1".into()], ..status("Sube el pan") };
    assert_eq!((named, credit(&linked, &wire, &watchlist())), (Credit::Byline, Credit::Link));
}

/// Words that a headline desk might use, of several lengths.
const WORDS: [&str; 24] = [
    "puente",
    "panda",
    "festival",
    "río",
    "tren",
    "museo",
    "faroles",
    "montaña",
    "científicos",
    "inauguran",
    "descubren",
    "restauran",
    "ciudad",
    "provincia",
    "visitantes",
    "antiguo",
    "nuevo",
    "durante",
    "después",
    "aldea",
    "cosecha",
    "té",
    "ópera",
    "dragón",
];

fn sentence(choices: &[usize]) -> String {
    choices.iter().map(|choice| WORDS[choice % WORDS.len()]).collect::<Vec<_>>().join(" ")
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn no_text_makes_comparison_or_attribution_panic(one in any::<String>(), other in any::<String>()) {
        let text = format!("{one}{TITLE}{other}");
        let (mine, theirs) = (Prepared::of(&text), Prepared::of_item(&item(&one, &other)));
        compare(&mine, &theirs);
        compare(&theirs, &mine);
        credited(&text);
        credited(&format!("{one} @mundo_china{other} CNS {one}"));
        for range in credits_and_tags(&text) {
            prop_assert!(text.get(range).is_some());
        }
    }

    #[test]
    fn a_copy_with_every_twelfth_word_replaced_is_found(choices in prop::collection::vec(0..1000_usize, 40..60)) {
        let source = sentence(&choices);
        let copied: Vec<&str> =
            source.split(' ').enumerate().map(|(at, word)| if at % 12 == 11 { "otra" } else { word }).collect();
        let mut index = ReuseIndex::default();
        index.insert(1, &Prepared::of(&source));
        let copied = Prepared::of(&copied.join(" "));
        prop_assert_eq!(index.candidates(&copied), vec![1]);
        let found = compare(&copied, &Prepared::of(&source)).unwrap();
        prop_assert!(found.kind == ReuseKind::Copy && found.derived.is_some(), "{:?}", found);
    }

    #[test]
    fn an_excerpt_is_found_and_is_a_piece(choices in prop::collection::vec(0..1000_usize, 60..90), from in 0..20_usize) {
        let source = sentence(&choices);
        let excerpt: Vec<&str> = source.split(' ').skip(from).take(25).collect();
        let excerpt = Prepared::of(&excerpt.join(" "));
        let mut index = ReuseIndex::default();
        index.insert(1, &Prepared::of(&source));
        prop_assert_eq!(index.candidates(&excerpt), vec![1]);
        let found = compare(&excerpt, &Prepared::of(&source)).unwrap();
        prop_assert!(found.kind == ReuseKind::Copy && found.derived.is_none());
    }
}
