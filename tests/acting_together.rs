//! Stories of what ties an account to an outlet beyond its text: sister accounts, and who runs its sites.
#![expect(clippy::unwrap_used, reason = "a scene that cannot be built is a failed test")]

use std::collections::BTreeMap;
use std::sync::Arc;

use chrono::{DateTime, Duration, Utc};
use masthead::analysis::coposting::{Published, groups};
use masthead::analysis::corpus::{Choice, Corpus, Selection, SharedStatus};
use masthead::analysis::domains;
use masthead::analysis::indicators::{Family, indicator};
use masthead::model::account::{AccountId, Host};
use masthead::model::dossier::{AccountRecord, Dossier, Found, Method, Presence};
use masthead::model::evidence::{Evidence, Weight};
use masthead::model::item::ItemId;
use masthead::model::observation::{Counts, LinkPlace, Observation, Profile, ProfileLink, Wishes};
use masthead::model::outlet::{Control, Operator, Outlet, OutletId};
use masthead::model::reuse::{Credit, Order, Reuse, ReuseKind};
use masthead::model::status::{SeenStatus, Status, StatusUri};
use masthead::model::watchlist::Watchlist;

const DAYS: i64 = 21;
/// Items of the agency on a day, of which the papers carry the first three.
const A_DAY: i64 = 9;

fn day(day: i64) -> DateTime<Utc> {
    "2026-11-02T06:00:00Z".parse::<DateTime<Utc>>().unwrap() + Duration::days(day)
}

fn outlet_id(id: &str) -> OutletId {
    OutletId::parse(id).unwrap()
}

fn host(name: &str) -> Host {
    Host::parse(name).unwrap()
}

fn outlet(id: &str, domain: &str) -> Outlet {
    Outlet {
        id: outlet_id(id),
        name: id.into(),
        native_name: None,
        aliases: vec![],
        country: "CN".into(),
        owner: None,
        control: Control::StateControlled,
        control_basis: vec![],
        system: Some("cn-party-state".into()),
        enabled: true,
        parents: vec![],
        domains: vec![host(domain)],
        bylines: vec![],
        feeds: vec![],
        accounts: vec![],
        sources: vec![],
        unverified: vec![],
    }
}

fn watchlist() -> Watchlist {
    let outlets = [outlet("cns", "agency.example"), outlet("cgtn", "station.example")];
    let builder = Operator {
        id: outlet_id("builder"),
        name: "Builder".into(),
        aliases: vec![],
        owner_outlet: outlet_id("cns"),
        says: "wholly owned subsidiary of the agency".into(),
        marks: ["builder.example", "agency.example", "github.io", "Site by Builder"].map(String::from).into(),
        sources: vec![],
        unverified: vec![],
    };
    Watchlist {
        outlets: outlets.into_iter().map(|outlet| (outlet.id.clone(), outlet)).collect(),
        operators: vec![builder],
        ..Watchlist::default()
    }
}

fn account(name: &str) -> AccountId {
    AccountId::mastodon(format!("https://social.example/users/{name}"))
}

/// A paper without posts and links.
fn paper(name: &str) -> Dossier {
    let profile = Profile {
        id: account(name),
        acct: format!("{name}@social.example").parse().unwrap(),
        local_id: "1".into(),
        url: Some(format!("https://social.example/@{name}")),
        display_name: name.into(),
        note: "Noticias".into(),
        links: vec![],
        is_bot: false,
        is_suspended: false,
        wishes: Wishes::default(),
        moved_to: None,
        claimed_created_at: None,
        claimed_last_status: None,
        counts: Counts::default(),
    };
    let found =
        Found { at: day(0), method: Method::Timeline, through: "social.example".into(), background: false };
    let read_from = "https://social.example/api/v1/accounts/1".into();
    Dossier {
        account: AccountRecord {
            id: account(name),
            acct: profile.acct.clone(),
            api_host: host("social.example"),
            found,
            latest: Observation { profile, seen_at: day(DAYS), server_date: None, read_from },
            presence: Presence::There,
            last_complete_poll: Some(day(DAYS)),
        },
        listings: vec![],
        counts: vec![],
        statuses: vec![],
        reuse: vec![],
        never_flag: None,
        pages: vec![],
        hosts: vec![],
        sites: vec![],
    }
}

fn item(number: i64) -> ItemId {
    ItemId(format!("{number:06}"))
}

/// A copy of the item with this number, made by a paper some hours later.
fn copy(name: &str, number: i64) -> Reuse {
    let seen = day(number / A_DAY);
    Reuse {
        status: StatusUri(format!("https://social.example/users/{name}/statuses/{number}")),
        status_url: format!("https://social.example/@{name}/{number}"),
        made_at: seen + Duration::hours(3),
        status_seen: seen + Duration::hours(4),
        status_sha256: format!("{number:064}"),
        publisher: outlet_id("cns"),
        item: item(number),
        item_url: format!("https://agency.example/{number}"),
        item_seen: seen,
        item_sha256: format!("{number:064}"),
        kind: ReuseKind::Copy,
        order: Order::PublisherFirst,
        credit: Credit::None,
        share: 92,
        run: 300,
        derived: Some(format!("{number:016x}")),
        passage: "El panda".into(),
        item_passage: "El panda".into(),
    }
}

