//! Stories of hidden ties: what copies, credits and order make of an account, and which gate holds for whom.
#![expect(clippy::unwrap_used, reason = "a scene that cannot be built is a failed test")]

use std::collections::BTreeMap;
use std::sync::Arc;

use chrono::{DateTime, Duration, Utc};
use masthead::analysis::assess::assess;
use masthead::analysis::corpus::{CoGroup, CoPair, Corpus, SharedStatus};
use masthead::analysis::review::{Before, Rules, Verdict, review};
use masthead::model::account::{AccountId, Acct, Host, Network};
use masthead::model::assessment::{Assessment, Level, Relation};
use masthead::model::audience::{Audience, Tally};
use masthead::model::digest::DigestNumber;
use masthead::model::dossier::{AccountRecord, Dossier, Found, Method, NeverFlag, Presence};
use masthead::model::evidence::Weight;
use masthead::model::finding::{
    Approval, Approver, Claim, Finding, FindingId, FindingState, Statement, Withdrawal,
};
use masthead::model::item::ItemId;
use masthead::model::observation::{Counts, Observation, Profile, Wishes};
use masthead::model::outlet::{Basis, Control, ExemptPublisher, ListedAccount, MirrorHost, Outlet, OutletId};
use masthead::model::reuse::{Credit, Order, Reuse, ReuseKind};
use masthead::model::status::{SeenStatus, Status, StatusUri};
use masthead::model::tie::{CommentSought, Ticks};
use masthead::model::watchlist::Watchlist;

const RULES: Rules = Rules { official: 0, undisclosed: 2, queue_days: 14 };

fn start() -> DateTime<Utc> {
    "2026-11-03T08:00:00Z".parse().unwrap()
}

fn now() -> DateTime<Utc> {
    start() + Duration::days(20)
}

fn host(name: &str) -> Host {
    Host::parse(name).unwrap()
}

fn id(text: &str) -> OutletId {
    OutletId::parse(text).unwrap()
}

fn outlet(outlet: &str, name: &str, system: &str) -> Outlet {
    Outlet {
        id: id(outlet),
        name: name.into(),
        native_name: None,
        aliases: vec![],
        country: "CN".into(),
        owner: Some("United Front Work Department".into()),
        control: Control::StateControlled,
        control_basis: vec![Basis {
            by: "State Media Monitor".into(),
            says: "SC".into(),
            source: Some("https://monitor.example/".into()),
        }],
        system: Some(system.into()),
        enabled: true,
        parents: vec![],
        domains: vec![host(&format!("{outlet}.example"))],
        bylines: vec![],
        feeds: vec![],
        accounts: vec![],
        sources: vec![],
        unverified: vec![],
    }
}

fn watchlist() -> Watchlist {
    let cns = Outlet {
        accounts: vec![ListedAccount {
            network: Network::X,
            handle: "mundo_china".into(),
            confirmed: false,
            seen_in: None,
            proof: None,
        }],
        ..outlet("cns", "China News Service", "cn-party-state")
    };
    let outlets =
        [cns, outlet("cgtn", "CGTN", "cn-party-state"), outlet("rt-es", "RT en Español", "ru-state")];
    Watchlist {
        outlets: outlets.into_iter().map(|outlet| (outlet.id.clone(), outlet)).collect(),
        operators: vec![],
        mirror_hosts: vec![MirrorHost {
            host: host("bridge.example"),
            kind: "rss-bridge".into(),
            consent: "unconsented".into(),
            tell: "local part is the site's own domain".into(),
            note: None,
            sources: vec![],
            unverified: vec![],
        }],
        exempt: vec![ExemptPublisher {
            id: id("wire"),
            name: "Agencia Ejemplo".into(),
            country: "ES".into(),
            domains: vec![host("wire.example")],
            classification: "independent".into(),
            smm_code: "IP".into(),
            feeds: vec![],
            note: None,
            sources: vec![],
        }],
    }
}

fn account(user: &str) -> AccountId {
    AccountId::mastodon(format!("https://social.example/users/{user}"))
}

fn acct(user: &str) -> Acct {
    format!("{user}@social.example").parse().unwrap()
}

