//! The digest in Spanish.

mod telling;

use chrono::{Datelike, NaiveDate};

use crate::model::assessment::Relation;
use crate::model::changes::FollowerTrend;
use crate::model::outlet::Control;

use super::words::{
    Checked, Event, Figures, Pace, Sides, Story, Subject, Trend, Words, grouped, pace_of, trend_of,
};

pub(super) const WORDS: Words = Words {
    day,
    month,
    period,
    title: |number, period| format!("Masthead, resumen {number}: {period}"),
    counted,
    method: "Cómo: leemos perfiles públicos y los sitios de los medios. Oficial: cada uno nombra al otro. ",
    rule,
    awaiting: |n| {
        if n == 1 { "1 más espera revisión.".into() } else { format!("{n} más esperan revisión.") }
    },
    postponed,
    every_post: "Cada mensaje, su prueba y cómo objetar:",
    heading,
    account,
    pace,
    followers,
    figures,
    proof,
    event,
    relation,
    quiet: "Siguen sin publicar:",
    quiet_account: |handle, month| format!("{handle} (desde {month})"),
    owner,
    controlled,
    checked,
    proof_link: "La prueba, o para objetar:",
    change_link: "Fechas y cifras, o para objetar:",
    closing: |number| {
        format!(
            "El resumen {number} termina aquí. El servidor no aceptó todos los mensajes en un día; lo que falta está en la página:"
        )
    },
    telling: telling::TELLING,
};

const MONTHS: [&str; 12] = [
    "enero",
    "febrero",
    "marzo",
    "abril",
    "mayo",
    "junio",
    "julio",
    "agosto",
    "septiembre",
    "octubre",
    "noviembre",
    "diciembre",
];

fn month_name(date: NaiveDate) -> &'static str {
    MONTHS[date.month0() as usize]
}

fn day(date: NaiveDate, year: i32) -> String {
    let text = format!("{} de {}", date.day(), month_name(date));
    if date.year() == year { text } else { format!("{text} de {}", date.year()) }
}

fn month(date: NaiveDate) -> String {
    format!("{} de {}", month_name(date), date.year())
}

fn period(from: NaiveDate, to: NaiveDate) -> String {
    let end = format!("{} de {} de {}", to.day(), month_name(to), to.year());
    if from == to {
        end
    } else if (from.year(), from.month()) == (to.year(), to.month()) {
        format!("del {} al {end}", from.day())
    } else {
        format!("del {} al {end}", day(from, to.year()))
    }
}

fn counted(story: Story, n: usize, outlet: Option<&str>) -> String {
    let is_one = n == 1;
    let outlet = outlet.unwrap_or("un medio");
    match story {
        Story::Correction if is_one => "1 corrección (la primera, abajo)".into(),
        Story::Correction => format!("{n} correcciones (las primeras, abajo)"),
        Story::Undisclosed if is_one => format!("1 cuenta que parece vinculada a {outlet} y no lo dice"),
        Story::Undisclosed => format!("{n} cuentas que parecen vinculadas a {outlet} y no lo dicen"),
        Story::LookAlike if is_one => format!("1 cuenta que imita a {outlet}"),
        Story::LookAlike => format!("{n} cuentas que imitan a {outlet}"),
        Story::Official if is_one => "1 cuenta oficial nueva".into(),
        Story::Official => format!("{n} cuentas oficiales nuevas"),
        Story::Attested if is_one => "1 cuenta nueva que dice ser oficial, con fuente citada".into(),
        Story::Attested => format!("{n} cuentas nuevas que dicen ser oficiales, con fuente citada"),
        Story::NowProven if is_one => "1 cuenta conocida, ahora probada como oficial".into(),
        Story::NowProven => format!("{n} cuentas conocidas, ahora probadas como oficiales"),
        Story::Changed if is_one => "1 cambio en una cuenta conocida".into(),
        Story::Changed => format!("{n} cambios en cuentas conocidas"),
    }
}

fn rule(checked: Checked) -> String {
    match checked {
        Checked::ByRule => "Con tal prueba se publica por regla.".to_owned(),
        Checked::ByPeople(1) => {
            "Con tal prueba se publica por regla; el resto lo revisó una persona.".to_owned()
        }
        Checked::ByPeople(n) => {
            format!("Con tal prueba se publica por regla; el resto lo revisaron {n} personas.")
        }
    }
}

fn postponed(n: usize) -> String {
    if n == 1 {
        "1 cuenta más no cupo: está en la página y sale en el próximo resumen.".into()
    } else {
        format!("{n} cuentas más no cupieron: están en la página y salen en el próximo resumen.")
    }
}

fn heading(story: Story, subject: &Subject<'_>) -> String {
    let Subject { outlet, network, accounts } = subject;
    let on = format!("{outlet} en {network}");
    let head = match story {
        Story::Official => "Oficial, nueva para nosotros",
        Story::Attested => "Nueva, dice ser oficial",
        Story::LookAlike => "Nueva, imita a un medio",
        Story::NowProven => "Ahora probada como oficial",
        Story::Changed => return format!("Cambio: {on}"),
        Story::Correction => return format!("Corrección: {on}"),
        Story::Undisclosed => return telling::heading(outlet, *accounts),
    };
    if *accounts == 1 { format!("{head}: {on}") } else { format!("{head}: {accounts} cuentas de {on}") }
}

