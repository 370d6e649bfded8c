//! Stories of sites: what an account's own pages have in common with an outlet's, what that weighs, and whom it must not harm.
#![expect(clippy::unwrap_used, reason = "a scene that cannot be built is a failed test")]

#[path = "manual/json.rs"]
mod json_manual;

use std::collections::BTreeMap;
use std::sync::Arc;

use chrono::{DateTime, Duration, Utc};
use masthead::analysis::concealed::{Count, LEAD_POINTS, READY_FAMILIES, families, total};
use masthead::analysis::corpus::Corpus;
use masthead::analysis::indicators::{Family, TABLE, indicator, ties};
use masthead::analysis::sites::{LEAST_POINTS, Sites, own_pages};
use masthead::clock::Clock;
use masthead::cycle::Newsroom;
use masthead::cycle::commands::{Answer, Explanation, Request, answer};
use masthead::daemon::{Pages, Service};
use masthead::demo;
use masthead::model::account::{AccountId, Host};
use masthead::model::dossier::{AccountRecord, Dossier, Found, Method, Presence};
use masthead::model::evidence::{Evidence, Weight};
use masthead::model::observation::{Counts, LinkPlace, Observation, Profile, ProfileLink, Wishes};
use masthead::model::outlet::{Control, ExemptPublisher, Operator, Outlet, OutletId};
use masthead::model::proof::{NamedBy, Naming};
use masthead::model::site::{Mark, MarkKind, SeenMark, SiteSight};
use masthead::model::target::Target;
use masthead::model::watchlist::Watchlist;
use masthead::sandbox::story::{ORIGIN, Story};
use masthead::sandbox::{Options, Sandbox};
use tempfile::TempDir;

fn start() -> DateTime<Utc> {
    "2026-11-02T08:00:00Z".parse().unwrap()
}

fn id(text: &str) -> OutletId {
    OutletId::parse(text).unwrap()
}

fn host(name: &str) -> Host {
    Host::parse(name).unwrap()
}

fn outlet(name: &str, system: &str) -> Outlet {
    Outlet {
        name: name.to_uppercase(),
        control: Control::StateControlled,
        system: Some(system.into()),
        enabled: true,
        domains: vec![host(&format!("{name}.example"))],
        ..Outlet::unknown(id(name))
    }
}

fn watchlist() -> Watchlist {
    let outlets =
        [outlet("agency", "one-state"), outlet("station", "one-state"), outlet("other", "two-state")];
    let builder = Operator {
        id: id("builder"),
        name: "Puente Digital".into(),
        aliases: vec!["大桥科技".into()],
        owner_outlet: id("agency"),
        says: "subsidiary of the agency".into(),
        marks: ["puente.example", "UA-7654321", "Sitio del Puente"].map(String::from).into(),
        sources: vec![],
        unverified: vec![],
    };
    let broadcaster = ExemptPublisher {
        id: id("broadcaster"),
        name: "Broadcaster".into(),
        country: "XX".into(),
        domains: vec![host("broadcaster.example")],
        classification: "independent-public".into(),
        smm_code: "IP".into(),
        feeds: vec![],
        note: None,
        sources: vec![],
    };
    Watchlist {
        outlets: outlets.into_iter().map(|outlet| (outlet.id.clone(), outlet)).collect(),
        operators: vec![builder],
        exempt: vec![broadcaster],
        ..Watchlist::default()
    }
}

fn mark(kind: MarkKind, value: &str) -> Mark {
    Mark { kind, value: value.into() }
}

fn tags(value: &str) -> Mark {
    mark(MarkKind::TagManager, value)
}

fn credit(value: &str) -> Mark {
    mark(MarkKind::Credit, value)
}

/// A front page that was read in the first hour and bears these marks since.
fn site(name: &str, marks: &[Mark]) -> SiteSight {
    let url = format!("https://{name}/");
    let seen = |mark: &Mark| SeenMark { mark: mark.clone(), shown: mark.value.clone(), first_seen: start() };
    SiteSight {
        final_url: url.clone(),
        url,
        sha256: "ab".repeat(32),
        first_read: start(),
        fetched_at: start() + Duration::days(7),
        etag: None,
        last_modified: None,
        marks: marks.iter().map(seen).collect(),
        names: vec![],
        feeds: vec![],
    }
}

