//! Spanish: names, places and numbers, and what people say in the news.

use super::{Language, number};
use crate::sandbox::random::Random;

pub const LANGUAGE: Language = Language { voices: VOICES, endings: ENDINGS, space: " ", length: (200, 345) };

/// Slots about an invented country in the east.
pub fn east(slot: &str, random: &mut Random) -> String {
    match slot {
        "city" => eastern_city(random),
        "prov" => {
            format!("{}{}", random.pick(&FIRST), random.pick(&["xi", "nan", "dong", "bei", "jiang", "su"]))
        }
        "who" => eastern_name(random),
        other => shared(other, random),
    }
}

/// Slots about invented places where Spanish is spoken.
pub fn west(slot: &str, random: &mut Random) -> String {
    match slot {
        "city" => format!("{} {}", random.pick(&TOWNS), random.pick(&TOWN_NAMES)),
        "prov" => random.pick(&TOWN_NAMES).to_string(),
        "who" => format!("{} {}", random.pick(&GIVEN), random.pick(&FAMILY)),
        other => shared(other, random),
    }
}

/// Slots about invented places in the north.
pub fn north(slot: &str, random: &mut Random) -> String {
    match slot {
        "city" => {
            format!("{}{}", random.pick(&NORTH), random.pick(&["grad", "sk", "ovo", "insk", "gorsk", "any"]))
        }
        "prov" => format!("{}ia", random.pick(&NORTH)),
        "who" => format!(
            "{} {}{}",
            random.pick(&NORTH_GIVEN),
            random.pick(&NORTH),
            random.pick(&["ov", "in", "enko", "sky"])
        ),
        other => shared(other, random),
    }
}

fn eastern_city(random: &mut Random) -> String {
    format!("{}{}", random.pick(&FIRST), random.pick(&SECOND))
}

fn eastern_name(random: &mut Random) -> String {
    let given = format!("{}{}", random.pick(&FIRST), random.pick(&SECOND).trim_end_matches("zhou"));
    format!("{} {given}", random.pick(&SURNAMES))
}

fn shared(slot: &str, random: &mut Random) -> String {
    match slot {
        "n" => number(random, 12, 980).to_string(),
        "k" => number(random, 3, 29).to_string(),
        "mil" => format!("{}.{:03}", number(random, 2, 89), number(random, 100, 990)),
        "year" => number(random, 1871, 2025).to_string(),
        "day" => random.pick(&DAYS).to_string(),
        "role" => random.pick(&ROLES).to_string(),
        "thing" => random.pick(&THINGS).to_string(),
        "group" => random.pick(&GROUPS).to_string(),
        "site" => random.pick(&SITES).to_string(),
        other => unreachable!("`{other}` is no slot of the Spanish patterns"),
    }
}