/// What an account posts of some publisher, in the order of its posts.
#[derive(Clone)]
struct Posts {
    per_day: u32,
    days: u32,
    /// Of ten posts so many are copies.
    copies_of_ten: u32,
    publisher: &'static str,
    kind: ReuseKind,
    order: Order,
    credit: Credit,
}

impl Posts {
    /// Two posts a day for twenty days, eight of ten copied from China News Service without a word.
    fn silent() -> Posts {
        Posts {
            per_day: 2,
            days: 20,
            copies_of_ten: 8,
            publisher: "cns",
            kind: ReuseKind::Copy,
            order: Order::PublisherFirst,
            credit: Credit::None,
        }
    }
}

fn seen(number: u32, made_at: DateTime<Utc>) -> SeenStatus {
    let uri = StatusUri(format!("https://social.example/statuses/{number}"));
    let status = Status {
        uri,
        local_id: number.to_string(),
        url: Some(format!("https://social.example/@paper/{number}")),
        claimed_at: Some(made_at),
        edited_at: None,
        text: format!("Nace un panda gigante, noticia {number}"),
        spoiler: String::new(),
        language: Some("es".into()),
        boost_of: None,
        is_reply: false,
        links: vec![],
        mentions: vec![],
        tags: vec![],
        media: vec![],
        application: None,
    };
    SeenStatus {
        content_hash: status.content_hash(),
        status,
        first_seen: made_at + Duration::minutes(10),
        absent_at: Some(made_at - Duration::minutes(20)),
        server_date: None,
        background: false,
        versions: vec![],
        removed_at: None,
        forgotten_at: None,
    }
}

fn reuse(seen: &SeenStatus, number: u32, posts: &Posts) -> Reuse {
    let item_seen = match posts.order {
        Order::StatusFirst => seen.made_at() + Duration::hours(5),
        _ => seen.made_at() - Duration::hours(2),
    };
    Reuse {
        status: seen.status.uri.clone(),
        status_url: seen.status.url.clone().unwrap(),
        made_at: seen.made_at(),
        status_seen: seen.first_seen,
        status_sha256: seen.content_hash.clone(),
        publisher: id(posts.publisher),
        item: ItemId::of(&id(posts.publisher), &number.to_string()),
        item_url: format!("https://{}.example/{number}", posts.publisher),
        item_seen,
        item_sha256: "00".repeat(32),
        kind: posts.kind,
        order: posts.order,
        credit: posts.credit.clone(),
        share: 96,
        run: 120,
        derived: None,
        passage: "Nace un panda gigante".into(),
        item_passage: "Nace un panda gigante".into(),
    }
}

/// A paper on a server of its own choice that names nobody in its profile.
fn paper(posts: &Posts) -> Dossier {
    let profile = Profile {
        id: account("paper"),
        acct: acct("paper"),
        local_id: "1".into(),
        url: Some("https://social.example/@paper".into()),
        display_name: "Noticias Paraguay".into(),
        note: "Noticias, cultura y mundo".into(),
        links: vec![],
        is_bot: false,
        is_suspended: false,
        wishes: Wishes::default(),
        moved_to: None,
        claimed_created_at: None,
        claimed_last_status: None,
        counts: Counts { followers: Some(38), following: Some(3), statuses: Some(20) },
    };
    let read_from = "https://social.example/api/v1/accounts/1".to_owned();
    let latest = Observation { profile, seen_at: now(), server_date: None, read_from };
    let found = Found {
        at: start() + Duration::days(1),
        method: Method::Timeline,
        through: "social.example".into(),
        background: false,
    };
    let mut dossier = Dossier {
        account: AccountRecord {
            id: latest.profile.id.clone(),
            acct: latest.profile.acct.clone(),
            api_host: host("social.example"),
            found,
            latest,
            presence: Presence::There,
            last_complete_poll: Some(now()),
        },
        listings: vec![],
        counts: vec![],
        reuse: vec![],
        never_flag: None,
        statuses: vec![],
        pages: vec![],
        hosts: vec![],
        sites: vec![],
    };
    add(&mut dossier, posts);
    dossier
}