/// The same with a link back to the account.
fn own(name: &str, account: &str, marks: &[Mark]) -> SiteSight {
    let target = format!("https://social.example/@{account}");
    SiteSight { names: vec![Naming { by: NamedBy::RelMe, target }], ..site(name, marks) }
}

/// An account whose profile links there, as nobody else's.
fn paper(name: &str, links: &[&str], sites: Vec<SiteSight>) -> Dossier {
    let account = AccountId::mastodon(format!("https://social.example/users/{name}"));
    let link = |url: &&str| ProfileLink { url: (*url).into(), place: LinkPlace::Note };
    let profile = Profile {
        id: account.clone(),
        acct: format!("{name}@social.example").parse().unwrap(),
        local_id: "1".into(),
        url: Some(format!("https://social.example/@{name}")),
        display_name: name.into(),
        note: "Noticias".into(),
        links: links.iter().map(link).collect(),
        is_bot: false,
        is_suspended: false,
        wishes: Wishes::default(),
        moved_to: None,
        claimed_created_at: None,
        claimed_last_status: None,
        counts: Counts::default(),
    };
    let found =
        Found { at: start(), method: Method::Timeline, through: "social.example".into(), background: false };
    let read_from = "https://social.example/api/v1/accounts/1".into();
    Dossier {
        account: AccountRecord {
            id: account,
            acct: profile.acct.clone(),
            api_host: host("social.example"),
            found,
            latest: Observation { profile, seen_at: start(), server_date: None, read_from },
            presence: Presence::There,
            last_complete_poll: Some(start()),
        },
        listings: vec![],
        counts: vec![],
        reuse: vec![],
        never_flag: None,
        statuses: vec![],
        pages: vec![],
        hosts: vec![],
        sites,
    }
}

/// These sites among so many others that have no mark.
fn read(sites: &[SiteSight], others: usize) -> Corpus {
    let others = (0..others).map(|number| site(&format!("paper{number}.example"), &[]));
    let all: Vec<SiteSight> = sites.iter().cloned().chain(others).collect();
    Corpus { sites: Arc::new(Sites::of(&all, &watchlist())), ..Corpus::default() }
}

fn run(dossier: &Dossier, corpus: &Corpus) -> Vec<Evidence> {
    (indicator("shared_site").unwrap().run)(dossier, &watchlist(), corpus)
}

fn points(found: &[Evidence]) -> Vec<f64> {
    let points = |item: &Evidence| match item.weight {
        Weight::Points(points) => Some(points),
        _ => None,
    };
    found.iter().filter_map(points).collect()
}

/// Why what its first site has in common with outlets counts nothing, as reviewers see it.
fn why_not(dossier: &Dossier, corpus: &Corpus) -> Vec<&'static str> {
    let profile = &dossier.account.latest.profile;
    let of = |seen| ties(&dossier.sites[0], seen, profile, &watchlist(), &corpus.sites);
    dossier.sites[0].marks.iter().flat_map(of).filter_map(|tie| tie.but).collect()
}

/// The paper's site, the agency's page with the same mark, and ninety-seven sites without it.
fn in_common(mark: &Mark) -> (Dossier, Corpus) {
    let mine = own("diario.example", "diario", std::slice::from_ref(mark));
    let corpus = read(&[mine.clone(), site("agency.example", std::slice::from_ref(mark))], 98);
    (paper("diario", &["https://diario.example/"], vec![mine]), corpus)
}

#[test]
fn a_rare_id_in_common_with_the_outlet_s_page_is_evidence_with_both_pages_to_look_at() {
    let (diario, corpus) = in_common(&tags("GTM-PD4X7K"));
    let found = run(&diario, &corpus);
    let [evidence] = found.as_slice() else { panic!("{found:?}") };
    assert_eq!(evidence.outlet, id("agency"));
    assert_eq!(
        evidence.says,
        "its site diario.example has “GTM-PD4X7K” (Google Tag Manager id): a page of AGENCY has it; 2 of 100 unrelated \
         sites have it"
    );
    // The share is at most 6.2 % by Clopper and Pearson.
    assert!((points(&found)[0] - 1.21).abs() < 0.01, "{:?}", points(&found));
    let cited: Vec<(&str, &str)> =
        evidence.citations().iter().map(|citation| (citation.url.as_str(), &citation.sha256[..4])).collect();
    let profile = &diario.account.latest.profile.content_hash()[..4];
    assert_eq!(
        cited,
        [
            ("https://diario.example/", "abab"),
            ("https://social.example/@diario", profile),
            ("https://agency.example/", "abab")
        ]
    );
}

