//! Spanish reports of everyday life: kinds of harmless events, each with patterns of its own.

use super::Event;

/// What happens in towns and on stages.
pub const DAYS: [Event; 8] = [
    Event {
        titles: &[
            "El ballet de {city} [gira|baila] {k} semanas por {prov}",
            "{who} [cose|recibe] {n} zapatillas",
            "Una [bailarina|función] de {city} [une|para] a {n} {group}",
        ],
        leads: &[
            "{who} [bailó|debutó] {day} en {city} con {n} {group} y una orquesta de {k} cuerdas.",
            "El teatro de {city} [alzó|bajó] {day} un telón de {n} kilos, [tejido|pintado] en {year}.",
            "En {prov}, {n} {group} [ensayan|giran] desde {day} para {k} noches de función.",
        ],
        facts: &[
            "Las zapatillas [duran|aguantan] {k} funciones y [pesan|gastan] {n} gramos.",
            "El [solo|giro] [dura|repite] {n} compases, [cuenta|mide] {who}.",
            "La [partitura|escenografía] de {year} [cabe|viaja] en {k} baúles.",
        ],
    },
    Event {
        titles: &[
            "{who} [gana|entabla] {n} partidas a ciegas",
            "El ajedrez [llena|toma] {site} en {city}",
            "Una [escuela|plaza] de {prov} [juega|suma] {mil} partidas",
        ],
        leads: &[
            "{who}, {role}, [jugó|perdió] {day} en {city} {n} partidas simultáneas en {k} horas.",
            "El torneo de {prov} [juntó|cruzó] {day} a {n} {group} en {k} mesas de {site}.",
            "Un tablero de {year}, con {k} piezas [nuevas|de hueso], [volvió|salió] {day} en {city}.",
        ],
        facts: &[
            "La [final|partida] [duró|llegó a] {n} jugadas y [acabó|siguió] a las {k}.",
            "{who} [anota|recuerda] {mil} aperturas en {k} libretas.",
            "La [torre|dama] [pesa|mide] {n} gramos y se [talló|perdió] en {year}.",
        ],
    },
    Event {
        titles: &[
            "Una [sonda|cápsula] [envía|trae] {n} imágenes a {city}",
            "{who} [entrena|vuela] {n} días en órbita",
            "El [telescopio|radar] de {prov} [ve|oye] a {k} cometas",
        ],
        leads: &[
            "El centro de {city} [recibió|ordenó] {day} {n} imágenes de una sonda a {mil} kilómetros.",
            "{who} [salió|regresó] {day} de una cámara de {k} metros tras {n} días de [silencio|ensayo].",
            "El [radar|espejo] de {prov}, de {n} metros, [captó|siguió] {day} {k} objetos.",
        ],
        facts: &[
            "La [antena|nave] [gasta|pesa] {n} kilos y [gira|calla] cada {k} horas.",
            "El [equipo|turno] de {who} [revisa|descarta] {mil} señales.",
            "El [proyecto|cohete] de {year} [quedó|voló] a {n} metros.",
        ],
    },
    Event {
        titles: &[
            "{city} [talla|funde] un castillo de {n} bloques",
            "{who} [nada|rema] {k} minutos bajo el hielo",
            "El [río|lago] de {prov} se [hiela|abre] {k} días antes",
        ],
        leads: &[
            "{n} {group} [tallaron|alzaron] {day} en {city} un castillo con {mil} bloques de hielo.",
            "{who}, {role}, [nadó|resistió] {day} {k} minutos a {k} bajo cero ante {n} {group}.",
            "El hielo de {prov}, de {n} milímetros, [cedió|cerró] {day} {k} rutas hacia {city}.",
        ],
        facts: &[
            "Un bloque [pesa|mide] {n} kilos y [brilla|dura] {k} semanas.",
            "Los [faros|focos] de {site} [consumen|usan] {n} vatios.",
            "El [frío|deshielo] de {year} [dejó|marcó] {n} grietas en {city}.",
        ],
    },
    Event {
        titles: &[
            "El puerto de {city} [pesa|recibe] {n} toneladas de [sardina|sal]",
            "{who} [arregla|bota] una lancha de {year}",
            "El [faro|muelle] de {city} [abre|alumbra] {k} noches",
        ],
        leads: &[
            "El puerto de {city} [descargó|subastó] {day} {n} cajas en {k} minutos.",
            "{who} [botó|barnizó] {day} una lancha de {n} tablas que [naufragó|nació] en {year}.",
            "El faro de {prov}, con {k} lentes, [giró|volvió] {day} ante {n} {group}.",
        ],
        facts: &[
            "La [lonja|grúa] [abre|mueve] {n} cajas a las {k}.",
            "Un [nudo|cabo] de {n} metros [lleva|ata] {k} barcas.",
            "{who} [apunta|canta] los {mil} precios desde {year}.",
        ],
    },
    Event {
        titles: &[
            "La escuela de {city} [gana|planta] {n} [árboles|huertos]",
            "{n} {group} [escriben|mandan] cartas a {prov}",
            "{who} [da|termina] clase tras {k} años",
        ],
        leads: &[
            "La escuela de {city} [plantó|midió] {day} {n} árboles con {k} palas y {who} al frente.",
            "{who} [cerró|leyó] {day} el cuaderno {n} de su aula en {prov} ante {k} {group}.",
            "Los alumnos de {city} [enviaron|ataron] {day} {mil} cartas a {k} pueblos.",
        ],
        facts: &[
            "El [patio|huerto] [da|cría] {n} kilos de [acelgas|tomates].",
            "Un [mapa|mural] de {k} metros [cubre|muestra] {site}.",
            "La [campana|pizarra] es de {year} y [suena|pesa] {n} kilos.",
        ],
    },
    Event {
        titles: &[
            "La biblioteca de {city} [presta|rescata] {mil} libros",
            "Un [libro|atlas] de {year} [vuelve|llega] a {prov} {k} años tarde",
            "{who} [lee|copia] {n} páginas en voz alta",
        ],
        leads: &[
            "La biblioteca de {city} [abrió|movió] {day} {n} estantes con ayuda de {k} {group}.",
            "{who} [devolvió|halló] {day} en {city} un atlas de {year} con {n} [notas|mapas].",
            "Una cadena de {n} {group} [pasó|llevó] {day} {mil} libros hasta {site}.",
        ],
        facts: &[
            "El [lomo|papel] [pide|lleva] {k} gramos de cola y {n} puntadas.",
            "La [sala|ficha] {n} la [ordenó|escribió] {who} en {year}.",
            "Se [leen|piden] {n} [cuentos|novelas] por {k} de ensayo.",
        ],
    },
    Event {
        titles: &[
            "El pan de {city} [sube|cuece] con masa de {year}",
            "{who} [amasa|reparte] {n} hogazas",
            "{prov} [mide|premia] un pan de {n} [palmos|kilos]",
        ],
        leads: &[
            "El horno de {who} en {city} [repartió|coció] {day} {n} hogazas y {k} roscas.",
            "Un jurado de {k} {group} [probó|pesó] {day} en {site} {n} panes de {prov}.",
            "La masa madre de {year} [llegó|volvió] {day} a {city} en {k} tarros de {n} gramos.",
        ],
        facts: &[
            "La [corteza|miga] [cruje|baja] a los {n} minutos y {k} segundos.",
            "El [molino|saco] de {prov} [muele|trae] {mil} kilos.",
            "{who} [madruga|silba] a las {k} y [enciende|barre] {n} leños.",
        ],
    },
];
