//! Hidden ties and corrections in Spanish.

use chrono::{Datelike, NaiveDate};

use crate::analysis::compose::SoFar;
use crate::analysis::compose::telling::{Credits, Observed, Said, Telling, Wrong};
use crate::analysis::compose::words::Figures;
use crate::model::tie::Topic;

use super::day;

pub(super) const TELLING: Telling = Telling {
    between: " ",
    method,
    only_observed: " Contamos lo observado, no quién administra una cuenta.",
    official_means: " Oficial: cuenta y medio se nombran entre sí.",
    span,
    account,
    observed,
    count: super::number,
    credit,
    topic,
    controller: |owner, says| format!("Control del medio: {owner}, según {says}."),
    not_known: |n| {
        if n == 1 { "No se sabe quién la lleva." } else { "No se sabe quién las lleva." }
    },
    evidence_link: "Indicios y objeciones:",
    correction: |digest, day| match digest {
        Some(digest) => format!("Corrección al resumen {digest} ({day})"),
        None => format!("Corrección a una página nuestra ({day})"),
    },
    wrong: |wrong| {
        let (claim, why) = (claim(wrong), behind(wrong.why));
        format!("Escribimos {claim}. Era un error.{why}")
    },
    sorry: |digest| match digest {
        Some(_) => "Lo retiramos y lo lamentamos. El mensaje anterior y las páginas ya lo dicen.",
        None => "Lo retiramos y lo lamentamos. Las páginas ya lo dicen.",
    },
    so_far,
    correction_link: "Qué dijimos y qué estaba mal:",
    corrected: |day| format!("Corregido el {day}. Lo que decía este mensaje era un error."),
    taken_out: |day| format!("Corregido el {day}: nos equivocamos con otra cuenta más."),
    withdrawn: |wrong| {
        let (claim, why) = (claim(wrong), behind(wrong.why));
        format!("Escribimos {claim}. Lo retiramos y lo lamentamos.{why}")
    },
};

fn number(n: usize) -> String {
    match n {
        2 => "dos".into(),
        3 => "tres".into(),
        4 => "cuatro".into(),
        5 => "cinco".into(),
        n => n.to_string(),
    }
}

pub(super) fn heading(outlet: &str, n: usize) -> String {
    if n == 1 {
        return format!("Parece vinculada a {outlet} y no lo dice");
    }
    let mut many = number(n);
    many[..1].make_ascii_uppercase();
    format!("{many} cuentas, una historia: parecen vinculadas a {outlet} y no lo dicen")
}

pub(super) fn imitates(n: usize) -> &'static str {
    if n == 1 {
        "Observado: su nombre se escribe como el del medio, con letras que solo se parecen. Ninguna página del medio que leímos la nombra. No se sabe quién la administra."
    } else {
        "Observado: sus nombres se escriben como el del medio, con letras que solo se parecen. Ninguna página del medio que leímos las nombra. No se sabe quién las administra."
    }
}

fn method(people: usize) -> String {
    let check = match people {
        1 => "una sola persona revisa".into(),
        n => format!("{} personas revisan", number(n)),
    };
    format!(
        "Cómo: comparamos mensajes públicos con lo que los medios publicaron antes; {check} cada vínculo no declarado."
    )
}

fn span(from: NaiveDate, to: NaiveDate, year: i32) -> String {
    let end = day(to, year);
    if from == to {
        format!("el {end}")
    } else if (from.year(), from.month()) == (to.year(), to.month()) {
        format!("del {} al {end}", from.day())
    } else {
        format!("del {} al {end}", day(from, to.year()))
    }
}

fn account(handle: &str, figures: &Figures) -> String {
    let seen = figures.first_seen.as_ref().map(|day| format!("la vimos por primera vez el {day}"));
    let told = [Some(handle.to_owned()), figures.followers.clone(), seen];
    told.into_iter().flatten().collect::<Vec<_>>().join(", ")
}