#[test]
fn a_credit_to_the_outlet_s_builder_is_evidence_without_a_page_of_the_outlet() {
    for marks in [
        vec![credit("puente digital")],
        vec![mark(MarkKind::CreditLink, "www.puente.example")],
        vec![credit("北京大桥科技有限公司")],
        vec![credit("sitio del puente")],
        vec![mark(MarkKind::GoogleAnalytics, "UA-7654321")],
        vec![mark(MarkKind::MetaCredit, "puente digital s.a.")],
    ] {
        let mine = own("diario.example", "diario", &marks);
        let corpus = read(std::slice::from_ref(&mine), 99);
        let found = run(&paper("diario", &["https://diario.example/"], vec![mine]), &corpus);
        assert_eq!(points(&found).len(), 1, "{marks:?} {found:?}");
        assert!(
            found[0].says.contains("a mark of Puente Digital (subsidiary of the agency)"),
            "{}",
            found[0].says
        );
    }
    for other in
        [credit("puentes digitales"), credit("digital"), mark(MarkKind::CreditLink, "elpuente.example")]
    {
        let mine = own("diario.example", "diario", std::slice::from_ref(&other));
        let corpus = read(std::slice::from_ref(&mine), 99);
        assert_eq!(run(&paper("diario", &["https://diario.example/"], vec![mine]), &corpus), [], "{other}");
    }
}

#[test]
fn a_mark_weighs_the_less_the_more_unrelated_sites_have_it_and_nothing_among_few() {
    let common = tags("GTM-PD4X7K");
    let weigh = |carriers: usize, all: usize| {
        let mine = own("diario.example", "diario", std::slice::from_ref(&common));
        let mut sites = vec![mine.clone(), site("agency.example", std::slice::from_ref(&common))];
        sites
            .extend((2..carriers).map(|n| site(&format!("other{n}.example"), std::slice::from_ref(&common))));
        let corpus = read(&sites, all - carriers);
        points(&run(&paper("diario", &["https://diario.example/"], vec![mine]), &corpus)).first().copied()
    };
    let weights = [(2, 1_000), (2, 100), (10, 100), (40, 100)].map(|(carriers, all)| weigh(carriers, all));
    assert!(weights.windows(2).all(|pair| pair[0] > pair[1]), "{weights:?}");
    assert_eq!(weights[3], None);
    assert_eq!((weigh(2, 16), weigh(2, 18).is_some_and(|points| points >= LEAST_POINTS)), (None, true));
}

/// Detection's hard negative “shared web builder or CDN”: the tool says nothing, and a workshop that many use little.
#[test]
fn a_shared_web_builder_or_cdn_ties_nobody_to_an_outlet() {
    for tool in [
        mark(MarkKind::Generator, "wordpress"),
        credit("wordpress"),
        credit("tagdiv newspaper theme"),
        mark(MarkKind::CreditLink, "wix.com"),
        credit("cloudflare"),
        mark(MarkKind::AppVendor, "com.goodbarber"),
    ] {
        let (diario, corpus) = in_common(&tool);
        assert_eq!(run(&diario, &corpus), [], "{tool}");
    }
    let workshop = credit("taller jacaranda");
    let mine = own("diario.example", "diario", std::slice::from_ref(&workshop));
    let mut sites = vec![mine.clone(), site("agency.example", std::slice::from_ref(&workshop))];
    sites.extend((0..50).map(|n| site(&format!("cliente{n}.example"), std::slice::from_ref(&workshop))));
    let (diario, corpus) = (paper("diario", &["https://diario.example/"], vec![mine]), read(&sites, 48));
    assert_eq!(run(&diario, &corpus), []);
    assert_eq!(why_not(&diario, &corpus), ["not counted: too many sites may have it"]);
    // A link to a host of strangers is no site at all.
    let links = [
        "https://diario.wordpress.com/",
        "https://linktr.ee/diario",
        "https://bit.ly/x",
        "https://diario.github.io/",
    ];
    assert_eq!(
        own_pages(&paper("diario", &links, vec![]).account.latest.profile, &watchlist()),
        Vec::<String>::new()
    );
}

