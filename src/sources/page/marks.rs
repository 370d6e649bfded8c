//! Marks of a page: who built it, by what it is measured, and which feeds it announces.
//!
//! All of it is the page's own word. An id can be copied from one page to another by anybody, so a mark that two pages
//! have in common is a reason to look and no proof; what it weighs is for the judgement to say.

mod credits;
mod ids;

use std::collections::BTreeMap;
use std::ops::ControlFlow;

use url::Url;

use super::front::FEED_TYPES;
use super::{Base, Element, Extent, Piece, html, json};
use crate::model::account::Host;
use crate::model::site::{Mark, MarkKind};
use crate::sources::encoding;
use credits::{Credit, Line};

/// Marks of one kind that are kept; a page with more was made to have them.
const MOST_OF_A_KIND: usize = 6;
/// Feeds that are kept.
const MOST_FEEDS: usize = 10;
/// The longest mark and the longest line that shows it, in characters.
const MARK_CHARS: usize = 100;
const SHOWN_CHARS: usize = 140;
/// So much of a script is looked at in one piece, in bytes; the end of each piece begins the next one.
const SCRIPT_BYTES: usize = 64 << 10;
const OVERLAP_BYTES: usize = 1 << 10;

/// What a page says of its makers.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Marks {
    /// Each once, with how the page has it.
    pub marks: Vec<(Mark, String)>,
    /// Feeds that its head announces.
    pub feeds: Vec<String>,
}

/// What the page says.
pub fn parse(bytes: &[u8], content_type: Option<&str>, final_url: &Url) -> Marks {
    let mut read = Reading {
        base: Base::new(final_url),
        own: Host::of(final_url),
        line: Line::default(),
        script: String::new(),
        found: Found::default(),
        feeds: Vec::new(),
    };
    html::read(&encoding::decode(bytes, content_type), Extent::Page, |piece| {
        read.take(&piece);
        ControlFlow::Continue(())
    });
    read.end_script();
    let last = read.line.end(&read.base, read.own.as_ref());
    read.found.credit(last);
    let Reading { base, found, feeds, .. } = read;
    let feeds = feeds.iter().filter_map(|href| base.resolve(href)).map(String::from);
    Marks { marks: found.0.into_iter().collect(), feeds: feeds.take(MOST_FEEDS).collect() }
}

struct Reading {
    base: Base,
    own: Option<Host>,
    line: Line,
    /// Code that was not looked at yet.
    script: String,
    found: Found,
    feeds: Vec<String>,
}

impl Reading {
    fn take(&mut self, piece: &Piece<'_>) {
        if let Piece::Hidden(code) = piece {
            self.script.push_str(code);
            if self.script.len() > SCRIPT_BYTES {
                self.look();
                let rest = self.script.ceil_char_boundary(self.script.len() - OVERLAP_BYTES);
                self.script.drain(..rest);
            }
            return;
        }
        self.end_script();
        match piece {
            Piece::Open(element) => {
                self.base.note(element);
                let credit = self.line.open(element, &self.base, self.own.as_ref());
                self.found.credit(credit);
                self.note(element);
            }
            Piece::Close(name) => {
                let credit = self.line.close(name, &self.base, self.own.as_ref());
                self.found.credit(credit);
            }
            Piece::Text(text) => self.line.push(text),
            Piece::Title(_) | Piece::Hidden(_) => {}
        }
    }

    fn end_script(&mut self) {
        if !self.script.is_empty() {
            self.look();
            self.script.clear();
        }
    }

    fn look(&mut self) {
        ids::scan(&self.script, |mark, shown| self.found.keep(mark, shown));
    }