/// Adds posts after those that are there, over the same days.
fn add(dossier: &mut Dossier, posts: &Posts) {
    let first = u32::try_from(dossier.statuses.len()).unwrap();
    let every = 24 * 60 / posts.per_day;
    for index in 0..posts.per_day * posts.days {
        let number = first + index;
        let status = seen(number, start() + Duration::minutes(i64::from(index * every + first % 60)));
        if index % 10 < posts.copies_of_ten {
            dossier.reuse.push(reuse(&status, number, posts));
        }
        dossier.statuses.push(Arc::new(status));
    }
}

fn corpus() -> Corpus {
    let read_since =
        ["cns", "cgtn", "rt-es", "wire"].map(|publisher| (id(publisher), start() - Duration::days(1)));
    Corpus { read_since: BTreeMap::from(read_since), ..Corpus::default() }
}

/// The paper and two sisters make the same choice with the same words.
fn with_sisters() -> Corpus {
    let status = |number: u32| SharedStatus {
        url: format!("https://social.example/@paper/{number}"),
        seen_at: start(),
        sha256: "00".repeat(32),
    };
    let members = ["paper", "cronica", "diario"].map(|user| (account(user), acct(user)));
    let pair = CoPair {
        one: account("cronica"),
        other: account("paper"),
        shared: 30,
        derived: 30,
        p: 1e-12,
        q: 1e-11,
        examples: vec![[status(1), status(2)]],
    };
    let group = CoGroup { system: "cn-party-state".into(), members: members.into(), pairs: vec![pair] };
    Corpus { groups: vec![group], ..corpus() }
}

fn judged(dossier: &Dossier, corpus: &Corpus) -> Assessment {
    assess(dossier, &watchlist(), corpus).unwrap()
}

fn unmet(assessment: &Assessment) -> Vec<&str> {
    assessment
        .conditions
        .iter()
        .filter(|condition| !condition.met)
        .map(|condition| condition.must.as_str())
        .collect()
}

/// Points with two digits after the point.
fn points(assessment: &Assessment) -> f64 {
    (assessment.points * 100.0).round() / 100.0
}

#[test]
fn a_silent_paper_with_sisters_reaches_four_and_a_half_points_and_is_ready() {
    let assessment = judged(&paper(&Posts::silent()), &with_sisters());
    assert_eq!(points(&assessment), 4.5);
    assert_eq!((assessment.relation, assessment.level), (Relation::Undisclosed, Level::Ready));
    assert_eq!(unmet(&assessment), Vec::<&str>::new());
    let tie = assessment.tie.unwrap();
    assert_eq!((tie.copies, tie.posts, tie.uncredited, tie.altered), (32, 38, 32, 0));
    assert_eq!(tie.typical_lag_minutes, Some(120));
    assert_eq!(
        tie.sisters.iter().map(|sister| sister.acct.to_string()).collect::<Vec<_>>(),
        ["cronica@social.example", "diario@social.example"]
    );
}

#[test]
fn with_altered_credits_it_reaches_five_points() {
    let mut dossier = paper(&Posts::silent());
    let altered = Credit::Altered("Twitter •mundo_china".into());
    dossier.reuse.iter_mut().step_by(4).for_each(|reuse| reuse.credit = altered.clone());
    let assessment = judged(&dossier, &with_sisters());
    assert_eq!(points(&assessment), 5.0);
    let tie = assessment.tie.unwrap();
    assert_eq!((tie.altered, tie.altered_example.as_deref()), (8, Some("Twitter •mundo_china")));
}

/// Also the fan without sisters: three points at most.
#[test]
fn a_single_silent_copier_is_a_lead_and_no_more() {
    let assessment = judged(&paper(&Posts::silent()), &corpus());
    assert_eq!(points(&assessment), 3.0);
    assert_eq!((assessment.relation, assessment.level), (Relation::Undisclosed, Level::Lead));
    assert_eq!(unmet(&assessment).len(), 2, "{:?}", unmet(&assessment));
}

/// What was counted among the followers of an account that was suspected of carrying this system.
fn audience(user: &str, suspected: &str, read: u32, watched: u32) -> Audience {
    let watched =
        if watched > 0 { BTreeMap::from([("cn-party-state".to_owned(), watched)]) } else { BTreeMap::new() };
    let tally = Some(Tally { read, watched });
    Audience { account: account(user), at: now() - Duration::days(3), suspected: suspected.into(), tally }
}

/// Six other small accounts with three hundred followers, one of them watched.
fn controls() -> Vec<Audience> {
    (0..6).map(|number| audience(&format!("other{number}"), "ru-state", 50, u32::from(number == 0))).collect()
}