/// Detection's hard negative “two papers taking a third wire”: what they share with each other and with that wire is not
/// the outlet's.
#[test]
fn two_papers_that_take_a_third_wire_and_its_box_of_headlines_are_tied_to_no_outlet() {
    let wire = tags("GTM-W1R3XX");
    let (one, other) = (
        own("correo.example", "correo", std::slice::from_ref(&wire)),
        own("voz.example", "voz", std::slice::from_ref(&wire)),
    );
    let corpus = read(&[one.clone(), other.clone(), site("broadcaster.example", &[wire])], 97);
    assert_eq!(run(&paper("correo", &["https://correo.example/"], vec![one.clone()]), &corpus), []);
    // They are one group, which is a fact and no points.
    let sisters: Vec<&str> = corpus.sites.sisters(&one).map(|(_, bearer)| bearer.page.url.as_str()).collect();
    assert_eq!(sisters, ["https://voz.example/"]);
}

#[test]
fn a_site_that_does_not_link_back_is_shown_to_reviewers_and_counts_nothing() {
    let common = tags("GTM-PD4X7K");
    let agency = site("agency.example", std::slice::from_ref(&common));
    let with = |by: NamedBy, target: &str| SiteSight {
        names: vec![Naming { by, target: target.into() }],
        ..site("diario.example", std::slice::from_ref(&common))
    };
    let me = "https://social.example/@diario";
    for (mine, counts) in [
        (with(NamedBy::RelMe, me), true),
        // A paper links to those who write for it, whose profiles link to the paper.
        (with(NamedBy::Link, me), false),
        (with(NamedBy::Creator, "diario@social.example"), false),
        (with(NamedBy::RelMe, "https://social.example/@diario_fan"), false),
        (site("diario.example", std::slice::from_ref(&common)), false),
        // Over http anybody in between can write a link.
        (SiteSight { final_url: "http://diario.example/".into(), ..with(NamedBy::RelMe, me) }, false),
    ] {
        let corpus = read(&[mine.clone(), agency.clone()], 98);
        let diario = paper("diario", &["https://diario.example/"], vec![mine]);
        assert_eq!(run(&diario, &corpus).len(), usize::from(counts), "{:?}", diario.sites);
        let why_not = why_not(&diario, &corpus);
        assert_eq!(why_not.iter().any(|why| why.contains("does not link back")), !counts, "{why_not:?}");
    }
}

/// An id can be copied by anybody: a critic who puts the outlet's onto his page has one kind of evidence against him, and
/// neither the points of a lead nor copies.
#[test]
fn a_framed_critic_with_the_outlet_s_id_on_his_page_is_not_even_a_lead() {
    let (critic, corpus) = in_common(&tags("GTM-PD4X7K"));
    let evidence: Vec<Evidence> =
        TABLE.iter().flat_map(|indicator| (indicator.run)(&critic, &watchlist(), &corpus)).collect();
    let sums = families(&evidence, Count::WithLeads);
    assert_eq!(sums.keys().collect::<Vec<_>>(), [&Family::Infrastructure]);
    assert!(sums.len() < READY_FAMILIES && total(&sums) <= Family::Infrastructure.cap());
    assert!(Family::Infrastructure.cap() < LEAD_POINTS);
    let assessed = masthead::analysis::assess::assess(&critic, &watchlist(), &corpus).unwrap();
    assert_eq!(assessed.level, masthead::model::assessment::Level::Nothing);
    assert_eq!(assessed.relation, masthead::model::assessment::Relation::Unrelated);
}

/// The other way round the outlet copies its critic's id.
#[test]
fn an_outlet_that_takes_a_critic_s_id_onto_its_page_later_frames_nobody() {
    let common = tags("GTM-CR1T1C");
    let mine = own("critica.example", "critica", std::slice::from_ref(&common));
    let mut agency = site("agency.example", std::slice::from_ref(&common));
    agency.marks[0].first_seen = start() + Duration::days(5);
    let critic = paper("critica", &["https://critica.example/"], vec![mine.clone()]);
    let corpus = read(&[mine.clone(), agency.clone()], 98);
    assert_eq!(run(&critic, &corpus), []);
    assert!(why_not(&critic, &corpus)[0].contains("stood on the account's site before"));
    // Where another page of the outlet had it from the start, nobody copied the critic.
    let station = site("station.example", std::slice::from_ref(&common));
    assert_eq!(points(&run(&critic, &read(&[mine, agency, station], 97))).len(), 1);
}

