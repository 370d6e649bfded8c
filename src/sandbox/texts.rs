//! Invented texts in three languages: harmless filler about places that do not exist.

use chrono::{DateTime, Utc};

use super::cast::{Language, Voice};
use super::random::Random;
use super::wording::es_talk;

/// What somebody with this voice writes.
pub fn compose(voice: Voice, at: DateTime<Utc>, random: &mut Random) -> String {
    let language = voice.language();
    match voice {
        Voice::Agency { site, .. } => {
            let day = at.format("%Y%m%d");
            let number = random.below(100_000);
            let tag = if random.one_in(4) {
                format!("\n\n#{}", random.pick(tags(language)))
            } else {
                String::new()
            };
            let news = news(language, random);
            format!("{news}\n\nhttps://{site}/{day}/c-{number:05}-{:08x}.html{tag}", random.next() as u32)
        }
        Voice::Private { .. } => random.pick(remarks(language)).to_string(),
        Voice::Columnist => es_talk::column(random),
        Voice::Copyist(_) => es_talk::small_talk(random),
    }
}

/// The text after its author looked at it again.
pub fn correct(text: &str, language: Language) -> String {
    let mark = match language {
        Language::English => "(updated)",
        Language::Spanish => "(actualizado)",
        Language::Chinese => "(更新)",
    };
    match text.split_once("\n\n") {
        Some((news, rest)) => format!("{news} {mark}\n\n{rest}"),
        None => format!("{text} {mark}"),
    }
}

fn news(language: Language, random: &mut Random) -> String {
    let number = 3 + random.below(90);
    let words = match language {
        Language::English => ENGLISH,
        Language::Spanish => SPANISH,
        Language::Chinese => CHINESE,
    };
    let (place, event) = (random.pick(words.places), random.pick(words.events));
    let detail = random.pick(words.details).replace("{n}", &number.to_string());
    match language {
        Language::Chinese => format!("{place}{event}，{detail}。"),
        Language::English | Language::Spanish => format!("{place} {event}. {detail}."),
    }
}

fn tags(language: Language) -> &'static [&'static str] {
    match language {
        Language::English => &["Sampleport", "Lanterns", "Bridges"],
        Language::Spanish => &["PuertoMuestra", "Faroles", "Puentes"],
        Language::Chinese => &["样港", "灯会", "桥梁"],
    }
}

/// What a piece of news is put together from.
struct Words {
    places: &'static [&'static str],
    events: &'static [&'static str],
    /// `{n}` stands for a number.
    details: &'static [&'static str],
}

const ENGLISH: Words = Words {
    places: &[
        "The harbour town of Sampleport",
        "The valley of Exemplar",
        "A workshop in North Placeholder",
        "The museum of Loremburg",
        "The river district of Ipsum",
        "A village near Mount Dolor",
        "The railway at Amet Junction",
        "The garden of Consectetur",
    ],
    events: &[
        "opens a lantern festival on its old quay",
        "shows a kite that is longer than its bridge",
        "welcomes the first cranes of the winter",
        "restores a wooden theatre after a long pause",
        "tests a ferry that makes almost no waves",
        "weighs a pumpkin as heavy as a piano",
        "finishes a footbridge made of bamboo",
        "names a young panda after a public vote",
    ],
    details: &[
        "Organisers expect {n} boats by the weekend",
        "It took {n} volunteers and two winters",
        "Visitors queued for {n} minutes in light rain",
        "A choir of {n} pupils sang at the opening",
        "The work lasted {n} days longer than planned",
        "Local cooks served {n} kinds of dumplings",
    ],
};

const SPANISH: Words = Words {
    places: &[
        "El puerto de Villamuestra",
        "El valle de Ejemplar",
        "Un taller de Santa Plantilla",
        "El museo de Loremburgo",
        "El barrio fluvial de Ipsum",
        "Una aldea junto al monte Dolor",
        "El ferrocarril de Empalme Amet",
        "El jardín de Consectetur",
    ],
    events: &[
        "inaugura un festival de faroles en su muelle viejo",
        "muestra una cometa más larga que su puente",
        "recibe a las primeras grullas del invierno",
        "restaura un teatro de madera tras una larga pausa",
        "prueba un transbordador que casi no levanta olas",
        "pesa una calabaza tan grande como un piano",
        "termina una pasarela hecha de bambú",
        "pone nombre a un panda joven tras una votación",
    ],
    details: &[
        "Se esperan {n} barcas para el fin de semana",
        "Hicieron falta {n} voluntarios y dos inviernos",
        "El público esperó {n} minutos bajo la llovizna",
        "Un coro de {n} alumnos cantó en la apertura",
        "La obra duró {n} días más de lo previsto",
        "Los cocineros sirvieron {n} clases de empanadillas",
    ],
};

const CHINESE: Words = Words {
    places: &[
        "样港老码头",
        "范例山谷",
        "北样村作坊",
        "洛伦市博物馆",
        "伊普河畔",
        "多洛山下的小村",
        "阿梅特车站",
        "康塞花园",
    ],
    events: &[
        "举办灯会",
        "展出一只比桥还长的风筝",
        "迎来今冬第一批鹤",
        "重新开放修缮一新的木结构剧场",
        "试航一艘几乎不起浪的渡船",
        "称出一个和钢琴一样重的南瓜",
        "建成一座竹制步行桥",
        "为一只小熊猫公开征名",
    ],
    details: &[
        "预计周末将有{n}条船参加",
        "{n}名志愿者用了两个冬天",
        "游客在小雨中排队{n}分钟",
        "{n}名小学生在开幕式上合唱",
        "工期比计划长了{n}天",
        "当地厨师准备了{n}种饺子",
    ],
};

fn remarks(language: Language) -> &'static [&'static str] {
    match language {
        Language::English => &[
            "Rain again. The cat has opinions about it.",
            "Finished the second chapter of my lighthouse novel.",
            "Does anybody know a good recipe for quince jelly?",
            "The night train was on time & I am still surprised.",
            "Reading three agencies on the same bridge: three lengths of bridge. #Bridges",
            "New strings on the old guitar <3",
        ],
        Language::Spanish => &[
            "Otra vez lluvia. El gato no está de acuerdo.",
            "¿Alguien tiene una buena receta de membrillo?",
            "El tren nocturno llegó puntual y aún no me lo creo.",
            "Cuerdas nuevas en la guitarra vieja.",
        ],
        Language::Chinese => {
            &["又下雨了，猫很不满意。", "夜车居然准点。", "谁有好的木瓜食谱？", "旧吉他换了新弦。"]
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_voice_fits_into_a_post() {
        let at = "2026-11-02T08:00:00Z".parse().unwrap();
        for language in [Language::English, Language::Spanish, Language::Chinese] {
            for voice in [
                Voice::Agency { language, site: "xinhua.example" },
                Voice::Private { language },
                Voice::Columnist,
            ] {
                for seed in 0..50 {
                    let text = compose(voice, at, &mut Random::of(&[seed]));
                    let corrected = correct(&text, language);
                    assert!((5..=500).contains(&corrected.chars().count()), "{corrected}");
                    assert_ne!(text, corrected);
                }
            }
        }
    }
}