    /// What an element says by itself.
    fn note(&mut self, element: &Element<'_>) {
        match element.name() {
            "script" | "img" | "iframe" => self.scan(element.attribute("src")),
            "ins" | "amp-ad" | "amp-auto-ads" => self.scan(element.attribute("data-ad-client")),
            "meta" => self.meta(element),
            "link" if self.feeds.len() < 2 * MOST_FEEDS => {
                let kind = element.attribute("type").unwrap_or_default().trim().to_ascii_lowercase();
                let is_feed = FEED_TYPES.contains(&kind.as_str());
                self.feeds.extend(element.link_target().filter(|_| is_feed).map(str::to_owned));
            }
            "a" => self.app(element),
            _ => {}
        }
        // The data of these has the id without the address of the service.
        if element.name() == "script" {
            self.scan(element.attribute("data-ad-client"));
        }
    }

    fn scan(&mut self, value: Option<&str>) {
        if let Some(value) = value.filter(|value| value.len() <= json::URL_BYTES) {
            ids::scan(value, |mark, shown| self.found.keep(mark, shown));
        }
    }

    fn meta(&mut self, element: &Element<'_>) {
        let name = element.attribute("name").unwrap_or_default().trim().to_ascii_lowercase();
        let content = element.attribute("content").unwrap_or_default();
        let shown = one_line(content);
        match name.as_str() {
            "google-adsense-account" => self.scan(Some(content)),
            "author" | "designer" | "developer" | "web_author" => {
                self.found.named(MarkKind::MetaCredit, content, &shown);
            }
            // A number behind the name is its version.
            "generator" => {
                let name = content.split(|c: char| c.is_ascii_digit()).next().unwrap_or_default();
                self.found.named(MarkKind::Generator, name, &shown);
            }
            _ => {}
        }
    }

    /// Developers as the stores of apps address them.
    fn app(&mut self, element: &Element<'_>) {
        let Some(href) = element
            .link_target()
            .filter(|href| href.contains("play.google.com") || href.contains(".apple.com"))
        else {
            return;
        };
        let Some(url) = self.base.resolve(href) else { return };
        let value = |wanted: &str| {
            url.query_pairs().find(|(name, _)| name == wanted).map(|(_, value)| value.into_owned())
        };
        match (url.host_str().unwrap_or_default(), url.path()) {
            ("play.google.com", "/store/apps/developer" | "/store/apps/dev") => {
                let developer = value("id").unwrap_or_default();
                self.found.named(MarkKind::AppDeveloper, &format!("google play {developer}"), &developer);
            }
            ("play.google.com", "/store/apps/details") => {
                let package = value("id").unwrap_or_default();
                let mut labels = package.split('.');
                if let (Some(top), Some(maker), Some(_)) = (labels.next(), labels.next(), labels.next()) {
                    self.found.named(MarkKind::AppVendor, &format!("{top}.{maker}"), &package);
                }
            }
            ("apps.apple.com" | "itunes.apple.com", path)
                if path.contains("/developer/") || path.contains("/artist/") =>
            {
                let id = path.trim_end_matches('/').rsplit('/').next().unwrap_or_default();
                self.found.named(MarkKind::AppDeveloper, &format!("app store {id}"), path);
            }
            _ => {}
        }
    }
}

/// Marks by what they are, with how the page has them.
#[derive(Default)]
struct Found(BTreeMap<Mark, String>);

impl Found {
    fn keep(&mut self, mark: Mark, shown: &str) {
        let of_its_kind = self.0.keys().filter(|known| known.kind == mark.kind).count();
        if of_its_kind < MOST_OF_A_KIND {
            self.0.entry(mark).or_insert_with(|| json::clip(&one_line(shown), SHOWN_CHARS));
        }
    }

    /// A name, in one spelling.
    fn named(&mut self, kind: MarkKind, name: &str, shown: &str) {
        let value = json::clip(&one_line(name).to_lowercase(), MARK_CHARS);
        let value = value.trim_matches(|c: char| !c.is_alphanumeric()).to_owned();
        if value.chars().count() >= 2 {
            self.keep(Mark { kind, value }, shown);
        }
    }

    fn credit(&mut self, credit: Option<Credit>) {
        let Some(Credit { name, shown, domain }) = credit else { return };
        self.named(MarkKind::Credit, &name, &shown);
        if let Some(domain) = domain {
            self.keep(Mark { kind: MarkKind::CreditLink, value: domain.to_string() }, domain.as_str());
        }
    }
}