fn with_audiences(audiences: Vec<Audience>, corpus: Corpus) -> Corpus {
    Corpus { audiences, ..corpus }
}

fn of_followers(assessment: &Assessment) -> Vec<(Weight, &str)> {
    let found = assessment.evidence.iter().filter(|item| item.indicator.0 == "official_audience");
    found.map(|item| (item.weight, item.says.as_str())).collect()
}

#[test]
fn two_watched_among_four_followers_are_more_than_chance() {
    let audiences = [vec![audience("paper", "cn-party-state", 4, 2)], controls()].concat();
    let assessment = judged(&paper(&Posts::silent()), &with_audiences(audiences.clone(), corpus()));
    assert_eq!(
        of_followers(&assessment),
        [(
            Weight::Points(0.5),
            "2 of its 4 followers are accounts of the system of China News Service, and 1 of the 300 of 6 other small \
             accounts; by chance 1 in 2570"
        )]
    );
    assert_eq!((points(&assessment), assessment.level), (3.5, Level::Lead));
    let ready = judged(&paper(&Posts::silent()), &with_audiences(audiences, with_sisters()));
    assert_eq!((points(&ready), ready.level), (5.0, Level::Ready));
}

/// A page of a diaspora is followed by diplomats and outlets, and carries nothing of theirs.
#[test]
fn a_diaspora_page_that_is_followed_by_diplomats_is_nothing() {
    let audiences = [vec![audience("paper", "cn-party-state", 90, 12)], controls()].concat();
    let quiet = Posts { copies_of_ten: 0, ..Posts::silent() };
    assert_eq!(assess(&paper(&quiet), &watchlist(), &with_audiences(audiences.clone(), corpus())), None);
    // One that passes on an item now and then, and says from whom.
    let posts = Posts { copies_of_ten: 1, credit: Credit::Link, ..Posts::silent() };
    let assessment = judged(&paper(&posts), &with_audiences(audiences, corpus()));
    assert_eq!((assessment.relation, assessment.level), (Relation::Unrelated, Level::Nothing));
    assert!(points(&assessment) <= 0.5, "{}", points(&assessment));
}

#[test]
fn followers_alone_make_no_lead_ready() {
    let audiences = [vec![audience("paper", "cn-party-state", 9, 9)], controls()].concat();
    let assessment = judged(&paper(&Posts::silent()), &with_audiences(audiences, corpus()));
    assert_eq!((points(&assessment), assessment.level), (3.5, Level::Lead));
}

#[test]
fn what_others_have_as_well_is_no_evidence() {
    let everybody = (0..6).map(|number| audience(&format!("other{number}"), "ru-state", 10, 3)).collect();
    let audiences = [vec![audience("paper", "cn-party-state", 10, 4)], everybody].concat();
    let assessment = judged(&paper(&Posts::silent()), &with_audiences(audiences, corpus()));
    assert!(matches!(of_followers(&assessment)[..], [(Weight::Shown, _)]), "{:?}", of_followers(&assessment));
    assert_eq!(points(&assessment), 3.0);
}

#[test]
fn sisters_that_share_their_friends_do_not_hide_one_another_and_few_controls_say_nothing() {
    let own = audience("paper", "cn-party-state", 6, 2);
    let sisters: Vec<Audience> =
        (0..9).map(|it| audience(&format!("sister{it}"), "cn-party-state", 6, 2)).collect();
    let shown = |audiences| judged(&paper(&Posts::silent()), &with_audiences(audiences, corpus()));
    let alone = shown([vec![own.clone()], sisters.clone()].concat());
    assert!(matches!(of_followers(&alone)[..], [(Weight::Shown, says)] if says.contains("too few others")));
    let beside = shown([vec![own.clone()], sisters, controls()].concat());
    assert!(matches!(of_followers(&beside)[..], [(Weight::Points(0.5), _)]));
    let old = Audience { at: now() - Duration::days(40), ..own.clone() };
    assert_eq!(of_followers(&shown([vec![old], controls()].concat())), []);
    let hidden = Audience { tally: None, ..own };
    assert_eq!(of_followers(&shown([vec![hidden], controls()].concat())), []);
}