fn observed(observed: &Observed) -> String {
    let Observed { span, accounts, posts, copies, common, lag_minutes } = observed;
    let (posts, copies) = (super::number(*posts), super::number(*copies));
    let lag =
        lag_minutes.map(|minutes| format!(" (en general, {} después)", lag(minutes))).unwrap_or_default();
    if *accounts == 1 {
        return format!(
            "Observado {span}: {copies} de sus {posts} mensajes son copias casi exactas de textos anteriores del medio{lag}."
        );
    }
    let all = if *accounts == 2 { "ambas".to_owned() } else { format!("las {}", number(*accounts)) };
    match common {
        0 => format!(
            "Observado {span}: {copies} de sus {posts} mensajes son copias casi exactas de textos anteriores del medio{lag}."
        ),
        1 => format!(
            "Observado {span}: {copies} de {posts} mensajes, con un texto en {all}, son copias casi exactas de textos anteriores del medio{lag}."
        ),
        _ => format!(
            "Observado {span}: {copies} copias casi exactas de textos anteriores del medio{lag}, {common} en {all}."
        ),
    }
}

fn lag(minutes: i64) -> String {
    match minutes {
        1 => "1 minuto".into(),
        2..90 => format!("{minutes} minutos"),
        _ => {
            let hours = (minutes + 30) / 60;
            match hours {
                1 => "1 hora".into(),
                2..48 => format!("{hours} horas"),
                _ => format!("{} días", (hours + 12) / 24),
            }
        }
    }
}

fn credit(credits: &Credits) -> Option<String> {
    let Credits { accounts, copies, none, altered, example } = credits;
    if *accounts > 1 && *none > 0 && *altered > 0 {
        let such = example.as_ref().map_or("alterado".to_owned(), |example| format!("“{example}”"));
        return Some(format!("Crédito: ninguno en {none}; {such} en {altered}."));
    }
    let example = example.as_ref().map(|example| format!(", “{example}”")).unwrap_or_default();
    let leads_nowhere = format!("un crédito que no lleva a ninguna parte{example}");
    let of_all = if *accounts == 1 { String::new() } else { format!(" de {}", super::number(*copies)) };
    let (none_of, altered_in) = (format!("{}{of_all}", super::number(*none)), super::number(*altered));
    Some(match (*none, *altered) {
        (0, 0) => return None,
        (0, _) => format!("En {altered_in}, {leads_nowhere}."),
        (all, 0) if all == *copies => "Ninguna copia lleva crédito.".into(),
        (_, 0) => format!("Sin crédito en {none_of}."),
        (_, _) => format!("Sin crédito en {none_of}; en {altered_in}, {leads_nowhere}."),
    })
}

fn topic(topic: Topic) -> &'static str {
    match topic {
        Topic::Culture => "Sobre todo cultura.",
        Topic::Politics => "Sobre todo política.",
        Topic::Economy => "Sobre todo economía.",
        Topic::Sport => "Sobre todo deporte.",
        Topic::Mixed => "Temas variados.",
    }
}

fn so_far(so_far: SoFar) -> String {
    let named = match so_far.named {
        1 => "1 cuenta nombrada".into(),
        n => format!("{n} cuentas nombradas"),
    };
    let objections = so_far.objections.map(|n| match n {
        1 => "1 objeción".into(),
        n => format!("{n} objeciones"),
    });
    let withdrawn = match so_far.withdrawn {
        1 => "1 afirmación retirada".into(),
        n => format!("{n} afirmaciones retiradas"),
    };
    let told = [Some(named), objections, Some(withdrawn)];
    format!("Hasta ahora: {}.", told.into_iter().flatten().collect::<Vec<_>>().join(", "))
}

/// What we wrote, behind "escribimos".
fn claim(wrong: &Wrong<'_>) -> String {
    let (who, outlet) = (wrong.who.unwrap_or("una cuenta"), wrong.outlet);
    match wrong.said {
        Said::Official => format!("que {who} es una cuenta oficial de {outlet}"),
        Said::Attested => format!("que {who} dice ser de {outlet} y que una fuente también lo dice"),
        Said::Undisclosed => format!("que {who} parece vinculada a {outlet}"),
        Said::LookAlike => format!("que {who} imita a {outlet}"),
        Said::Change => format!("sobre un cambio de {who} de {outlet}"),
        Said::Other => format!("sobre {who} y {outlet}"),
    }
}

fn behind(why: &str) -> String {
    if why.is_empty() { String::new() } else { format!(" {why}") }
}
