//! The sites of the founding story: two papers built by one hand, a blog and local papers built by another.

use chrono::{DateTime, Utc};

use super::super::cast::{Channel, Condition, Field, Format, Language, Makers, Named, NamedBy, Person, Site};
use super::super::newsroom::{RT_ES, WIRE};
use super::super::story::{acct, host};

/// A company of the agency's, which builds papers' sites and has one container of tags for all of them.
const BRIDGE_HEAD: &str = "<meta name=\"generator\" content=\"WordPress 6.4.2\"><script>(function(w,d,s,l,i){w[l]=w[l]||[];\
    var j=d.createElement(s);j.src='https://www.googletagmanager.com/gtm.js?id='+i;})(window,document,'script','dataLayer',\
    'GTM-PD4X7K');</script>";
const BRIDGE_FOOT: &str = "<p>© 2026. Todos los derechos reservados. Desarrollado por <a href=\"https://puentedigital.example/\">\
    Puente Digital</a></p>";

/// A workshop for whoever pays: the agency, local papers, a nurse who blogs.
const WORKSHOP_HEAD: &str = "<meta name=\"generator\" content=\"WordPress 6.6\">";
pub(super) const WORKSHOP: Makers = Makers {
    head: WORKSHOP_HEAD,
    foot: "<p>Funciona con WordPress | Diseño web: <a href=\"https://jacaranda.example/\">Taller Jacaranda</a></p>",
};

/// Who of the story has a site, and whether it links back.
const OWNED: [(&str, &str, &str, Makers, Option<&str>); 3] = [
    (
        "noticias_py@social.example",
        "https://noticiaspy.example/",
        "Noticias Paraguay",
        Makers { head: BRIDGE_HEAD, foot: BRIDGE_FOOT },
        Some("https://social.example/@noticias_py"),
    ),
    (
        "cronica_cl@social.example",
        "https://cronicacl.example/",
        "Crónica Chile",
        Makers { head: BRIDGE_HEAD, foot: BRIDGE_FOOT },
        None,
    ),
    (
        "lucia_bambu@social.example",
        "https://luciabambu.example/",
        "Cuaderno de Lucía",
        WORKSHOP,
        Some("https://social.example/@lucia_bambu"),
    ),
];

/// Local papers that nobody controls, some of them with the same builder.
const LOCAL: [(&str, &str, Makers); 12] = [
    ("faro.example", "El Faro de Levante", WORKSHOP),
    ("gaceta.example", "La Gaceta Serrana", WORKSHOP),
    ("ribera.example", "Semanario Ribera", WORKSHOP),
    ("mirador.example", "El Mirador", WORKSHOP),
    ("pampa.example", "Voz de la Pampa", Makers::NONE),
    ("heraldo.example", "Heraldo del Norte", Makers::NONE),
    ("costa.example", "Correo de la Costa", Makers::NONE),
    ("valles.example", "El Imparcial de los Valles", Makers::NONE),
    ("puna.example", "Eco de la Puna", Makers::NONE),
    ("istmo.example", "Tribuna del Istmo", Makers::NONE),
    ("delta.example", "Semanario del Delta", Makers::NONE),
    ("cerros.example", "La Hora de los Cerros", Makers::NONE),
];

/// Puts links to their sites into the profiles of those who have one.
pub(super) fn link(people: &mut [Person]) {
    for (address, url, ..) in OWNED {
        let person = people.iter_mut().find(|person| person.acct == acct(address));
        let person = person.expect("whoever has a site is in the story");
        person.fields.push(Field { name: "Web", value: url, verified_at: None });
    }
}

/// Sites of papers and people who are no outlets.
pub(super) fn others() -> Vec<Site> {
    let owned = OWNED.iter().map(|(_, url, title, makers, back)| {
        let name = url.trim_start_matches("https://").trim_end_matches('/');
        let named = |href| Named { href, by: NamedBy::Anchor, from: DateTime::<Utc>::UNIX_EPOCH };
        Site { names: back.map(named).into_iter().collect(), ..site(name, title, *makers) }
    });
    let local = LOCAL.iter().map(|(name, title, makers)| site(name, title, *makers));
    owned.chain(local).collect()
}

fn site(name: &str, title: &'static str, makers: Makers) -> Site {
    Site {
        host: host(name),
        title,
        language: Language::Spanish,
        about: "Noticias, cultura y gente.",
        names: Vec::new(),
        links: vec!["/about"],
        channels: Vec::new(),
        condition: Condition::Good,
        makers,
    }
}

/// An agency that nobody controls, and an outlet of another system.
pub(super) fn agencies() -> Vec<Site> {
    let site = |name, title, about, bureau, (path, format)| Site {
        host: host(name),
        title,
        language: Language::Spanish,
        about,
        names: Vec::new(),
        links: vec!["/about"],
        channels: vec![Channel { path, title, bureau, format }],
        condition: Condition::Good,
        makers: Makers::NONE,
    };
    vec![
        site(
            "agenciaejemplo.example",
            "Agencia Ejemplo",
            "Una cooperativa de periódicos.",
            WIRE,
            ("/feed.json", Format::JsonFeed),
        ),
        site("rt-es.example", "RT en Español", "RT.", RT_ES, ("/atom.xml", Format::Atom)),
    ]
}
