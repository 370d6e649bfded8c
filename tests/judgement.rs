//! Stories of judgement: what the evidence makes of an account, and what may be said of it.
#![expect(clippy::unwrap_used, reason = "a scene that cannot be built is a failed test")]

use std::sync::Arc;

use chrono::{DateTime, Duration, Utc};
use masthead::analysis::activity::{activity, tenths_of_posts_a_day};
use masthead::analysis::assess::assess;
use masthead::analysis::corpus::Corpus;
use masthead::analysis::review::{Before, Rules, Verdict, review};
use masthead::model::account::{AccountId, Host, Network};
use masthead::model::assessment::{Assessment, Relation};
use masthead::model::changes::{Activity, Change};
use masthead::model::digest::DigestNumber;
use masthead::model::dossier::{AccountRecord, Dossier, Found, Listing, Method, Presence};
use masthead::model::finding::{Claim, Finding, FindingId, FindingState};
use masthead::model::observation::{Counts, LinkPlace, Observation, Profile, ProfileLink, Wishes};
use masthead::model::outlet::{Basis, Control, ExemptPublisher, ListedAccount, MirrorHost, Outlet, OutletId};
use masthead::model::proof::{HostSight, NamedBy, Naming, PageKind, PageSight};
use masthead::model::status::{SeenStatus, Status, StatusUri};
use masthead::model::watchlist::Watchlist;

const BY_POLICY: Rules = Rules { official: 0, undisclosed: 2, queue_days: 14 };

fn at(text: &str) -> DateTime<Utc> {
    text.parse().unwrap()
}

fn now() -> DateTime<Utc> {
    at("2026-11-20T12:00:00Z")
}

fn host(name: &str) -> Host {
    Host::parse(name).unwrap()
}

fn outlet(id: &str, name: &str, domain: &str) -> Outlet {
    Outlet {
        id: OutletId::parse(id).unwrap(),
        name: name.into(),
        native_name: None,
        aliases: vec![],
        country: "CN".into(),
        owner: Some("State Council".into()),
        control: Control::StateControlled,
        control_basis: vec![Basis {
            by: "State Media Monitor".into(),
            says: "SC".into(),
            source: Some("https://monitor.example/xinhua".into()),
        }],
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
    let xinhua =
        Outlet { aliases: vec!["Xinhua".into()], ..outlet("xinhua", "Xinhua News Agency", "xinhua.example") };
    let spanish = Outlet {
        parents: vec![xinhua.id.clone()],
        ..outlet("xinhua-es", "Xinhua Español", "es.xinhua.example")
    };
    let cgtn = outlet("cgtn", "CGTN", "cgtn.example");
    Watchlist {
        outlets: [xinhua, spanish, cgtn].into_iter().map(|outlet| (outlet.id.clone(), outlet)).collect(),
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
            id: OutletId::parse("public").unwrap(),
            name: "Public Broadcaster".into(),
            country: "DE".into(),
            domains: vec![host("public.example")],
            classification: "independent".into(),
            smm_code: "IP".into(),
            feeds: vec![],
            note: None,
            sources: vec![],
        }],
    }
}

/// An account that bears Xinhua's name on a server of its own choice and links to its domain.
fn dossier() -> Dossier {
    let profile = Profile {
        id: AccountId::mastodon("https://social.example/users/xinhua_es"),
        acct: "xinhua_es@social.example".parse().unwrap(),
        local_id: "1".into(),
        url: Some("https://social.example/@xinhua_es".into()),
        display_name: "Xinhua en Español".into(),
        note: "Noticias".into(),
        links: vec![field("https://es.xinhua.example/")],
        is_bot: false,
        is_suspended: false,
        wishes: Wishes::default(),
        moved_to: None,
        claimed_created_at: None,
        claimed_last_status: None,
        counts: Counts { followers: Some(412), following: Some(3), statuses: Some(20) },
    };
    let latest = Observation {
        profile,
        seen_at: now(),
        server_date: None,
        read_from: "https://social.example/api/v1/accounts/1".into(),
    };
    let found = Found {
        at: now() - Duration::days(2),
        method: Method::PageLink,
        through: "https://es.xinhua.example/".into(),
        background: false,
    };
    Dossier {
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
    }
}

fn field(url: &str) -> ProfileLink {
    ProfileLink {
        url: url.into(),
        place: LinkPlace::Field { name: "Web".into(), server_says_verified: true },
    }
}