#[test]
fn a_partner_that_credits_every_copy_is_nothing() {
    let posts = Posts { credit: Credit::Byline, ..Posts::silent() };
    let assessment = judged(&paper(&posts), &with_sisters());
    assert_eq!(points(&assessment), 0.5);
    assert_eq!((assessment.relation, assessment.level), (Relation::Unrelated, Level::Nothing));
}

#[test]
fn plain_credit_on_half_of_the_copies_is_no_lead() {
    let mut dossier = paper(&Posts::silent());
    dossier.reuse.iter_mut().step_by(2).for_each(|reuse| reuse.credit = Credit::Link);
    assert_eq!(judged(&dossier, &corpus()).level, Level::Nothing);
    let assessment = judged(&dossier, &with_sisters());
    assert_ne!(assessment.level, Level::Ready);
}

/// Half of the copies link to the outlet, the other half carry an altered handle.
#[test]
fn who_credits_half_of_the_copies_is_not_ready_whatever_the_points() {
    let mut dossier = paper(&Posts::silent());
    dossier.account.latest.profile.display_name = "CGTN Paraguay".into();
    let altered = Credit::Altered("Twitter •mundo_china".into());
    dossier.reuse.iter_mut().for_each(|reuse| reuse.credit = altered.clone());
    dossier.reuse.iter_mut().step_by(2).for_each(|reuse| reuse.credit = Credit::Link);
    let assessment = judged(&dossier, &with_sisters());
    assert!(points(&assessment) >= 4.3, "{}", points(&assessment));
    assert_eq!(assessment.level, Level::Lead);
    assert!(unmet(&assessment)[0].starts_with("no full attribution"), "{:?}", unmet(&assessment));
}

#[test]
fn quotations_and_comments_are_no_copies() {
    for kind in [ReuseKind::Quoted, ReuseKind::Commented] {
        let assessment = assess(&paper(&Posts { kind, ..Posts::silent() }), &watchlist(), &corpus());
        assert!(assessment.is_none_or(|assessment| assessment.level == Level::Nothing), "{kind:?}");
    }
}

/// A hostile outlet copied its critic, who was read only later: his posts state earlier times.
#[test]
fn a_framed_critic_is_exonerated_by_the_order() {
    let posts = Posts { order: Order::StatusFirst, ..Posts::silent() };
    let assessment = judged(&paper(&posts), &corpus());
    assert_eq!((assessment.relation, assessment.level), (Relation::Unrelated, Level::Nothing));
    assert_eq!(points(&assessment), -3.0);
}

/// The same, and then he copies some of theirs to show what they do.
#[test]
fn reversed_matches_count_against_copies() {
    let mut dossier = paper(&Posts::silent());
    dossier.reuse.iter_mut().step_by(2).for_each(|reuse| reuse.order = Order::StatusFirst);
    assert_eq!(judged(&dossier, &with_sisters()).level, Level::Lead);
}

#[test]
fn matches_whose_order_nobody_can_tell_make_a_lead_and_never_a_statement() {
    let posts = Posts { order: Order::Undecided, ..Posts::silent() };
    let assessment = judged(&paper(&posts), &with_sisters());
    assert_eq!(assessment.level, Level::Lead);
    assert_eq!((points(&assessment), (assessment.lead_points * 100.0).round() / 100.0), (0.0, 4.5));
    assert_eq!(assessment.tie, None);
}

#[test]
fn items_that_an_independent_agency_had_first_are_not_the_outlet_s() {
    let mut dossier = paper(&Posts::silent());
    let wire = Posts { publisher: "wire", ..Posts::silent() };
    let firsts: Vec<Reuse> = dossier
        .reuse
        .iter()
        .enumerate()
        .map(|(number, known)| Reuse {
            item_seen: known.item_seen - Duration::hours(3),
            status: known.status.clone(),
            ..reuse(&dossier.statuses[0], u32::try_from(number).unwrap(), &wire)
        })
        .collect();
    dossier.reuse.extend(firsts);
    let assessment = judged(&dossier, &with_sisters());
    assert_eq!((assessment.level, points(&assessment)), (Level::Nothing, 0.0));
}

