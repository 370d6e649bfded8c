//! Spanish that nobody reports: columns, comments on what others write, and small talk of local papers.

use super::es::west;
use super::{expand, fill};
use crate::sandbox::random::Random;

/// A piece of opinion: the first sentence can stand as a headline.
pub fn column(random: &mut Random) -> String {
    let mut parts = vec![fill(THESES, west, random)];
    let first = random.below(REASONS.len() as u64) as usize;
    let second = (first + 1 + random.below(REASONS.len() as u64 - 1) as usize) % REASONS.len();
    parts.push(expand(REASONS[first], west, random));
    parts.push(expand(REASONS[second], west, random));
    parts.push(fill(MORALS, west, random));
    parts.join(" ")
}

/// What a reader says of something that he quotes.
pub fn comment(random: &mut Random) -> String {
    let first = fill(COMMENTS, west, random);
    let second = fill(AFTERTHOUGHTS, west, random);
    format!("{first} {second}")
}

/// Small talk of a local paper.
pub fn small_talk(random: &mut Random) -> String {
    let first = fill(WEATHER, west, random);
    if random.one_in(2) {
        return first;
    }
    format!("{first} {}", fill(GREETINGS, west, random))
}

const THESES: &[&str] = &[
    "He pasado {k} tardes en {site} y ya no creo en las prisas de {city}.",
    "Nadie en {city} pregunta por qué faltan {n} {thing} en {site}.",
    "Escribo desde {city} con {k} {thing} sobre la mesa y una duda.",
    "Un pueblo que pierde {n} {thing} pierde también {site}.",
    "Mi vecina {who} tenía razón sobre {site} desde {year}.",
    "Se puede medir {city} en {thing}: yo conté {n} y me perdí.",
    "Lo que {who} hizo en {site} merece algo más que {k} aplausos.",
    "Vuelvo a {city} cada {k} años y siempre faltan {thing}.",
    "Contra la nostalgia de {year}, propongo {n} {thing} y un banco.",
    "Hay {k} maneras de cruzar {prov} y todas pasan por {site}.",
];
const REASONS: &[&str] = &[
    "[Leí|Copié|Guardé] en un cuaderno lo que decía {who}, {role}: {n} {thing} no hacen un museo.",
    "[Entonces|Aquel año|Hacia {year}] los {group} de {city} [discutían|cantaban|remaban] hasta las {k}.",
    "[Basta|Alcanza] con mirar {site}: {k} sillas, {n} [palomas|sombras] y ningún cartel.",
    "A mi padre, {role} en {prov}, le [debían|pagaban] {n} monedas y {k} {thing}.",
    "Las cuentas de {who} no cuadran, porque olvidan a {mil} {group} que [llegaban|volvían] {day}.",
    "No [defiendo|discuto] los {thing} por viejos, sino por los {n} [oficios|nombres] que esconden.",
    "En {city} [aprendí|entendí] que {k} {group} [callados|tercos] mueven más que un decreto.",
    "El [alcalde|comité] [prometió|anunció] {n} {thing} para {day} y [trajo|mandó] apenas {k}.",
    "Hace {k} inviernos [perdimos|cerramos] {site}, y {who} todavía [guarda|pule] la llave.",
    "Quien [venga|mire] de {prov} verá {n} {thing} donde yo veo a {who}, {role} sin trabajo.",
];
const MORALS: &[&str] = &[
    "[Yo|De momento] me quedo con {who} y sus {k} {thing}.",
    "Que [conste|quede] en acta: éramos {n} {group} y {k} perros.",
    "[Mañana|{day}] volveré a {site}, aunque [llueva|nieve] sobre {city}.",
    "Si {year} [sirve|vale] de aviso, [guarden|cuenten] bien los {n} {thing}.",
    "Y el que [dude|ría], que [pregunte|suba] a {city} por {who}.",
    "Lo [demás|otro] son {n} {thing} en un cajón de {prov}.",
];

const COMMENTS: &[&str] = &[
    "[Llamé|Escribí] a {who}, {role} en {city}, y me habla de {k} y no de {n}.",
    "Faltan {k} datos: quién [pagó|contó], cuándo, y por qué {n} y no {mil}.",
    "Estuve en {city} en {year} y aquello [tenía|reunía] {n} {thing}, ni uno más.",
    "[Curioso|Raro] que nadie cite a {who}, que [midió|revisó] lo mismo en {prov}.",
    "Compárese con {city}: {n} {group}, {k} meses y ninguna [foto|nota] triunfal.",
    "No [discuto|niego] la cifra, pero {who} [publicó|defendió] otra, {mil}, en {year}.",
    "[Bonito|Simpático], aunque a {k} kilómetros [cerraron|vaciaron] {site} {day}.",
    "Pregunté a {n} {group} de {prov} y solo {k} lo [recuerdan|conocían].",
    "Este [párrafo|tono] se repite desde {year}: cambian {city} y {n}, nada más.",
    "Mi [lectura|objeción]: sin {who} y sus {k} {group} no habría [nada|noticia] que contar.",
];
const AFTERTHOUGHTS: &[&str] = &[
    "Sigo [buscando|reuniendo] papeles; [van|llevo] {n} folios y {k} llamadas.",
    "[Mañana|{day}] lo cuento con calma, con {k} documentos de {city}.",
    "Si [trabaja|vive] usted en {prov}, escríbame: [leo|respondo] antes de las {k}.",
    "Mi cuaderno de {year} dice [otra|la misma] cosa en la página {n}.",
    "La [pregunta|duda] es de {who}, y me [parece|resulta] justa a {k} días de la feria.",
    "Ya van {k} veces este año y {n} [lectores|vecinos] me lo hacen notar.",
];

const WEATHER: &[&str] = &[
    "[Mañana|Tarde|Noche] de {k} grados en {prov}; [lleven|saquen] abrigo.",
    "Se esperan {k} milímetros de lluvia {day} en {city}.",
    "[Cortan|Reabren] la calle {n} de {city} {day}, [paciencia|buen viaje].",
    "El colectivo {n} cambia de parada {day}: [pasa|para] por {site}.",
    "Feria del libro usado en {site}, {k} mesas, {day}.",
    "Hoy [cumple|celebra] {k} años el coro de {city}. [Felicidades|Enhorabuena].",
    "[Perdida|Encontrada] una gata gris cerca de {site}; responde a «{k}».",
    "La farmacia de turno en {city} es la del número {n}.",
    "[Sol|Nubes|Viento] en {prov} y {k} grados a las {k} horas.",
    "El río [bajó|subió] {n} centímetros junto a {site}.",
];
const GREETINGS: &[&str] = &[
    "[Buen|Feliz] día a los {n} que nos leen desde {city}.",
    "[Saludos|Un abrazo] a {who}, que cumple {k} años.",
    "Gracias a {who} por el [aviso|dato] de {day}.",
    "Nos [leemos|vemos] {day}, [lectores|amigos] de {prov}.",
];