#[test]
fn several_marks_of_one_hand_count_once_and_more_sites_never_add_up() {
    let marks =
        [tags("GTM-PD4X7K"), mark(MarkKind::Adsense, "pub-9076543210987654"), credit("puente digital")];
    let one = own("diario.example", "diario", &marks);
    let two = own("diario-dos.example", "diario", &marks);
    let pages =
        [one.clone(), two.clone(), site("agency.example", &marks[..2]), site("station.example", &marks[..2])];
    let corpus = read(&pages, 97);
    let found = run(
        &paper("diario", &["https://diario.example/", "https://diario-dos.example/"], vec![one, two]),
        &corpus,
    );
    assert_eq!((points(&found).len(), found.len()), (1, 1), "{found:?}");
    assert!(
        found[0].says.ends_with("; 2 more of its marks tie it there and count nothing"),
        "{}",
        found[0].says
    );
}

#[test]
fn outlets_of_one_system_and_pages_of_one_domain_are_one_owner() {
    let common = tags("GTM-PD4X7K");
    let names =
        ["agency.example", "station.example", "www.diario.example", "es.diario.example", "other.example"];
    let sites: Vec<SiteSight> = names.iter().map(|name| site(name, std::slice::from_ref(&common))).collect();
    let sites = Sites::of(&sites, &watchlist());
    assert_eq!((sites.owners(&common), sites.read()), (3, 3));
    assert_eq!(Sites::default().rarity(&common), 0.0);
}

#[test]
fn own_pages_are_two_at_most_over_https_and_nobody_else_s() {
    let pages =
        |links: &[&str]| own_pages(&paper("diario", links, vec![]).account.latest.profile, &watchlist());
    assert_eq!(
        pages(&[
            "https://diario.example/#top",
            "https://diario.example",
            "https://www.diario.example/es",
            "https://tres.example/"
        ]),
        ["https://diario.example/", "https://www.diario.example/es"]
    );
    for other in [
        "http://diario.example/",
        "https://social.example/about",
        "https://two.example/@diario",
        "https://two.example/users/diario",
        "https://es.agency.example/",
        "https://broadcaster.example/",
        "https://t.me/diario",
        "https://www.youtube.com/c/diario",
        "https://play.google.com/store/apps/details?id=x",
        "https://192.0.2.7/",
        "https://localhost/",
    ] {
        assert_eq!(pages(&[other]), Vec::<String>::new(), "{other}");
    }
}

#[test]
fn what_was_seen_first_stays_so_and_time_is_no_news() {
    let before = own("diario.example", "diario", &[tags("GTM-PD4X7K")]);
    let mut later = own("diario.example", "diario", &[tags("GTM-PD4X7K"), tags("GTM-NEW123")]);
    later.first_read = start() + Duration::days(7);
    later.marks.iter_mut().for_each(|seen| seen.first_seen = start() + Duration::days(7));
    let merged = later.after(&before);
    let times: BTreeMap<&str, DateTime<Utc>> =
        merged.marks.iter().map(|seen| (seen.mark.value.as_str(), seen.first_seen)).collect();
    assert_eq!(times["GTM-PD4X7K"], start());
    assert_eq!(times["GTM-NEW123"], start() + Duration::days(7));
    assert_eq!(merged.first_read, start());
    assert!(!merged.says_as(&before) && before.clone().says_as(&before));
}

/// A newsroom that has lived a week of the founding story.
struct Week {
    room: Newsroom,
    now: DateTime<Utc>,
    _folder: TempDir,
}

impl Week {
    async fn lived() -> Week {
        let folder = tempfile::tempdir().unwrap();
        let clock = Clock::jumping(ORIGIN);
        let options = Options { story: Story::Founding, clock: Some(clock), ..Options::new(folder.path()) };
        let world = Sandbox::start(options).await.unwrap();
        let room = demo::open(&world.config(), clock).await.unwrap();
        let pages: Pages = Box::new(|stopped| {
            Box::pin(async move {
                stopped.await;
                Ok(())
            })
        });
        let driver = tokio::spawn(async move { clock.drive().await });
        let service = Service::start(room.clone(), pages).unwrap();
        clock.sleep_until(ORIGIN + Duration::days(7)).await;
        driver.abort();
        service.stop().await.unwrap();
        Week { room, now: clock.now(), _folder: folder }
    }