#[test]
fn an_aggregator_of_several_systems_has_a_rival_explanation() {
    let third = Posts { per_day: 3, copies_of_ten: 9, ..Posts::silent() };
    let mut dossier = paper(&third);
    add(&mut dossier, &Posts { publisher: "rt-es", ..third.clone() });
    add(&mut dossier, &Posts { publisher: "wire", ..third });
    let assessment = judged(&dossier, &with_sisters());
    assert_ne!(assessment.level, Level::Ready);
    assert!(
        unmet(&assessment).iter().any(|must| must.contains("nearly as well")),
        "{:?}",
        unmet(&assessment)
    );
}

#[test]
fn text_of_one_outlet_and_the_name_of_another_of_its_system_are_one_case() {
    let mut dossier = paper(&Posts::silent());
    dossier.account.latest.profile.display_name = "CGTN Paraguay".into();
    let assessment = judged(&dossier, &corpus());
    assert_eq!((assessment.outlet.as_str(), points(&assessment)), ("cns", 3.5));
}

#[test]
fn a_mirror_that_says_so_is_a_mirror_whatever_it_copies() {
    let mut dossier = paper(&Posts::silent());
    dossier.account.latest.profile.is_bot = true;
    dossier.account.latest.profile.note = "Mirror of China News Service, unofficial".into();
    assert_eq!(judged(&dossier, &with_sisters()).relation, Relation::Mirror);
}

#[test]
fn who_names_the_outlet_as_the_source_in_the_profile_hides_nothing() {
    let mut dossier = paper(&Posts::silent());
    dossier.account.latest.profile.note = "Noticias de China News Service para Paraguay".into();
    let assessment = judged(&dossier, &with_sisters());
    assert_eq!((assessment.relation, assessment.level), (Relation::Unrelated, Level::Nothing));
}

#[test]
fn a_publisher_that_is_not_state_controlled_is_never_named() {
    let mut dossier = paper(&Posts::silent());
    dossier.account.api_host = host("wire.example");
    dossier.account.latest.profile.display_name = "China News Service en Paraguay".into();
    dossier.account.latest.profile.acct = "desk@wire.example".parse().unwrap();
    assert_eq!(judged(&dossier, &with_sisters()).relation, Relation::Unrelated);
}

#[test]
fn whom_people_put_on_the_list_is_never_named() {
    let mut dossier = paper(&Posts::silent());
    dossier.never_flag =
        Some(NeverFlag { account: account("paper"), at: now(), by: "ada".into(), why: "a person".into() });
    let assessment = judged(&dossier, &with_sisters());
    assert_eq!((assessment.relation, assessment.level), (Relation::Unrelated, Level::Nothing));
    assert!(assessment.evidence.iter().any(|item| item.indicator.0 == "never_flag"));
}

/// A sold account: years of its own posts do not dilute what it became, and the change is told.
#[test]
fn after_a_long_history_of_its_own_only_the_time_since_the_change_is_judged() {
    let mut dossier = paper(&Posts::silent());
    for number in 0..200 {
        let mut old = seen(10_000 + number, start() - Duration::hours(i64::from(number) * 12 + 6));
        old.absent_at = None;
        old.background = true;
        dossier.statuses.push(Arc::new(old));
    }
    let read_since = BTreeMap::from([(id("cns"), start() - Duration::days(200))]);
    let corpus = Corpus { read_since, ..with_sisters() };
    let assessment = judged(&dossier, &corpus);
    assert_eq!(assessment.level, Level::Ready);
    let says: Vec<&str> = assessment.evidence.iter().map(|item| item.says.as_str()).collect();
    assert!(says.iter().any(|says| says.contains("before that it posted for")), "{says:?}");
    // Nobody remembers what it said in those years, only that it did.
    for old in dossier.statuses.iter_mut().filter(|seen| seen.background) {
        Arc::make_mut(old).forget(now(), now());
        assert_eq!(old.status.text, "");
    }
    assert_eq!(judged(&dossier, &corpus), assessment);
}

#[test]
fn a_burst_of_copies_within_some_days_is_not_enough() {
    let posts = Posts { per_day: 10, days: 5, ..Posts::silent() };
    let assessment = judged(&paper(&posts), &with_sisters());
    let missing = unmet(&assessment);
    assert_eq!(missing.len(), 2, "{missing:?}");
    assert!(missing[0].contains("days;") && missing[1].contains("spread"), "{missing:?}");
}

