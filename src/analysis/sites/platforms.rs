//! Platforms: makers of tools and themes whose name stands on sites of people who do not know each other.

use crate::model::site::{Mark, MarkKind};

/// Systems for publishing, builders of sites, shops of themes, hosts and networks of advertisements, in lower case. A
/// credit that has one of these words says what tool was used and not who used it.
const NAMES: &[&str] = &[
    // Systems for publishing and for talking.
    "wordpress",
    "joomla",
    "drupal",
    "typo3",
    "ghost",
    "blogger",
    "blogspot",
    "medium",
    "substack",
    "movable type",
    "contao",
    "umbraco",
    "craft cms",
    "prestashop",
    "opencart",
    "magento",
    "woocommerce",
    "shopify",
    "mediawiki",
    "discourse",
    "phpbb",
    "vbulletin",
    "xenforo",
    "mybb",
    "mastodon",
    "hugo",
    "jekyll",
    "hexo",
    "gatsby",
    "next.js",
    "nuxt",
    "astro",
    "eleventy",
    "docusaurus",
    "quarto",
    "nicepage",
    "sitecore",
    "adobe experience manager",
    "sharepoint",
    "frontpage",
    "dreamweaver",
    "1c-bitrix",
    "bitrix",
    "битрикс",
    "modx",
    "ucoz",
    "datalife engine",
    "dle",
    "tilda",
    "newspack",
    "brightspot",
    "arc xp",
    "wcms",
    "discuz",
    "dedecms",
    "phpcms",
    "帝国cms",
    "empirecms",
    "z-blog",
    "typecho",
    "织梦",
    "siteserver",
    // Builders of sites.
    "wix",
    "squarespace",
    "weebly",
    "webflow",
    "jimdo",
    "godaddy",
    "strikingly",
    "site123",
    "webnode",
    "duda",
    "framer",
    "carrd",
    "zyro",
    "hostinger",
    "ionos",
    "凡科",
    "上线了",
    "有赞",
    // Tools and themes of such systems.
    "elementor",
    "wpbakery",
    "visual composer",
    "slider revolution",
    "divi",
    "elegant themes",
    "site kit",
    "yoast",
    "all in one seo",
    "rank math",
    "jetpack",
    "wp rocket",
    "tagdiv",
    "newspaper theme",
    "themeforest",
    "envato",
    "astra",
    "generatepress",
    "oceanwp",
    "kadence",
    "blocksy",
    "colormag",
    "themegrill",
    "mh themes",
    "mh magazine",
    "themeansar",
    "af themes",
    "themeinwp",
    "acme themes",
    "rara theme",
    "codevibrant",
    "mystery themes",
    "themespiral",
    "colorlib",
    "templatesell",
    "candid themes",
    "blossom themes",
    "sahifa",
    "tielabs",
    "jannah",
    "jegtheme",
    "jnews",
    "bootstrap",
    // Hosts, search, maps, boxes for comments, networks of advertisements and of delivery.
    "google",
    "cloudflare",
    "amazon",
    "aws",
    "microsoft",
    "azure",
    "facebook",
    "meta",
    "twitter",
    "yandex",
    "яндекс",
    "baidu",
    "百度",
    "阿里云",
    "aliyun",
    "腾讯云",
    "华为云",
    "disqus",
    "taboola",
    "outbrain",
    "mailchimp",
    "hubspot",
    "onesignal",
    "cpanel",
    "plesk",
    "litespeed",
    "nginx",
    "apache",
    "openstreetmap",
    "algolia",
    "tradingview",
    "weatherwidget",
    "recaptcha",
];

/// Whether this mark stands on sites of strangers by its nature, however few of them were read.
pub fn is_platform(mark: &Mark) -> bool {
    match mark.kind {
        MarkKind::Credit | MarkKind::MetaCredit | MarkKind::Generator | MarkKind::AppDeveloper => {
            NAMES.iter().any(|name| has_words(&mark.value, name))
        }
        // Domains and packages of the same makers, and of those who make apps of any site.
        MarkKind::CreditLink | MarkKind::AppVendor => {
            let labels = || mark.value.split('.');
            let makers =
                ["appypie", "goodbarber", "median", "gonative", "webviewgold", "wordpress", "wix", "shopify"];
            labels().any(|label| NAMES.contains(&label) || makers.contains(&label))
        }
        _ => false,
    }
}

/// Whether a name stands in a text: as whole words, or anywhere where it is written without gaps.
pub(super) fn has_words(text: &str, name: &str) -> bool {
    let is_part = |c: Option<char>| c.is_some_and(|c| c.is_alphanumeric() && is_spaced(c));
    text.match_indices(name).any(|(at, _)| {
        let (before, after) = (text[..at].chars().next_back(), text[at + name.len()..].chars().next());
        !name.is_empty() && !is_part(before) && !is_part(after)
    })
}

/// Whether words of this letter are parted by gaps; Chinese ones are not.
fn is_spaced(c: char) -> bool {
    !matches!(c, '\u{2e80}'..='\u{9fff}' | '\u{ac00}'..='\u{d7a3}' | '\u{f900}'..='\u{faff}')
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn tools_are_known_as_words_of_their_own() {
        for (kind, value, known) in [
            (MarkKind::Generator, "wordpress", true),
            (MarkKind::Credit, "wordpress y taller", true),
            (MarkKind::Credit, "织梦内容管理", true),
            (MarkKind::Credit, "astrarium", false),
            (MarkKind::Credit, "taller puente", false),
            (MarkKind::CreditLink, "wordpress.org", true),
            (MarkKind::CreditLink, "puente.example", false),
            (MarkKind::AppVendor, "com.goodbarber", true),
            (MarkKind::TagManager, "GTM-K7X2PQ", false),
        ] {
            assert_eq!(is_platform(&Mark { kind, value: value.into() }), known, "{value}");
        }
    }
}