const FIRST: [&str; 40] = [
    "Lan", "He", "Qing", "Wu", "Shan", "Bao", "Jin", "Ling", "Mei", "Tai", "Yun", "Xiao", "Fu", "Gui",
    "Hong", "Jia", "Kai", "Lu", "Ming", "Nan", "Ping", "Qiu", "Rui", "Song", "Tong", "Wei", "Xin", "Yan",
    "Zhe", "An", "Bei", "Chang", "Da", "En", "Feng", "Guan", "Hai", "Ji", "Liu", "Zhu",
];
const SECOND: [&str; 24] = [
    "shui", "yuan", "zhou", "kou", "cheng", "tang", "ling", "men", "pu", "qiao", "shan", "tian", "wan",
    "xia", "yang", "zhuang", "hua", "lin", "mu", "ping", "chuan", "he", "guang", "bo",
];
const SURNAMES: [&str; 30] = [
    "Li", "Wang", "Zhang", "Liu", "Chen", "Yang", "Zhao", "Huang", "Zhou", "Wu", "Xu", "Sun", "Hu", "Zhu",
    "Gao", "Lin", "He", "Guo", "Ma", "Luo", "Liang", "Song", "Zheng", "Xie", "Han", "Tang", "Feng", "Yu",
    "Dong", "Xiao",
];
const TOWNS: [&str; 14] = [
    "Villa", "Puerto", "San", "Fuente", "Monte", "Castro", "Santa", "Valle", "Campo", "Torre", "Puente",
    "Ribera", "Loma", "Pozo",
];
const TOWN_NAMES: [&str; 40] = [
    "Ejemplar",
    "Muestra",
    "Plantilla",
    "Ipsum",
    "Amet",
    "Dolor",
    "Lorem",
    "Consecta",
    "Elitela",
    "Tempora",
    "Incidente",
    "Labora",
    "Magnalia",
    "Aliquá",
    "Veniama",
    "Nostrud",
    "Ullamar",
    "Nisiña",
    "Comodo",
    "Aute",
    "Irura",
    "Velitar",
    "Fugita",
    "Nulaya",
    "Pariata",
    "Excepta",
    "Sinteda",
    "Cupida",
    "Proidera",
    "Culpaya",
    "Ofelia",
    "Deseruna",
    "Molita",
    "Animada",
    "Bocelar",
    "Trasunto",
    "Borrador",
    "Ensayo",
    "Maqueta",
    "Simulacra",
];
const GIVEN: [&str; 30] = [
    "Amalia",
    "Benito",
    "Carmela",
    "Darío",
    "Elvira",
    "Fermín",
    "Gloria",
    "Horacio",
    "Inés",
    "Jacinto",
    "Lidia",
    "Matías",
    "Nieves",
    "Octavio",
    "Pilar",
    "Ramiro",
    "Sonia",
    "Tadeo",
    "Úrsula",
    "Valentín",
    "Wanda",
    "Ximena",
    "Yago",
    "Zulema",
    "Aurelio",
    "Berta",
    "Ciro",
    "Delfina",
    "Eloy",
    "Fabiola",
];
const FAMILY: [&str; 30] = [
    "Ferrándiz",
    "Oyarzábal",
    "Quintanar",
    "Belmonte",
    "Carrasquel",
    "Villalpando",
    "Urrutia",
    "Montalvo",
    "Zaldívar",
    "Echagüe",
    "Lamadrid",
    "Peñalosa",
    "Ibarburu",
    "Castellón",
    "Arrieta",
    "Sandoval",
    "Bermúdez",
    "Olazábal",
    "Tresguerras",
    "Manrique",
    "Galarza",
    "Larrañaga",
    "Valdivieso",
    "Cienfuegos",
    "Azcárate",
    "Robledo",
    "Salvatierra",
    "Perdomo",
    "Luzuriaga",
    "Barrientos",
];
const NORTH: [&str; 24] = [
    "Verkh", "Beloz", "Krasn", "Zelen", "Dubrav", "Ozer", "Sosn", "Medved", "Lebed", "Yasn", "Gorod",
    "Petrog", "Stepan", "Volozh", "Tikhv", "Kamen", "Ryab", "Orlov", "Snezh", "Vasil", "Luzh", "Berez",
    "Chern", "Morozh",
];
const NORTH_GIVEN: [&str; 16] = [
    "Alina", "Borís", "Daria", "Fiódor", "Galina", "Ígor", "Ksenia", "Lev", "Marina", "Nikita", "Olga",
    "Pável", "Raísa", "Stepán", "Tamara", "Yulia",
];
const DAYS: [&str; 14] = [
    "el lunes",
    "el martes",
    "el miércoles",
    "el jueves",
    "el viernes",
    "el sábado",
    "el domingo",
    "esta semana",
    "este mes",
    "en la madrugada",
    "al anochecer",
    "a mediodía",
    "anteayer",
    "a primera hora",
];
const ROLES: [&str; 24] = [
    "maestra jubilada",
    "guarda forestal",
    "ingeniera",
    "cocinero",
    "carpintero",
    "bióloga",
    "barquero",
    "bibliotecaria",
    "estudiante",
    "agricultora",
    "veterinario",
    "arquitecta",
    "comerciante",
    "jardinera",
    "maquinista",
    "costurera",
    "pastor",
    "ceramista",
    "directora de escuela",
    "médico rural",
    "violinista",
    "fotógrafa",
    "historiador",
    "vecina del barrio",
];
const THINGS: [&str; 24] = [
    "farolillos",
    "tambores",
    "barcas",
    "cometas",
    "tejados",
    "escalones",
    "semillas",
    "relojes",
    "acuarelas",
    "mapas antiguos",
    "campanas",
    "máscaras",
    "abanicos",
    "tinajas",
    "bicicletas",
    "paraguas",
    "libros de cuentas",
    "telares",
    "ventanas talladas",
    "sombreros de paja",
    "vasijas",
    "partituras",
    "sellos de piedra",
    "lámparas",
];
const GROUPS: [&str; 18] = [
    "turistas",
    "escolares",
    "voluntarios",
    "artesanos",
    "músicos aficionados",
    "familias",
    "jubilados",
    "fotógrafos",
    "científicos",
    "ciclistas",
    "pescadores",
    "aprendices",
    "cocineros",
    "bailarinas",
    "vecinos",
    "montañeros",
    "lectores",
    "coleccionistas",
];
const SITES: [&str; 18] = [
    "el mercado cubierto",
    "la plaza mayor",
    "el muelle viejo",
    "la antigua estación",
    "el parque del lago",
    "el museo local",
    "la orilla norte",
    "el barrio alto",
    "la fábrica de seda",
    "el jardín botánico",
    "la torre del reloj",
    "el teatro de verano",
    "la colina oeste",
    "el puente de piedra",
    "la biblioteca nueva",
    "el patio de la escuela",
    "la cooperativa",
    "el pabellón central",
];