#[test]
fn eleven_copies_are_not_enough() {
    let mut dossier = paper(&Posts { per_day: 1, copies_of_ten: 10, ..Posts::silent() });
    dossier.reuse.truncate(11);
    dossier.statuses.truncate(11);
    let assessment = judged(&dossier, &with_sisters());
    assert!(
        unmet(&assessment).iter().any(|must| must.contains("at least 12 copies")),
        "{:?}",
        unmet(&assessment)
    );
}

#[test]
fn an_account_that_is_suspended_or_gone_is_not_named() {
    let mut dossier = paper(&Posts::silent());
    dossier.account.presence = Presence::Gone { since: now() };
    assert_eq!(judged(&dossier, &with_sisters()).level, Level::Lead);
}

#[test]
fn more_of_the_same_never_lowers_and_order_changes_nothing() {
    let mut dossier = paper(&Posts::silent());
    let before = judged(&dossier, &with_sisters());
    dossier.reuse.reverse();
    dossier.statuses.reverse();
    assert_eq!(judged(&dossier, &with_sisters()), before);
    let doubled = dossier.reuse.clone();
    dossier.reuse.extend(doubled);
    assert_eq!(points(&judged(&dossier, &with_sisters())), points(&before));
}

fn reviewed(dossier: &Dossier, corpus: &Corpus, findings: &[Finding], now: DateTime<Utc>) -> Verdict {
    let assessment = judged(dossier, corpus);
    let before = Before { relation: Some(assessment.relation) };
    review(dossier, &assessment, before, findings, &watchlist(), RULES, now)
}

/// The finding that a ready account raises, ticked and with two approvals.
fn approved(dossier: &Dossier) -> Finding {
    let new = reviewed(dossier, &with_sisters(), &[], now()).raised.remove(0);
    let mut statement = new.statement;
    statement.tie.as_mut().unwrap().ticks =
        Ticks { presents_as_outlet: true, comment_sought: Some(CommentSought::NoAddress), topic: None };
    let seal = statement.seal();
    let by = |name: &str| Approver::Reviewer { name: name.into(), key: format!("key of {name}") };
    let approval = |name| Approval { by: by(name), at: now(), seal: seal.clone() };
    let approvals = vec![approval("ada"), approval("ben")];
    Finding {
        id: FindingId(47),
        raised_at: now(),
        statement,
        needs: new.needs,
        approvals,
        state: FindingState::Raised,
    }
}

#[test]
fn a_ready_tie_is_raised_for_two_people_and_no_policy_can_stand_in() {
    let verdict = reviewed(&paper(&Posts::silent()), &with_sisters(), &[], now());
    let [new] = &verdict.raised[..] else { panic!("{verdict:?}") };
    assert_eq!((new.needs, new.approvals.len()), (2, 0));
    assert_eq!(new.statement.claim, Claim::NewlySeen(Relation::Undisclosed));
    let mut finding = approved(&paper(&Posts::silent()));
    assert!(finding.confirmed().is_some());
    let by = Approver::Policy { name: "official".into(), sha256: "00".into() };
    finding.approvals = vec![Approval { by, at: now(), seal: finding.statement.seal() }];
    assert_eq!(finding.confirmed(), None);
}

#[test]
fn a_lead_is_raised_to_nobody() {
    assert_eq!(reviewed(&paper(&Posts::silent()), &corpus(), &[], now()).raised, []);
}

#[test]
fn without_the_ticks_that_only_people_can_make_nothing_is_confirmed() {
    let mut finding = approved(&paper(&Posts::silent()));
    finding.statement.tie.as_mut().unwrap().ticks = Ticks::default();
    let seal = finding.statement.seal();
    finding.approvals.iter_mut().for_each(|approval| approval.seal = seal.clone());
    assert_eq!(finding.confirmed(), None);
}

#[test]
fn more_evidence_for_it_never_ends_an_approval() {
    let dossier = paper(&Posts::silent());
    let finding = approved(&dossier);
    let longer = paper(&Posts { days: 26, ..Posts::silent() });
    let verdict = reviewed(&longer, &with_sisters(), &[finding], now());
    assert_eq!((verdict.updated, verdict.raised, verdict.expired), (vec![], vec![], vec![]));
}