/// White space folded, nothing that cannot be seen.
fn one_line(text: &str) -> String {
    let words = text.split(|c: char| c.is_whitespace() || c.is_control());
    words.filter(|word| !word.is_empty()).collect::<Vec<_>>().join(" ")
}

#[cfg(test)]
mod tests {
    use std::time::{Duration, Instant};

    use proptest::prelude::*;

    use super::*;

    fn read(html: &str) -> Marks {
        parse(html.as_bytes(), Some("text/html"), &Url::parse("https://diario.example/").unwrap())
    }

    fn marks(html: &str) -> Vec<(MarkKind, String)> {
        read(html).marks.into_iter().map(|(mark, _)| (mark.kind, mark.value)).collect()
    }

    fn one(html: &str) -> (MarkKind, String) {
        let found = marks(html);
        let [mark] = found.as_slice() else { panic!("{html}: {found:?}") };
        mark.clone()
    }

    #[test]
    fn ids_are_read_where_the_services_put_them() {
        let hex = "0a1b2c3d4e5f60718293a4b5c6d7e8f9";
        for (html, kind, value) in [
            (
                "<script>ga('create', 'UA-7654321-2', 'auto')</script>",
                MarkKind::GoogleAnalytics,
                "UA-7654321",
            ),
            (
                "<script>_gaq.push(['_setAccount', \"UA-7654321-11\"])</script>",
                MarkKind::GoogleAnalytics,
                "UA-7654321",
            ),
            (
                "<script async src='https://www.googletagmanager.com/gtag/js?id=G-AB12CD34EF&l=x'></script>",
                MarkKind::GoogleMeasurement,
                "G-AB12CD34EF",
            ),
            (
                "<noscript><iframe src=\"https://www.googletagmanager.com/ns.html?id=GTM-K7X2PQ\"></iframe></noscript>",
                MarkKind::TagManager,
                "GTM-K7X2PQ",
            ),
            (
                "<ins class=adsbygoogle data-ad-client=\"ca-pub-9076543210987654\"></ins>",
                MarkKind::Adsense,
                "pub-9076543210987654",
            ),
            (
                "<meta name=\"google-adsense-account\" content=\"ca-pub-9076543210987654\">",
                MarkKind::Adsense,
                "pub-9076543210987654",
            ),
            (
                "<script async src=\"//pagead2.googlesyndication.com/pagead/js/adsbygoogle.js?client=ca-pub-9076543210987654\"></script>",
                MarkKind::Adsense,
                "pub-9076543210987654",
            ),
            (
                "<script>ym(87654399, \"init\", {clickmap:true});</script>",
                MarkKind::YandexMetrika,
                "87654399",
            ),
            (
                "<noscript><img src=\"https://mc.yandex.ru/watch/87654399\" alt=\"\"/></noscript>",
                MarkKind::YandexMetrika,
                "87654399",
            ),
            (
                "<script>w.yaCounter = new Ya.Metrika({ id: 87654399, webvisor:true })</script>",
                MarkKind::YandexMetrika,
                "87654399",
            ),
            (
                &format!("<script>hm.src = \"https://hm.baidu.com/hm.js?{hex}\";</script>"),
                MarkKind::BaiduTongji,
                hex,
            ),
            (
                &format!(
                    "<script>document.write(unescape(\"%3Cscript src='//hm.baidu.com/h.js%3F{hex}'\"))</script>"
                ),
                MarkKind::BaiduTongji,
                hex,
            ),
            ("<script>fbq('init', '908765432109876');</script>", MarkKind::FacebookPixel, "908765432109876"),
            (
                "<img src='https://www.facebook.com/tr?ev=PageView&id=908765432109876&noscript=1'>",
                MarkKind::FacebookPixel,
                "908765432109876",
            ),
            (
                "<script>var _paq=[];(function(){var u=\"//stats.taller.example/\";_paq.push(['setTrackerUrl', u+'matomo.php']);\
              _paq.push(['setSiteId', '7']);})()</script>",
                MarkKind::Matomo,
                "stats.taller.example#7",
            ),
            (
                "<script>_paq.push([\"setTrackerUrl\",\"https://stats.taller.example/matomo.php\"]);_paq.push([\"setSiteId\",\"7\"])</script>",
                MarkKind::Matomo,
                "stats.taller.example#7",
            ),
            (
                "<noscript><img src=\"https://stats.taller.example/piwik.php?idsite=7&amp;rec=1\"></noscript>",
                MarkKind::Matomo,
                "stats.taller.example#7",
            ),
            (
                "<script>t.src='https://vk.com/js/api/openapi.js', VK.Retargeting.Init(\"VK-RTRG-908765-aB3xY\")</script>",
                MarkKind::VkPixel,
                "VK-RTRG-908765-aB3xY",
            ),
            (
                "<script src='https://s11.cnzz.com/z_stat.php?id=1278459630&web_id=1278459630'></script>",
                MarkKind::Cnzz,
                "1278459630",
            ),
            (
                "<script>document.write(unescape(\"%3Cscript src='https://s4.cnzz.com/stat.php%3Fid%3D1278459630'\"))</script>",
                MarkKind::Cnzz,
                "1278459630",
            ),
            (
                "<script>aplus_queue.push({action: 'aplus.setMetaInfo', arguments: ['appKey', '60b1c2d3e4f5a6b7c8d9e0f1']})</script>",
                MarkKind::Umeng,
                "60b1c2d3e4f5a6b7c8d9e0f1",
            ),
        ] {
            assert_eq!(one(html), (kind, value.to_owned()), "{html}");
        }
    }