fn account(handle: &str, figures: &Figures) -> String {
    let seen = figures.first_seen.as_ref().map(|day| format!("la vimos por primera vez el {day}"));
    [Some(handle.to_owned()), seen, figures.pace.clone(), figures.followers.clone()]
        .into_iter()
        .flatten()
        .collect::<Vec<_>>()
        .join(", ")
}

fn pace(tenths: u32) -> Option<String> {
    Some(match pace_of(tenths)? {
        Pace::ADay(1) => "alrededor de 1 mensaje al día".into(),
        Pace::ADay(n) => format!("unos {n} mensajes al día"),
        Pace::AWeek(1) => "alrededor de 1 mensaje a la semana".into(),
        Pace::AWeek(n) => format!("unos {n} mensajes a la semana"),
    })
}

/// Four digits are written without a separator in Spanish.
fn number(n: u64) -> String {
    if n < 10_000 { n.to_string() } else { grouped(n, '.') }
}

fn followers(trend: FollowerTrend) -> String {
    let people = if trend.now == 1 { "seguidor" } else { "seguidores" };
    let now = format!("{} {people}", number(trend.now));
    match trend_of(trend) {
        Trend::Unknown => now,
        Trend::More(n) => format!("{now} ({} más que una semana antes)", number(n)),
        Trend::Fewer(n) => format!("{now} ({} menos que una semana antes)", number(n)),
        Trend::Same => format!("{now} (como una semana antes)"),
    }
}

fn figures(figures: &Figures) -> Option<String> {
    let text = match (&figures.pace, &figures.followers) {
        (Some(pace), Some(followers)) => format!("{pace}, {followers}"),
        (Some(one), None) | (None, Some(one)) => one.clone(),
        (None, None) => return None,
    };
    let mut letters = text.chars();
    letters.next().map(|first| format!("{}{}", first.to_uppercase(), letters.as_str()))
}

fn proof(story: Story, sides: &Sides<'_>) -> String {
    if story == Story::LookAlike {
        return telling::imitates(sides.accounts).to_owned();
    }
    let profile = if sides.accounts == 1 { "el perfil" } else { "cada perfil" };
    let named = sides.profile_names.unwrap_or("el sitio del medio");
    if story == Story::Attested {
        let word = sides.profile_names.map_or(" lo dice".to_owned(), |site| format!(" nombra {site}"));
        return format!(
            "Hasta ahora: {profile}{word} y citamos una fuente. Ninguna página del medio nos lo confirma todavía."
        );
    }
    let back = match sides.named_on {
        Some(site) => format!("{site} nombra {profile}"),
        None => "el sitio del medio lo nombra a su vez".to_owned(),
    };
    format!("Prueba en ambos sentidos: {profile} nombra {named} y {back}. Leímos los dos.")
}

fn event(handle: &str, relation: Option<&str>, event: &Event, figures: &Figures) -> String {
    let who = relation.map_or_else(|| handle.to_owned(), |relation| format!("{handle}, {relation},"));
    let numbers: Vec<&str> =
        [&figures.pace, &figures.followers].into_iter().flatten().map(String::as_str).collect();
    match event {
        Event::PostsAgain { since, quiet_days } => {
            let tail = if numbers.is_empty() { String::new() } else { format!(": {}", numbers.join(", ")) };
            let days = if *quiet_days == 1 { "día" } else { "días" };
            format!("{who} vuelve a publicar desde el {since}, tras {quiet_days} {days} de silencio{tail}.")
        }
        Event::Gone { since } => format!("{who} ya no está en su servidor desde el {since}."),
        Event::Back { since } => {
            format!(
                "{who} no estaba, como dijimos, y vuelve a estar en su servidor: lo leímos de nuevo el {since}."
            )
        }
        Event::Moved => {
            format!("{who} dice que se mudó. Nombraremos la cuenta nueva cuando esté probada por sí misma.")
        }
    }
}

fn relation(relation: Relation) -> Option<&'static str> {
    match relation {
        Relation::Official => Some("oficial"),
        Relation::Attested => Some("oficial según ella misma"),
        Relation::Mirror => Some("réplica declarada"),
        Relation::Undisclosed | Relation::LookAlike | Relation::Claimed | Relation::Unrelated => None,
    }
}

fn owner(owner: &str, says: &str, has_source: bool) -> String {
    let place = if has_source { ", en la página" } else { "" };
    format!("Control: {owner}. Fuente: {says}{place}.")
}

fn controlled(control: Control, says: &str, has_source: bool) -> String {
    let place = if has_source { ", en la página" } else { "" };
    let control = match control {
        Control::StateControlled => "bajo control estatal",
        Control::PartyOrgan => "órgano de un partido",
        Control::Captured => "capturado por el Estado",
        Control::Contested => "su control está en disputa",
        Control::Unknown => "se desconoce quién lo controla",
        Control::InformationOperation => "parte de una operación de información",
    };
    format!("El medio: {control}; ninguna fuente nombra al propietario. Fuente: {says}{place}.")
}

fn checked(checked: Checked) -> Option<String> {
    match checked {
        Checked::ByRule => None,
        Checked::ByPeople(1) => Some("Lo revisó una sola persona.".into()),
        Checked::ByPeople(n) => Some(format!("Lo revisaron {n} personas.")),
    }
}