fn page(url: &str, kind: PageKind, by: NamedBy) -> PageSight {
    PageSight {
        url: url.into(),
        final_url: url.into(),
        kind,
        first_read: now() - Duration::days(9),
        fetched_at: now(),
        sha256: "ab".repeat(32),
        names: vec![Naming { by, target: "https://social.example/@xinhua_es".into() }],
    }
}

fn home() -> PageSight {
    page("https://es.xinhua.example/", PageKind::Home, NamedBy::RelMe)
}

fn proven() -> Dossier {
    Dossier { pages: vec![home()], ..dossier() }
}

fn relation(dossier: &Dossier) -> Relation {
    assess(dossier, &watchlist(), &Corpus::default())
        .map_or(Relation::Unrelated, |assessment| assessment.relation)
}

fn assessed(dossier: &Dossier) -> Assessment {
    assess(dossier, &watchlist(), &Corpus::default()).unwrap()
}

fn reviewed(dossier: &Dossier, before: Option<Relation>, findings: &[Finding]) -> Verdict {
    let before = Before { relation: before };
    review(dossier, &assessed(dossier), before, findings, &watchlist(), BY_POLICY, now())
}

fn claims(verdict: &Verdict) -> Vec<Claim> {
    verdict.raised.iter().map(|raised| raised.statement.claim.clone()).collect()
}

fn finding(verdict: &Verdict) -> Finding {
    let raised = &verdict.raised[0];
    Finding {
        id: FindingId(1),
        raised_at: now(),
        statement: raised.statement.clone(),
        needs: raised.needs,
        approvals: raised.approvals.clone(),
        state: FindingState::Raised,
    }
}