const VOICES: &[&str] = &[
    "«[Nunca|Jamás] había visto {n} {thing} juntos», [contó|admitió|recordó] {who}, {role} de {city}.",
    "Para {who}, {role}, [lo más difícil|lo más bonito|la sorpresa] fueron los {k} minutos [previos|finales].",
    "{who}, de {n} kilómetros más al sur, [viajó|madrugó|vino] con {k} parientes para [verlo|contarlo].",
    "«Mi abuelo hablaba de esto en {year}», [dijo|comentó|afirmó] {who} entre {thing}.",
    "Según {who}, {role}, [harían falta|bastarían] otros {k} meses y unos {n} {thing}.",
    "El [equipo|grupo|taller] de {who} [reunió|contó|preparó] {n} {thing} en {city}.",
    "«Volveré con mis {k} nietos», [prometió|aseguró] {who}, que [llegó|vino] desde {city}.",
    "{who} [guarda|conserva|enseña] en casa {k} {thing} de {year}, [herencia|recuerdo|regalo] de una tía.",
    "Entre los {n} {group} [estaba|figuraba] {who}, {role} nacida en {city}.",
    "«Se aprende en {k} tardes y se olvida en una», [bromeó|opinó] {who}, {role}.",
    "A {who}, {role}, le [tocó|correspondió] [cerrar|abrir] la jornada ante {n} {group}.",
    "{who} [calcula|estima|cree] que [pasarán|vendrán] {mil} {group} antes de {year}, [dijo|bromeó] entre risas.",
    "«No es un récord, es una costumbre», [matizó|precisó] {who} [frente a|junto a] {n} {thing}.",
    "En {city}, {who} [repite|ensaya|practica] lo mismo desde hace {k} inviernos.",
    "Una carta de {year} que [halló|leyó] {who} [menciona|describe] {n} {thing}.",
    "«Lo hacemos por los {group} de {city}», [resumió|insistió] {who}, {role} desde hace {k} años.",
];

const ENDINGS: &[&str] = &[
    "La [cita|jornada|muestra] sigue {day} en {site}, con {k} [puestos|turnos|salas].",
    "La entrada cuesta {k} monedas y [da derecho a|incluye] {n} [puntos|sellos] en {site}.",
    "En {year} [acudieron|vinieron] {mil} {group}; [ahora|hoy] se [esperan|prevén] más.",
    "Quien llegue {day} hallará {site} abierto [hasta|desde] las {k} y {n} {thing}.",
    "El [plan|programa|proyecto] [nació|empezó] en {year} en {city}, con solo {k} {thing}.",
    "La [próxima|siguiente] parada será {city}, a {n} kilómetros de {site}.",
    "Para {day} están [previstos|anunciados] {k} [talleres|paseos|conciertos] en {city}.",
    "Unos {n} {group} de {city} [ayudan|colaboran|participan] sin cobrar.",
    "El [registro|archivo|catálogo] de {prov} [suma|reúne] ya {mil} {thing}.",
    "Todo [cabe|viaja] en {k} camiones y [vuelve|regresa] {day} a {city}.",
    "En {site} queda [sitio|lugar|espacio] para otros {n} {group}.",
    "Un tren [especial|lento|nocturno] une {city} con {prov} en {k} horas [hasta|desde] {day}.",
    "La lluvia de {day} obligó a [mover|guardar|cubrir] {n} {thing} en {site}.",
    "El [coste|presupuesto], de {mil} monedas, lo [cubre|paga] una colecta en {city}.",
];