    #[test]
    fn what_only_resembles_an_id_is_none() {
        for html in [
            // A story about ids, and what a reader sees.
            "<p>UA-7654321-2, GTM-K7X2PQ and ca-pub-9076543210987654 are ids</p>",
            // What manuals print.
            "<script>ga('create', 'UA-XXXXX-Y'); ga('create','UA-12345678-1'); ga('create','UA-000000-1')</script>",
            "<script src='https://www.googletagmanager.com/gtag/js?id=G-XXXXXXXXXX'></script>",
            "<script>gtm('GTM-XXXXXX'); fbq('init', '1234567890')</script>",
            // Parts of longer words.
            "<script>x='AQUA-7654321-2';y='BIG-AB12CD34EF';z=\"G-AB12cd34EF\";q='LOG-K7X2PQ'</script>",
            "<script>asym(87654399, 'init')</script><script>ym(87654399, 'hit')</script>",
            "<script src='https://hm.baidu.com/hm.js?0a1b'></script>",
            // The number of a site without its installation.
            "<script>_paq.push(['setSiteId', '7'])</script>",
            "<script>config({'appKey': '60b1c2d3e4f5a6b7c8d9e0f1'})</script>",
            "<template><script>ga('create', 'UA-7654321-2')</script></template><!-- 'UA-7654321-2' -->",
        ] {
            assert_eq!(marks(html), [], "{html}");
        }
    }

    fn credits(html: &str) -> Vec<String> {
        let is_credit = |kind: MarkKind| {
            use MarkKind::{AppDeveloper, AppVendor, Credit, CreditLink, Generator, MetaCredit};
            matches!(kind, Credit | CreditLink | MetaCredit | Generator | AppDeveloper | AppVendor)
        };
        let credits = marks(html).into_iter().filter(|(kind, _)| is_credit(*kind));
        credits.map(|(_, value)| value).collect()
    }