fn status(made: DateTime<Utc>, background: bool) -> Arc<SeenStatus> {
    let status = Status {
        uri: StatusUri(format!("https://social.example/users/xinhua_es/statuses/{}", made.timestamp())),
        local_id: made.timestamp().to_string(),
        url: None,
        claimed_at: Some(made),
        edited_at: None,
        text: "Nace un panda".into(),
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
    let content_hash = status.content_hash();
    Arc::new(SeenStatus {
        status,
        first_seen: made + Duration::minutes(5),
        absent_at: None,
        server_date: None,
        content_hash,
        background,
        versions: vec![],
        removed_at: None,
        forgotten_at: None,
    })
}

#[test]
fn an_account_and_an_outlet_that_name_each_other_are_official_and_published_by_policy() {
    let assessment = assessed(&proven());
    assert_eq!(assessment.relation, Relation::Official);
    assert_eq!(assessment.outlet.as_str(), "xinhua-es");
    assert!(assessment.is_publishable_by_policy(), "{:?}", assessment.conditions);
    let verdict = reviewed(&proven(), None, &[]);
    assert_eq!(claims(&verdict), [Claim::NewlySeen(Relation::Official)]);
    assert!(finding(&verdict).confirmed().is_some());
}

#[test]
fn every_kind_of_naming_by_the_outlet_proves_its_side() {
    for by in [NamedBy::RelMe, NamedBy::Link, NamedBy::Creator] {
        let page = page("https://es.xinhua.example/", PageKind::Home, by);
        assert_eq!(relation(&Dossier { pages: vec![page], ..dossier() }), Relation::Official, "{by:?}");
    }
    let sight = HostSight {
        host: host("xinhua.example"),
        resource: "acct:xinhua@xinhua.example".into(),
        url: "https://xinhua.example/.well-known/webfinger?resource=acct%3Axinhua%40xinhua.example".into(),
        account: dossier().account.id,
        first_read: now(),
        fetched_at: now(),
        sha256: "cd".repeat(32),
    };
    assert_eq!(relation(&Dossier { hosts: vec![sight], ..dossier() }), Relation::Official);
}

#[test]
fn a_page_that_names_an_account_which_does_not_name_it_back_proves_nothing() {
    let mut framed = proven();
    framed.account.latest.profile.links.clear();
    assert_eq!(relation(&framed), Relation::Unrelated);
}

#[test]
fn an_account_that_only_says_so_is_claimed_and_never_raised() {
    let mut parody = dossier();
    parody.account.latest.profile.note = "Cuenta oficial de Xinhua".into();
    let assessment = assessed(&parody);
    assert_eq!(assessment.relation, Relation::Claimed);
    assert!(assessment.because.contains("may be parody"), "{}", assessment.because);
    assert_eq!(reviewed(&parody, None, &[]), Verdict::default());
}

#[test]
fn the_server_s_word_for_a_verified_link_is_no_proof() {
    let dossier = dossier();
    let verified = LinkPlace::Field { name: "Web".into(), server_says_verified: true };
    assert_eq!(dossier.account.latest.profile.links[0].place, verified);
    assert_eq!(relation(&dossier), Relation::Claimed);
}

#[test]
fn a_look_alike_domain_is_no_evidence() {
    let mut fake = dossier();
    fake.account.latest.profile.links = vec![field("https://xinhua.example.evil.example/")];
    fake.pages = vec![page("https://xinhua.example.evil.example/", PageKind::Home, NamedBy::RelMe)];
    assert_eq!(relation(&fake), Relation::Unrelated);
}

#[test]
fn a_page_that_redirects_off_the_outlet_s_domains_proves_nothing() {
    let mut page = home();
    page.final_url = "https://parked.example/".into();
    assert_eq!(relation(&Dossier { pages: vec![page], ..dossier() }), Relation::Claimed);
}

#[test]
fn how_an_outlet_is_controlled_is_not_printed_as_its_owner() {
    let owner = |control: Control| {
        let mut watchlist = watchlist();
        for outlet in watchlist.outlets.values_mut() {
            (outlet.owner, outlet.parents, outlet.control) = (None, vec![], control);
        }
        let assessment = assess(&proven(), &watchlist, &Corpus::default()).unwrap();
        let verdict =
            review(&proven(), &assessment, Before { relation: None }, &[], &watchlist, BY_POLICY, now());
        verdict.raised[0].statement.owner.clone()
    };
    let line = owner(Control::StateControlled).unwrap();
    assert_eq!((line.owner.as_str(), line.control), ("", Some(Control::StateControlled)));
    assert_eq!(owner(Control::Unknown), None);
}

#[test]
fn an_author_s_page_below_the_front_page_does_not_prove() {
    let page = page("https://es.xinhua.example/autores/ana", PageKind::Deep, NamedBy::RelMe);
    assert_eq!(relation(&Dossier { pages: vec![page], ..dossier() }), Relation::Claimed);
}

#[test]
fn a_person_whom_the_front_page_links_is_not_published_without_a_person_looking() {
    let mut staff = proven();
    staff.account.latest.profile.display_name = "Ana".into();
    staff.account.latest.profile.acct = "ana@social.example".parse().unwrap();
    staff.pages[0].names[0].target = "https://social.example/users/xinhua_es".into();
    let assessment = assessed(&staff);
    assert_eq!(assessment.relation, Relation::Official);
    assert!(!assessment.is_publishable_by_policy());
    assert_eq!(finding(&reviewed(&staff, None, &[])).confirmed(), None);
}

#[test]
fn a_mirror_on_a_bridge_host_is_examined_and_not_named_whatever_its_user_name() {
    let mut bot = dossier();
    bot.account.acct = "es.xinhua.example@bridge.example".parse().unwrap();
    bot.account.api_host = host("bridge.example");
    let profile = &mut bot.account.latest.profile;
    profile.acct = bot.account.acct.clone();
    profile.is_bot = true;
    let assessment = assessed(&bot);
    assert_eq!((assessment.relation, assessment.outlet.as_str()), (Relation::Mirror, "xinhua-es"));
    assert_eq!(reviewed(&bot, None, &[]), Verdict::default());
}

#[test]
fn a_mirror_that_the_outlet_itself_links_needs_a_person() {
    let mut bot = proven();
    bot.account.latest.profile.is_bot = true;
    bot.account.latest.profile.note = "RSS feed of Xinhua".into();
    let assessment = assessed(&bot);
    assert_eq!(assessment.relation, Relation::Official);
    assert!(!assessment.is_publishable_by_policy());
}

#[test]
fn a_publisher_on_the_list_of_those_never_to_be_named_stops_the_case() {
    let mut public = proven();
    public.account.latest.profile.links.push(field("https://public.example/"));
    assert_eq!(relation(&public), Relation::Unrelated);
    assert_eq!(reviewed(&public, None, &[]), Verdict::default());
}

#[test]
fn a_claim_for_which_a_maintainer_cites_a_source_is_attested_and_waits_for_one_approval() {
    let mut attested = dossier();
    attested.listings = vec![Listing {
        outlet: OutletId::parse("xinhua-es").unwrap(),
        account: ListedAccount {
            network: Network::Mastodon,
            handle: "xinhua_es@social.example".into(),
            confirmed: false,
            seen_in: Some("https://report.example/".into()),
            proof: None,
        },
    }];
    let verdict = reviewed(&attested, None, &[]);
    assert_eq!(claims(&verdict), [Claim::NewlySeen(Relation::Attested)]);
    assert_eq!(finding(&verdict).needs, 1);
    assert_eq!(finding(&verdict).confirmed(), None);
}

#[test]
fn an_account_known_at_start_stands_on_the_pages_and_is_never_newly_seen() {
    let at_start = Claim::KnownAtStart(Relation::Official);
    let mut known = proven();
    known.account.found.background = true;
    assert_eq!(claims(&reviewed(&known, None, &[])), std::slice::from_ref(&at_start));
    assert_eq!(claims(&reviewed(&known, Some(Relation::Claimed), &[])), [Claim::Changed(Change::NowProven)]);
    known.pages[0].first_read = known.pages[0].fetched_at;
    assert_eq!(claims(&reviewed(&known, Some(Relation::Claimed), &[])), [at_start]);
}

#[test]
fn a_proof_that_was_away_for_a_while_is_not_news_when_it_is_back() {
    let mut known = proven();
    known.account.found.background = true;
    let at_start = finding(&reviewed(&known, None, &[]));
    let away = Dossier { pages: vec![], ..known.clone() };
    let lapsed = reviewed(&away, Some(Relation::Official), &[at_start]).updated.remove(0);
    let back = reviewed(&known, Some(Relation::Claimed), &[lapsed]);
    assert_eq!(claims(&back), [Claim::KnownAtStart(Relation::Official)]);
}

#[test]
fn nothing_is_raised_before_the_account_was_read_completely() {
    let mut unread = proven();
    unread.account.last_complete_poll = None;
    assert_eq!(reviewed(&unread, None, &[]), Verdict::default());
}

#[test]
fn the_same_news_is_raised_once() {
    let first = finding(&reviewed(&proven(), None, &[]));
    assert_eq!(reviewed(&proven(), Some(Relation::Official), &[first]), Verdict::default());
}

#[test]
fn a_waiting_finding_lapses_when_the_outlet_takes_the_link_off_and_may_rise_again() {
    let waiting = finding(&reviewed(&proven(), None, &[]));
    let verdict = reviewed(&dossier(), Some(Relation::Official), std::slice::from_ref(&waiting));
    assert_eq!(verdict.updated[0].state, FindingState::Lapsed { at: now() });
    let lapsed = verdict.updated[0].clone();
    assert_eq!(claims(&reviewed(&proven(), None, &[lapsed])), [Claim::NewlySeen(Relation::Official)]);
}

#[test]
fn a_waiting_finding_approved_by_policy_carries_today_s_facts() {
    let waiting = finding(&reviewed(&proven(), None, &[]));
    let mut later = proven();
    later.account.latest.profile.display_name = "Xinhua Español".into();
    later.account.latest.seen_at = now() + Duration::hours(1);
    let verdict = reviewed(&later, Some(Relation::Official), &[waiting]);
    assert!(verdict.updated[0].confirmed().is_some());
    assert_eq!(verdict.raised, []);
}

#[test]
fn posting_again_after_a_long_silence_is_news_only_when_we_saw_it_happen() {
    let silence_ended = at("2026-11-17T08:00:00Z");
    let before = at("2026-04-17T08:00:00Z");
    let mut awake = proven();
    awake.account.found.background = true;
    awake.statuses = vec![status(before, true), status(silence_ended, false)];
    let change = Change::PostsAgain { since: silence_ended, quiet_days: 214 };
    let at_start = finding(&reviewed(&Dossier { statuses: vec![], ..awake.clone() }, None, &[]));
    let verdict = reviewed(&awake, Some(Relation::Official), std::slice::from_ref(&at_start));
    assert_eq!(claims(&verdict), [Claim::Changed(change)]);
    assert!(finding(&verdict).confirmed().is_some());
    awake.statuses = vec![status(before, true), status(silence_ended, true)];
    assert_eq!(claims(&reviewed(&awake, Some(Relation::Official), &[at_start])), []);
}

#[test]
fn order_and_repetition_of_evidence_change_nothing() {
    let once = assessed(&proven());
    let mut twice = proven();
    twice.pages = vec![home(), page("https://xinhua.example/", PageKind::Home, NamedBy::Link), home()];
    let mut turned = twice.clone();
    turned.pages.reverse();
    for more in [assessed(&twice), assessed(&turned)] {
        assert_eq!((more.relation, more.points), (once.relation, once.points));
        assert_eq!(more.outlet, once.outlet);
    }
}

/// A server chooses the `url` of its accounts: one that copies the page of the outlet's own account is
/// not thereby the account that the outlet's page names.
#[test]
fn a_server_that_gives_its_account_the_page_of_another_does_not_make_the_outlet_name_it() {
    let mut impostor = proven();
    impostor.account.id = AccountId::mastodon("https://evil.example/users/xinhua_es");
    impostor.account.acct = "xinhua_es@evil.example".parse().unwrap();
    impostor.account.api_host = host("evil.example");
    let profile = &mut impostor.account.latest.profile;
    profile.id = impostor.account.id.clone();
    profile.acct = impostor.account.acct.clone();
    assert_eq!(profile.url.as_deref(), Some("https://social.example/@xinhua_es"));
    assert_eq!(relation(&impostor), Relation::Claimed);
}

/// The front page links the site on which all authors have an id of this kind.
#[test]
fn an_id_that_is_told_apart_by_its_query_is_not_named_by_a_link_to_the_site() {
    let mut author = proven();
    author.account.id = AccountId::mastodon("https://social.example/?author=7");
    author.account.latest.profile.id = author.account.id.clone();
    author.account.latest.profile.acct = "xinhua_fan@social.example".parse().unwrap();
    author.account.latest.profile.url = None;
    author.pages[0].names[0].target = "https://social.example/".into();
    assert_eq!(relation(&author), Relation::Claimed);
    author.pages[0].names[0].target = "https://social.example/?author=7".into();
    assert_eq!(relation(&author), Relation::Official);
}

#[test]
fn a_proof_that_was_not_read_for_a_week_is_not_published_by_policy() {
    let mut page_is_old = proven();
    page_is_old.pages[0].fetched_at = now() - Duration::days(8);
    // Read by a clock that was years ahead, who knows when.
    let mut page_is_ahead = proven();
    page_is_ahead.pages[0].fetched_at = now() + Duration::days(900);
    let mut profile_is_old = proven();
    profile_is_old.account.latest.seen_at = now() - Duration::days(8);
    for old in [page_is_old, page_is_ahead, profile_is_old] {
        let waiting = finding(&reviewed(&proven(), None, &[]));
        let verdict = reviewed(&old, Some(Relation::Official), std::slice::from_ref(&waiting));
        assert_eq!(verdict.updated[0].confirmed(), None);
        assert_eq!(finding(&reviewed(&old, None, &[])).confirmed(), None);
        let again = reviewed(&proven(), Some(Relation::Official), &verdict.updated);
        assert!(again.updated[0].confirmed().is_some());
    }
}

#[test]
fn an_account_that_is_back_before_the_digest_is_not_told_as_gone() {
    let since = now() - Duration::days(2);
    let gone = Dossier { account: gone_since(since), ..proven() };
    let at_start = finding(&reviewed(&known_at_start(proven()), None, &[]));
    let told = finding(&reviewed(&gone, Some(Relation::Official), std::slice::from_ref(&at_start)));
    assert_eq!(told.statement.claim, Claim::Changed(Change::Gone { since }));
    let verdict = reviewed(&known_at_start(proven()), Some(Relation::Official), &[at_start, told]);
    let states: Vec<FindingState> = verdict.updated.iter().map(|finding| finding.state).collect();
    assert_eq!(states.last(), Some(&FindingState::Lapsed { at: now() }));
}

#[test]
fn a_person_who_deletes_an_account_is_not_named_for_it() {
    let since = now() - Duration::days(2);
    let mut gone = Dossier { account: gone_since(since), ..proven() };
    gone.account.latest.profile.display_name = "Ana".into();
    gone.account.latest.profile.acct = "ana@social.example".parse().unwrap();
    gone.pages[0].names[0].target = "https://social.example/users/xinhua_es".into();
    assert_eq!(assessed(&gone).relation, Relation::Official);
    let verdict = reviewed(&gone, Some(Relation::Official), &[]);
    assert!(
        verdict.raised.iter().all(|finding| finding.approvals.is_empty() && finding.needs > 0),
        "{verdict:?}"
    );
}

fn known_at_start(mut dossier: Dossier) -> Dossier {
    dossier.account.found.background = true;
    dossier
}

fn gone_since(since: DateTime<Utc>) -> AccountRecord {
    AccountRecord { presence: Presence::Gone { since }, ..known_at_start(proven()).account }
}

#[test]
fn an_account_that_was_told_as_gone_is_told_as_back_once() {
    let at_start = finding(&reviewed(&known_at_start(proven()), None, &[]));
    let gone = Dossier { account: gone_since(now() - Duration::days(9)), ..proven() };
    let mut told = finding(&reviewed(&gone, Some(Relation::Official), std::slice::from_ref(&at_start)));
    told.id = FindingId(2);
    told.state = FindingState::InDigest { number: DigestNumber(1), part: 1 };
    let findings = [at_start.clone(), told.clone()];
    let verdict = reviewed(&known_at_start(proven()), Some(Relation::Official), &findings);
    assert_eq!(claims(&verdict), [Claim::Changed(Change::Back { since: now() })]);
    assert!(finding(&verdict).confirmed().is_some());
    let back = Finding { id: FindingId(3), state: told.state, ..finding(&verdict) };
    let findings = [at_start, told, back];
    assert_eq!(claims(&reviewed(&known_at_start(proven()), Some(Relation::Official), &findings)), []);
}

/// A server that is now there and now not made a new finding each time.
#[test]
fn an_account_that_comes_and_goes_is_told_as_gone_once_in_a_while() {
    let at_start = finding(&reviewed(&known_at_start(proven()), None, &[]));
    let first = Dossier { account: gone_since(now() - Duration::days(9)), ..proven() };
    let mut told = finding(&reviewed(&first, Some(Relation::Official), std::slice::from_ref(&at_start)));
    told.id = FindingId(2);
    told.state = FindingState::InDigest { number: DigestNumber(1), part: 1 };
    let again = Dossier { account: gone_since(now() - Duration::days(1)), ..proven() };
    assert_eq!(claims(&reviewed(&again, Some(Relation::Official), &[at_start, told])), []);
}

#[test]
fn an_account_that_moves_its_target_about_is_told_as_moved_once_in_a_while() {
    let at_start = finding(&reviewed(&known_at_start(proven()), None, &[]));
    let moved = |to: &str| {
        let mut moved = known_at_start(proven());
        moved.account.latest.profile.moved_to = Some(to.parse().unwrap());
        moved
    };
    let first =
        reviewed(&moved("one@evil.example"), Some(Relation::Official), std::slice::from_ref(&at_start));
    let mut told = finding(&first);
    told.id = FindingId(2);
    told.state = FindingState::InDigest { number: DigestNumber(1), part: 1 };
    let findings = [at_start, told];
    assert_eq!(claims(&reviewed(&moved("two@evil.example"), Some(Relation::Official), &findings)), []);
}

/// A hostile server adds a backdated status an hour before the one that ended the silence.
#[test]
fn one_return_to_posting_is_told_once_however_its_first_post_moves() {
    let before = at("2026-04-17T08:00:00Z");
    let returned = at("2026-11-17T08:00:00Z");
    let mut awake = known_at_start(proven());
    let at_start = finding(&reviewed(&awake, None, &[]));
    awake.statuses = vec![status(before, true), status(returned, false)];
    let mut told = finding(&reviewed(&awake, Some(Relation::Official), std::slice::from_ref(&at_start)));
    told.id = FindingId(2);
    told.state = FindingState::InDigest { number: DigestNumber(1), part: 1 };
    awake.statuses.insert(1, status(returned - Duration::hours(1), false));
    assert_eq!(claims(&reviewed(&awake, Some(Relation::Official), &[at_start, told])), []);
}

/// We could not read the account for months; the first pages after that leave a gap that looks like silence.
#[test]
fn a_silence_with_a_gap_in_our_reading_is_none() {
    let mut awake = known_at_start(proven());
    let at_start = finding(&reviewed(&awake, None, &[]));
    awake.account.last_complete_poll = Some(now() - Duration::days(80));
    awake.statuses =
        vec![status(now() - Duration::days(80), false), status(now() - Duration::hours(5), false)];
    assert_eq!(claims(&reviewed(&awake, Some(Relation::Official), &[at_start])), []);
}

#[test]
fn an_account_is_introduced_once_also_when_its_outlet_is_told_more_exactly_later() {
    let mut broad = proven();
    broad.account.latest.profile.links = vec![field("https://xinhua.example/")];
    broad.account.latest.profile.display_name = "Xinhua News Agency".into();
    broad.pages = vec![page("https://xinhua.example/", PageKind::Home, NamedBy::RelMe)];
    let mut told = finding(&reviewed(&broad, None, &[]));
    assert_eq!(told.statement.outlet.as_str(), "xinhua");
    told.state = FindingState::InDigest { number: DigestNumber(1), part: 1 };
    let exact = proven();
    assert_eq!(assessed(&exact).outlet.as_str(), "xinhua-es");
    assert_eq!(claims(&reviewed(&exact, Some(Relation::Official), &[told])), []);
}

/// A hostile outlet could make an observer of it official by linking him.
#[test]
fn a_profile_that_says_it_is_unofficial_does_not_name_the_outlet_as_its_own() {
    for note in [
        "Unofficial archive of https://es.xinhua.example/",
        "Cuenta no oficial",
        "Parody. Not affiliated with anybody",
        "非官方",
        "Неофициальный аккаунт",
        "非公式",
        "비공식",
    ] {
        let mut observer = proven();
        observer.account.latest.profile.note = note.into();
        assert_eq!(relation(&observer), Relation::Unrelated, "{note}");
    }
}

#[test]
fn an_account_that_took_over_the_address_of_another_is_not_published_without_a_person() {
    let mut heir = proven();
    heir.account.found.method = Method::Successor;
    assert!(!assessed(&heir).is_publishable_by_policy());
}

#[test]
fn a_server_that_dates_the_newest_post_ahead_does_not_keep_an_account_posting() {
    let mut silent = known_at_start(proven());
    silent.statuses = vec![status(now() - Duration::days(200), true)];
    silent.account.latest.profile.claimed_last_status = Some(now() + Duration::days(20_000));
    assert!(matches!(activity(&silent, now()), Activity::DormantSince(_)), "{}", activity(&silent, now()));
}

/// The cited page lies elsewhere or says nothing: then nobody has shown that it is no person's account.
#[test]
fn a_cited_proof_that_does_not_name_the_account_does_not_stand_in_for_the_outlet_s_name() {
    let mut staff = proven();
    staff.account.latest.profile.display_name = "Ana".into();
    staff.account.latest.profile.acct = "ana@social.example".parse().unwrap();
    staff.pages[0].names[0].target = "https://social.example/users/xinhua_es".into();
    let listing = |proof: &str| Listing {
        outlet: OutletId::parse("xinhua-es").unwrap(),
        account: ListedAccount {
            network: Network::Mastodon,
            handle: "ana@social.example".into(),
            confirmed: false,
            seen_in: None,
            proof: Some(proof.into()),
        },
    };
    staff.listings = vec![listing("https://elsewhere.example/about-ana")];
    assert!(!assessed(&staff).is_publishable_by_policy());
    staff.listings = vec![listing("https://es.xinhua.example/")];
    assert!(assessed(&staff).is_publishable_by_policy());
}

/// Two days of posts were read of a busy account, and one of years ago that it pinned.
#[test]
fn a_pinned_post_of_long_ago_does_not_thin_out_a_busy_account() {
    let made = |n: i64| now() - Duration::minutes(15 * n);
    let mut statuses: Vec<Arc<SeenStatus>> = (0..200).map(|n| status(made(n), true)).collect();
    statuses.push(status(now() - Duration::days(900), true));
    let tenths = tenths_of_posts_a_day(&statuses, None, now()).unwrap();
    assert!((900..1_050).contains(&tenths), "{tenths}");
}

#[test]
fn the_pace_of_an_account_that_came_back_is_counted_from_its_return() {
    let mut statuses: Vec<Arc<SeenStatus>> =
        (0..8).map(|n| status(now() - Duration::hours(6 * n), false)).collect();
    statuses.push(status(now() - Duration::days(300), true));
    let returned = Some(now() - Duration::hours(42));
    assert_eq!(tenths_of_posts_a_day(&statuses, returned, now()), Some(46));
    assert_eq!(tenths_of_posts_a_day(&statuses, None, now()), Some(3));
}