/// A paper that carries the first three items of each day.
fn copying(name: &str) -> Dossier {
    let chosen = (0..DAYS * A_DAY).filter(|number| number % A_DAY < 3);
    Dossier { reuse: chosen.map(|number| copy(name, number)).collect(), ..paper(name) }
}

fn selection(dossier: &Dossier) -> Selection {
    let choice = |reuse: &Reuse| {
        let status = SharedStatus {
            url: reuse.status_url.clone(),
            seen_at: reuse.status_seen,
            sha256: reuse.status_sha256.clone(),
        };
        (reuse.item.clone(), Choice { derived: reuse.derived.clone(), status })
    };
    Selection {
        account: dossier.account.id.clone(),
        acct: dossier.account.acct.clone(),
        system: "cn-party-state".into(),
        choices: dossier.reuse.iter().map(choice).collect(),
    }
}

fn corpus(papers: &[Dossier]) -> Corpus {
    let selections: Vec<Selection> = papers.iter().map(selection).collect();
    let items = (0..DAYS * A_DAY).map(|number| (item(number), day(number / A_DAY))).collect();
    Corpus {
        read_since: BTreeMap::from([(outlet_id("cns"), day(-1))]),
        groups: groups(&selections, &Published::from([(outlet_id("cns"), items)])),
        ..Corpus::default()
    }
}

fn run(id: &str, dossier: &Dossier, corpus: &Corpus) -> Vec<Evidence> {
    (indicator(id).unwrap().run)(dossier, &watchlist(), corpus)
}

#[test]
fn a_paper_with_sisters_is_told_with_their_names_and_posts_of_both() {
    let papers = ["diario_py", "diario_cl", "diario_cr"].map(copying);
    let found = run("co_posting", &papers[0], &corpus(&papers));
    let [evidence] = found.as_slice() else { panic!("{found:?}") };
    assert_eq!(evidence.outlet, outlet_id("cns"));
    assert_eq!(evidence.weight, Weight::Points(1.5));
    assert_eq!(
        evidence.says,
        "63 items in common with diario_cl@social.example, 63 of them in the same changed words; \
         63 items in common with diario_cr@social.example, 63 of them in the same changed words; \
         false discovery rate less than 1e-12"
    );
    let urls: Vec<&str> = evidence.citations().iter().map(|citation| citation.url.as_str()).collect();
    assert_eq!(urls[..2], ["https://social.example/@diario_py/0", "https://social.example/@diario_cl/0"]);
    assert_eq!(urls.iter().filter(|url| url.contains("diario_py")).count() * 2, urls.len());
}

#[test]
fn a_group_of_six_weighs_no_more_than_a_pair() {
    let names = ["one", "two", "three", "four", "five", "six"];
    let papers = names.map(copying);
    let found = run("co_posting", &papers[0], &corpus(&papers));
    assert_eq!(found.len(), 1);
    assert_eq!(found[0].weight, Weight::Points(Family::CoAction.cap()));
    assert!(found[0].says.contains("; 2 more accounts;"), "{}", found[0].says);
}

#[test]
fn an_account_alone_has_no_sisters() {
    let papers = [copying("diario_py"), paper("stranger")];
    assert_eq!(run("co_posting", &papers[0], &corpus(&papers)), []);
    let sisters = ["diario_py", "diario_cl"].map(copying);
    assert_eq!(run("co_posting", &copying("stranger"), &corpus(&sisters)), []);
}

/// Where nobody can tell who was first, the outlet may have copied the accounts.
#[test]
fn sisters_of_undecided_copies_count_for_a_lead_only() {
    let papers = ["diario_py", "diario_cl"].map(copying);
    let mut undecided = papers[0].clone();
    undecided.reuse.iter_mut().for_each(|reuse| reuse.order = Order::Undecided);
    let found = run("co_posting", &undecided, &corpus(&papers));
    assert_eq!(found[0].weight, Weight::LeadPoints(1.5));
}

fn linking(name: &str, profile: &[&str], posts: &[(i64, &str)]) -> Dossier {
    let mut dossier = paper(name);
    let links = profile.iter().map(|url| ProfileLink {
        url: (*url).into(),
        place: LinkPlace::Field { name: "Web".into(), server_says_verified: false },
    });
    dossier.account.latest.profile.links = links.collect();
    let post = |(number, (on, link)): (usize, &(i64, &str))| {
        let status = Status {
            uri: StatusUri(format!("https://social.example/users/{name}/statuses/{number}")),
            local_id: number.to_string(),
            url: Some(format!("https://social.example/@{name}/{number}")),
            claimed_at: Some(day(*on)),
            edited_at: None,
            text: "Lea más".into(),
            spoiler: String::new(),
            language: None,
            boost_of: None,
            is_reply: false,
            links: vec![(*link).into()],
            mentions: vec![],
            tags: vec![],
            media: vec![],
            application: None,
        };
        let content_hash = status.content_hash();
        SeenStatus {
            status,
            first_seen: day(*on),
            absent_at: None,
            server_date: None,
            content_hash,
            background: false,
            versions: vec![],
            removed_at: None,
            forgotten_at: None,
        }
    };
    dossier.statuses = posts.iter().enumerate().map(post).map(Arc::new).collect();
    dossier
}