    #[test]
    fn a_builder_is_read_from_the_foot_of_a_page_in_the_languages_of_the_watchlist() {
        for (foot, name) in [
            ("© 2026 Diario. Todos los derechos reservados. Desarrollado por Taller Puente", "taller puente"),
            ("Diseño y desarrollo por Taller Puente | Aviso legal", "taller puente"),
            ("Desenvolvido por: Taller Puente", "taller puente"),
            ("Proudly powered by <a href='#'>Taller Puente</a> with love", "taller puente"),
            ("Site réalisé par Taller Puente - Mentions légales", "taller puente"),
            ("Разработка сайта — Студия Мост", "студия мост"),
            ("Разработано в Студия Мост", "студия мост"),
            ("版权所有 某某报社 技术支持：北京大桥科技有限公司", "北京大桥科技有限公司"),
            ("網站建設 大橋科技", "大橋科技"),
            ("تصميم وتطوير: شركة الجسر", "شركة الجسر"),
            ("طراحی و تولید: ایران پل", "ایران پل"),
            ("Haber Yazılımı: Köprü Medya", "köprü medya"),
            ("Thiết kế bởi Cầu Media", "cầu media"),
        ] {
            assert_eq!(credits(&format!("<div id=\"site-footer\"><p>{foot}</p></div>")), [name], "{foot}");
        }
    }

    #[test]
    fn the_link_of_a_credit_is_a_mark_and_so_is_the_alternative_text_of_its_picture() {
        let html = "<footer>Desarrollado por <a href=\"https://www.puente.example/x?u=1\">Taller Puente</a> Todos los derechos</footer>";
        assert_eq!(credits(html), ["taller puente", "puente.example"]);
        assert_eq!(read(html).marks[0].1, "Desarrollado por Taller Puente");
        let html = "<footer><a href='https://puente.example'>Desarrollado por Taller Puente</a></footer>";
        assert_eq!(credits(html), ["taller puente", "puente.example"]);
        let html =
            "<footer>Powered by <a href='https://puente.example'><img alt='Taller Puente'></a></footer>";
        assert_eq!(credits(html), ["taller puente", "puente.example"]);
        // Its own pages are nobody's mark.
        let html =
            "<footer>Desarrollado por <a href='https://www.diario.example/nosotros'>Diario</a></footer>";
        assert_eq!(credits(html), ["diario"]);
    }

    #[test]
    fn a_story_about_a_builder_is_no_credit() {
        for html in [
            "<article><p>El puente, desarrollado por Taller Puente, abre hoy</p></article>",
            "<p>Un tren diseñado por Taller Puente llega a Lima</p>",
            "<footer><p>Desarrollado por</p><p>Aviso</p></footer>",
            "<footer>Desarrollado por 2026</footer>",
            "<footer>Powered by people who believe that every neighbourhood deserves a paper of its own</footer>",
        ] {
            assert_eq!(credits(html), Vec::<String>::new(), "{html}");
        }
    }

    #[test]
    fn heads_and_stores_name_makers() {
        let html = "<meta name=Generator content='WordPress 6.4.2'><meta name=author content=' Taller  Puente '>\
                    <link rel=alternate type='application/rss+xml' href='/rss.xml'>\
                    <a href='https://play.google.com/store/apps/details?id=com.puente.diario'>app</a>\
                    <a href='https://play.google.com/store/apps/developer?id=Taller+Puente'>apps</a>\
                    <a href='https://apps.apple.com/us/developer/taller-puente/id908765432'>apps</a>";
        let found = read(html);
        assert_eq!(
            marks(html),
            [
                (MarkKind::MetaCredit, "taller puente".to_owned()),
                (MarkKind::Generator, "wordpress".to_owned()),
                (MarkKind::AppDeveloper, "app store id908765432".to_owned()),
                (MarkKind::AppDeveloper, "google play taller puente".to_owned()),
                (MarkKind::AppVendor, "com.puente".to_owned()),
            ]
        );
        assert_eq!(found.feeds, ["https://diario.example/rss.xml"]);
    }