#[test]
fn counter_evidence_a_changed_profile_and_time_end_an_approval() {
    let dossier = paper(&Posts::silent());
    let finding = approved(&dossier);
    let mut credits = dossier.clone();
    credits.reuse[0].credit = Credit::Byline;
    let mut renamed = dossier.clone();
    renamed.account.latest.profile.note = "Noticias y cultura".into();
    let late = now() + Duration::days(15);
    for (dossier, now, why) in [
        (&credits, now(), "more speaks against it than before"),
        (&renamed, now(), "its profile has changed"),
        (&dossier, late, "the approvals are older than review.queue_days"),
    ] {
        let verdict = reviewed(dossier, &with_sisters(), std::slice::from_ref(&finding), now);
        assert_eq!(verdict.expired.iter().map(|expired| expired.why).collect::<Vec<_>>(), [why]);
        let [fresh] = &verdict.updated[..] else { panic!("{why}") };
        assert_eq!((fresh.state, fresh.approvals.len()), (FindingState::Raised, 0), "{why}");
        let ticks = fresh.statement.tie.as_ref().unwrap().ticks;
        assert!(ticks.is_complete(), "{why}");
    }
}

#[test]
fn what_is_no_longer_ready_waits_and_what_is_explained_otherwise_lapses() {
    let finding = approved(&paper(&Posts::silent()));
    let lead = reviewed(&paper(&Posts::silent()), &corpus(), std::slice::from_ref(&finding), now());
    assert_eq!((lead.updated[0].state, lead.updated[0].approvals.len()), (FindingState::Raised, 0));
    let partner = paper(&Posts { credit: Credit::Byline, ..Posts::silent() });
    let verdict = reviewed(&partner, &with_sisters(), &[finding], now());
    assert_eq!(verdict.updated[0].state, FindingState::Lapsed { at: now() });
}

#[test]
fn what_was_dismissed_is_not_raised_again_and_what_was_put_off_comes_back() {
    let dossier = paper(&Posts::silent());
    let dismissed = FindingState::Dismissed { at: now(), why: masthead::model::finding::Dismissal::Fan };
    let finding = Finding { state: dismissed, ..approved(&dossier) };
    let verdict = reviewed(&dossier, &with_sisters(), &[finding], now());
    assert_eq!((verdict.raised, verdict.updated), (vec![], vec![]));
    let until = now() + Duration::days(7);
    let snoozed = Finding { state: FindingState::Snoozed { until }, approvals: vec![], ..approved(&dossier) };
    let early = reviewed(&dossier, &with_sisters(), std::slice::from_ref(&snoozed), now());
    assert_eq!((early.raised, early.updated), (vec![], vec![]));
    let due = reviewed(&dossier, &with_sisters(), &[snoozed], until);
    assert_eq!(due.updated[0].state, FindingState::Raised);
}

#[test]
fn what_was_withdrawn_is_not_raised_again_and_its_correction_stands_whatever_is_judged_later() {
    let dossier = paper(&Posts::silent());
    let (number, part) = (DigestNumber(9), 2);
    let wrong = Finding { state: FindingState::Retracted { number, part }, ..approved(&dossier) };
    let withdrawal = Withdrawal {
        finding: wrong.id,
        said: Box::new(wrong.statement.claim.clone()),
        digest: number,
        part,
        said_at: now(),
        why: "It credits the agency".into(),
        repeats_handle: false,
        was_a_person: false,
    };
    let statement = Statement { claim: Claim::Withdrawn(withdrawal), tie: None, ..wrong.statement.clone() };
    let seal = statement.seal();
    let approvals =
        wrong.approvals.iter().map(|approval| Approval { seal: seal.clone(), ..approval.clone() });
    let correction =
        Finding { id: FindingId(60), approvals: approvals.collect(), statement, ..approved(&dossier) };
    let findings = [wrong, correction];
    let partner = paper(&Posts { credit: Credit::Byline, ..Posts::silent() });
    let late = now() + Duration::days(40);
    for (dossier, corpus) in [(&dossier, with_sisters()), (&dossier, corpus()), (&partner, corpus())] {
        let verdict = reviewed(dossier, &corpus, &findings, late);
        assert_eq!((verdict.updated, verdict.raised, verdict.expired), (vec![], vec![], vec![]));
    }
}