    async fn explained(&self, account: &str) -> (Explanation, String) {
        let request = Request::Explain { account: account.into() };
        let answer = answer(&self.room, request, self.now).await.unwrap();
        let text = masthead::cli::render(&answer);
        let Answer::Explained(explanation) = answer else { panic!("{text}") };
        (*explanation, text)
    }
}

fn of_sites(explanation: &Explanation) -> Vec<&Evidence> {
    let evidence = explanation.assessment.iter().flat_map(|assessment| &assessment.evidence);
    evidence.filter(|item| item.indicator.0 == "shared_site").collect()
}

/// The case that must work, in the embedded world: a subsidiary of the agency built the papers' sites.
#[test]
fn a_week_of_the_founding_story_shows_who_built_the_papers_sites_and_harms_no_customer_of_a_workshop() {
    let runtime =
        tokio::runtime::Builder::new_current_thread().enable_all().max_blocking_threads(demo::HANDS).build();
    runtime.unwrap().block_on(async {
        let week = Week::lived().await;
        let mut manual = json_manual::Manual::read();

        // Paraguay's site links back: its builder counts, with places to look.
        let (paraguay, text) = week.explained("noticias_py@social.example").await;
        let found = of_sites(&paraguay);
        let [evidence] = found.as_slice() else { panic!("{text}") };
        assert_eq!(evidence.outlet, id("cns"), "{text}");
        assert!(matches!(evidence.weight, Weight::Points(points) if points >= LEAST_POINTS), "{text}");
        assert!(evidence.says.contains("“Desarrollado por Puente Digital”"), "{text}");
        let cited: Vec<&str> = evidence.citations().iter().map(|citation| citation.url.as_str()).collect();
        assert_eq!(cited, ["https://noticiaspy.example/", "https://social.example/@noticias_py"]);
        assert!(evidence.citations().iter().all(|citation| citation.sha256.len() == 64));
        for part in [
            "links back with rel=me, so it is the account's",
            "Google Tag Manager id: GTM-PD4X7K  (on 2 of",
            "generator: WordPress 6.4.2  (a tool of many, never counts)",
            "one group with https://cronicacl.example/ of cronica_cl@social.example, which counts nothing",
            "how rare the mark is among unrelated sites",
        ] {
            assert!(text.contains(part), "`{part}` is not in\n{text}");
        }

        // Chile's does not: shown, and nothing more. Costa Rica has none.
        let (chile, text) = week.explained("cronica_cl@social.example").await;
        assert!(of_sites(&chile).is_empty(), "{text}");
        assert!(text.contains("does not link back with rel=me, so its marks count nothing"), "{text}");
        assert!(text.contains("it is a mark of Puente Digital"), "{text}");
        let (costa_rica, text) = week.explained("diario_cr@two.example").await;
        assert!(costa_rica.sites.is_empty() && of_sites(&costa_rica).is_empty(), "{text}");

        // The nurse's blog and the agency have a workshop in common, as local papers do.
        let (nurse, text) = week.explained("lucia_bambu@social.example").await;
        assert!(of_sites(&nurse).is_empty(), "{text}");
        assert!(nurse.sites[0].read.as_ref().is_some_and(|read| read.confirmed), "{text}");
        assert!(text.contains("not counted: too many sites may have it"), "{text}");

        // Whoever says where his texts are from is not looked at, and nobody is asked oftener than once a week.
        let targets = week.room.store.targets().unwrap();
        let sites = targets.iter().filter(|record| matches!(record.target, Target::Site { .. }));
        let read: Vec<_> = sites.filter(|record| record.last_ok.is_some()).collect();
        assert!(read.len() > 10, "{}", read.len());
        assert!(
            read.iter().all(|record| record.due - record.last_ok.unwrap() > Duration::days(6)),
            "{read:?}"
        );

        let envelope = |explanation: Explanation| {
            let mut value = serde_json::to_value(Answer::Explained(Box::new(explanation))).unwrap();
            value["json_version"] = 1.into();
            value
        };
        manual.check(&envelope(paraguay));
        manual.check(&envelope(nurse));
        let unmet = manual.unmet();
        let of_sites = json_manual::held_by("tests/sites.rs");
        let is_of_sites = |field: &&String| of_sites.iter().any(|shape| field.starts_with(shape));
        // All pages of this world answer.
        assert_eq!(unmet.iter().filter(is_of_sites).collect::<Vec<_>>(), ["site.trouble"]);
    });
}