    #[test]
    fn a_chinese_page_in_an_old_encoding_says_who_built_it() {
        let (gbk, _, _) =
            encoding_rs::GBK.encode("<meta charset=gbk><div class=\"footer\">技术支持：北京大桥科技</div>");
        let found = parse(&gbk, None, &Url::parse("https://bao.example/").unwrap());
        assert_eq!(found.marks[0].0.value, "北京大桥科技");
    }

    #[test]
    fn an_id_across_two_pieces_of_a_long_script_is_found() {
        let script = format!("<script>{}ga('create', 'UA-7654321-2')</script>", "x = 1;\n".repeat(9_361));
        assert_eq!(one(&script), (MarkKind::GoogleAnalytics, "UA-7654321".to_owned()));
    }

    #[test]
    fn lists_of_marks_end() {
        let html: String = (0..5_000)
            .map(|n| {
                format!("<script>ga('create', 'UA-76{n:05}-2')</script><footer>Powered by Name{n}</footer>")
            })
            .collect();
        assert_eq!(read(&html).marks.len(), 2 * MOST_OF_A_KIND);
        let long = format!(
            "<footer>Powered by {}</footer><meta name=author content={}>",
            "y".repeat(5_000),
            "z".repeat(5_000)
        );
        let found = read(&long).marks;
        assert!(
            found.iter().all(|(mark, shown)| mark.value.len() <= MARK_CHARS && shown.len() <= SHOWN_CHARS)
        );
    }

    /// Far more than it takes, since a busy machine without optimisation runs it as well.
    const SOON: Duration = Duration::from_secs(20);

    #[test]
    fn two_mebibytes_of_the_worst_are_read_soon() {
        let whole = |piece: &str| piece.repeat((2 << 20) / piece.len());
        for (name, html) in [
            ("script tags", whole("<script>")),
            ("empty scripts", whole("<script></script>")),
            (
                "ids",
                format!(
                    "<script>{}</script>",
                    whole("'UA-7654321-2',fbq('init','setSiteId','hm.baidu.com/h")
                ),
            ),
            ("one letter", format!("<script>{}</script>", whole("G-"))),
            ("site numbers", format!("<script>{}</script>", whole("setSiteId','1'u="))),
            ("one line of credits", format!("<footer>{}</footer>", whole("powered by "))),
            ("lines of credits", format!("<footer>{}</footer>", whole("<p>powered by powered by</p>"))),
            ("links", format!("<footer>{}</footer>", whole("<a href=x>by</a>"))),
            ("pictures", whole("<img src='https://www.facebook.com/tr?id=1'>")),
            ("no gap", format!("<footer>{}</footer>", whole("支持"))),
        ] {
            let begun = Instant::now();
            let found = read(&html);
            let took = begun.elapsed();
            println!("{name}: {took:?}, {} marks", found.marks.len());
            assert!(took < SOON, "{name}: {took:?}");
        }
    }

    proptest! {
        #[test]
        fn no_bytes_make_it_panic(bytes in proptest::collection::vec(any::<u8>(), 0..400)) {
            let _ = parse(&bytes, None, &Url::parse("https://diario.example/").unwrap());
        }

        #[test]
        fn no_markup_makes_it_panic(
            html in "(<|>|'|\"|=|/|&|;|:|：|-|—|\\.| |\n|\\?|#|\\(|,|é|ß|İ|支|<script>|</script>|<footer>|<a href=x>|</a>|<img alt=|UA-|G-|GTM-|ca-pub-|ym\\(|\
                    mc\\.yandex\\.ru/watch/|Ya\\.Metrika|hm\\.baidu\\.com/h|m\\.js\\?|fbq\\(|init|facebook\\.com/tr\\?|id=|setSiteId|u=|//|\
                    matomo\\.php\\?|idsite=|VK-RTRG-|cnzz\\.com/|z_stat\\.php|appKey|aplus|[0-9]{1,17}|[0-9a-f]{24,32}|desarrollado por|\
                    powered by|技术支持|por|\\PC){0,60}"
        ) {
            let found = read(&html);
            prop_assert!(found.marks.iter().all(|(mark, _)| !mark.value.is_empty()));
        }
    }
}