/// What was counted over so many accounts, of which only this one links anywhere.
fn counted(dossier: &Dossier, accounts: u32) -> Corpus {
    let statuses = dossier.statuses.iter().map(|seen| &seen.status);
    let mut domains = domains::of_profile(&dossier.account.latest.profile);
    domains.extend(statuses.flat_map(domains::of_post));
    Corpus { domains: domains.into_iter().map(|domain| (domain, 1)).collect(), accounts, ..Corpus::default() }
}

#[test]
fn a_profile_on_the_builder_s_domain_is_infrastructure() {
    let paper = linking("diario_py", &["https://py.builder.example/"], &[]);
    let found = run("outlet_links", &paper, &counted(&paper, 1_000));
    let [evidence] = found.as_slice() else { panic!("{found:?}") };
    assert_eq!((&evidence.outlet, evidence.weight), (&outlet_id("cns"), Weight::Points(2.0)));
    assert_eq!(
        evidence.says,
        "links to builder.example, a domain of Builder (wholly owned subsidiary of the agency), as 1 of 1000 \
         accounts that were read do"
    );
    assert_eq!(evidence.citations()[0].url, "https://social.example/@diario_py");
}

#[test]
fn a_domain_weighs_the_less_the_more_accounts_link_to_it() {
    let paper = linking("diario_py", &["https://py.builder.example/"], &[]);
    let mut corpus = counted(&paper, 1_000);
    for (carriers, points) in [(100, Some(1.0)), (250, Some(0.602_06)), (1_000, None), (0, None)] {
        corpus.domains.insert(host("builder.example"), carriers);
        let found = run("outlet_links", &paper, &corpus);
        let weight = found.first().map(|evidence| evidence.weight);
        match (weight, points) {
            (Some(Weight::Points(found)), Some(known)) => assert!((found - known).abs() < 1e-5, "{found}"),
            (None, None) => {}
            other => panic!("{carriers}: {other:?}"),
        }
    }
}

#[test]
fn what_was_not_counted_is_no_rarity() {
    let paper = linking("diario_py", &["https://py.builder.example/"], &[]);
    assert_eq!(run("outlet_links", &paper, &counted(&paper, 199)), []);
    assert_eq!(run("outlet_links", &paper, &Corpus::default()), []);
    assert_eq!(run("outlet_links", &paper, &Corpus { accounts: 1_000, ..Corpus::default() }), []);
    assert_eq!(run("outlet_links", &paper, &counted(&paper, 200)).len(), 1);
}

/// Whoever links to the outlet says where a text is from, and must not look hidden for that.
#[test]
fn linking_openly_to_the_outlet_is_no_infrastructure_however_often() {
    let posts: Vec<(i64, &str)> = (0..DAYS).map(|on| (on, "https://agency.example/1")).collect();
    let paper = linking("diario_py", &["https://es.agency.example/", "https://station.example/"], &posts);
    assert_eq!(run("outlet_links", &paper, &counted(&paper, 1_000)), []);
}

#[test]
fn a_mark_on_a_shared_host_shows_nothing() {
    let paper = linking("diario_py", &["https://paper.github.io/", "https://bit.ly/x"], &[]);
    assert_eq!(run("outlet_links", &paper, &counted(&paper, 1_000)), []);
}

/// A journalist who writes about the builder links to it once or twice.
#[test]
fn posts_that_link_to_the_builder_count_from_the_third_day_on() {
    let on_days = |days: &[i64]| {
        let posts: Vec<(i64, &str)> = days.iter().map(|on| (*on, "https://builder.example/work")).collect();
        let paper = linking("reporter", &[], &posts);
        run("outlet_links", &paper, &counted(&paper, 1_000)).len()
    };
    assert_eq!((on_days(&[3, 4]), on_days(&[3, 3, 3]), on_days(&[3, 4, 9])), (0, 0, 1));
}

#[test]
fn a_look_alike_of_the_builder_s_domain_is_not_the_builder_s() {
    let paper =
        linking("diario_py", &["https://notbuilder.example/", "https://builder.example.evil.example/"], &[]);
    assert_eq!(run("outlet_links", &paper, &counted(&paper, 1_000)), []);
}

#[test]
fn a_boosted_link_is_somebody_else_s() {
    let posts = [
        (3, "https://builder.example/a"),
        (4, "https://builder.example/b"),
        (5, "https://builder.example/c"),
    ];
    let mut paper = linking("diario_py", &[], &posts);
    let corpus = counted(&paper, 1_000);
    assert_eq!(run("outlet_links", &paper, &corpus).len(), 1);
    Arc::make_mut(&mut paper.statuses[0]).status.boost_of = Some(StatusUri("https://one.example/s/1".into()));
    assert_eq!(run("outlet_links", &paper, &corpus), []);
}
