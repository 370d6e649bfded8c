//! Spanish reports of feasts, crafts and animals: kinds of harmless events, each with patterns of its own.

use super::Event;

/// What a news agency likes to show of its country.
pub const FEASTS: [Event; 20] = [
    Event {
        titles: &[
            "La panda «{city}» [estrena|descubre] un columpio de {k} metros",
            "[Nacen|Crecen] {k} crías de panda en el refugio de {prov}",
            "Un panda de {city} [abraza|roba] la mochila de {who}",
        ],
        leads: &[
            "{who}, que [cuida|alimenta] pandas en {city}, [grabó|vio] {day} a una hembra de {n} semanas [trepar|rodar] entre {thing}.",
            "El refugio de {prov} [abrió|mostró] {day} una sala con {k} crías y {n} cañas de bambú.",
            "Un macho de {n} kilos [cruzó|ocupó] {day} la cocina de {city} y {who} lo [sacó|filmó] con {k} manzanas.",
        ],
        facts: &[
            "La cría [pesa|gana] {n} gramos por [semana|quincena] y [duerme|come] {k} horas, [anota|apunta] {who}.",
            "En {prov} [quedan|viven] {n} pandas [libres|censados], {k} más que en {year}.",
            "El bambú [llega|baja] de {city} en {k} viajes y [cabe|entra] en {n} cestas.",
        ],
    },
    Event {
        titles: &[
            "{city} [enciende|cuelga] {mil} farolillos sobre {site}",
            "Un farol de {n} metros [cruza|ilumina] el río de {city}",
            "{who} [arma|pinta] un dragón de luz con {n} varas",
        ],
        leads: &[
            "El festival de faroles de {city} [empezó|volvió] {day} con {mil} luces y {n} {group} en {site}.",
            "Con {n} varas y papel de {prov}, {who} [levantó|plegó] {day} un farol que [gira|canta].",
            "{city} [apagó|cerró] {day} {k} calles para que {mil} farolillos [bajaran|flotaran] por el agua.",
        ],
        facts: &[
            "Cada farol [arde|dura] {k} horas y [gasta|lleva] {n} gramos de cera, según {who}.",
            "Los {group} [doblaron|cosieron] {n} pliegos en {k} noches.",
            "El más [viejo|pequeño], de {year}, [mide|ocupa] {n} milímetros y viene de {city}.",
        ],
    },
    Event {
        titles: &[
            "El puente de {city} [salva|cruza] {n} metros de [vacío|barranco]",
            "{city} [abre|prueba] un puente colgante de {n} metros",
            "{prov} [une|enlaza] {k} valles con un solo arco",
        ],
        leads: &[
            "Tras {k} años de obra, el puente de {city} [abrió|se probó] {day} con {n} camiones y {k} {thing}.",
            "Un arco de {n} metros [une|acerca] desde {day} {city} y {prov}, que [distaban|quedaban a] {k} horas.",
            "{who}, {role}, [cruzó|inauguró] {day} la pasarela de {city}, de {n} tablones.",
        ],
        facts: &[
            "Sus {n} cables [pesan|suman] {mil} toneladas y [aguantan|soportan] vientos de {k} nudos.",
            "El viaje de {city} a {site} [baja|pasa] de {n} a {k} minutos.",
            "Bajo el arco [anidan|viven] {n} vencejos que {who} [contó|anilló] en {year}.",
        ],
    },
    Event {
        titles: &[
            "{who} [estira|corta] {n} fideos en un minuto",
            "El [caldo|fideo] de {city} [cumple|celebra] {n} años",
            "{city} [sirve|prepara] un cuenco para {n} [vecinos|comensales]",
        ],
        leads: &[
            "{who}, {role}, [estiró|lanzó] {day} en {city} una masa de {k} kilos hasta [sacar|hacer] {n} hilos.",
            "Un caldo que [hierve|reposa] {k} horas [atrae|reúne] a {n} {group} en {site} {day}.",
            "En {city} [cocinaron|sirvieron] {day} un cuenco de {n} litros con harina de {prov}.",
        ],
        facts: &[
            "La masa [lleva|pide] {k} huevos y [descansa|espera] {n} minutos bajo un paño.",
            "El [local|puesto] abrió en {year} con {k} mesas y {who} [friega|canta] en la puerta.",
            "Cada [mañana|noche] [gastan|muelen] {n} kilos de trigo de {prov}.",
        ],
    },
    Event {
        titles: &[
            "El té de {city} se [recoge|tuesta] a {k} grados",
            "{n} {group} [prueban|catan] el té nuevo de {prov}",
            "{who} [cuida|hereda] un arbusto de té de {year}",
        ],
        leads: &[
            "La cosecha de té [empezó|terminó] {day} en {city}, donde {n} {group} [subieron|bajaron] {k} terrazas.",
            "{who} [tostó|sirvió] {day} las primeras {k} bandejas de té ante {n} {group}.",
            "Un arbusto de {year} [dio|perdió] {day} {n} brotes en la ladera de {city}.",
        ],
        facts: &[
            "Una [cesta|bandeja] da {n} gramos y [exige|pide] {k} horas de pie.",
            "El agua [viene|baja] de {city} y se [enfría|filtra] {k} veces, [explica|avisa] {who}.",
            "El [kilo|saco] se [paga|vende] a {mil} monedas en {prov}.",
        ],
    },
    Event {
        titles: &[
            "Un [gato|ganso] de {city} [dirige|para] el tráfico y [suma|logra] {n} mil visitas",
            "El baile de {who} [da|cruza] la vuelta a {prov}",
            "[Viral|Vídeo]: un abuelo de {city} [patina|toca] a los {n} meses de operarse",
        ],
        leads: &[
            "Un vídeo de {k} segundos, [grabado|subido] {day} en {city} por {who}, [pasó|saltó] de {n} a {mil} visitas.",
            "{who}, {role}, [bailó|cantó] {day} en {site} con {n} {thing} y lo [vieron|copiaron] {mil} personas.",
            "Un [loro|perro] que [saluda|ladra] {k} veces [paró|llenó] {day} la calle {n} de {city}.",
        ],
        facts: &[
            "La [cámara|grabación] es de {year} y [pertenece|llegó] a {who} por {k} monedas.",
            "En {k} días [salieron|nacieron] {n} imitaciones, la [mejor|última] en {city}.",
            "Los comentarios, {mil}, [piden|repiten] que [vuelva|siga] {day}.",
        ],
    },
    Event {
        titles: &[
            "El museo de {city} [muestra|expone] {n} {thing} de {year}",
            "{who} [dona|devuelve] {k} vasijas al museo de {prov}",
            "[Hallan|Restauran] {n} {thing} bajo {site}",
        ],
        leads: &[
            "El museo de {city} [abrió|presentó] {day} una sala con {n} {thing} que {who} [reunió|limpió] en {k} años.",
            "Unas obras en {site} [sacaron|dejaron] a la luz {day} {n} piezas y {k} {thing}.",
            "{who}, {role}, [entregó|cedió] {day} a {city} un arcón con {n} {thing}.",
        ],
        facts: &[
            "La pieza mayor, de {n} kilos, [viajó|llegó] en {k} cajas desde {city}.",
            "Un [escáner|análisis] [leyó|halló] {n} signos que {who} [fecha|sitúa] en {year}.",
            "La [vitrina|sala] [guarda|mantiene] {k} grados y se [visita|abre] en grupos de {n}.",
        ],
    },
    Event {
        titles: &[
            "La ópera de {city} [vuelve|canta] tras {k} años",
            "{who} [debuta|actúa] con {n} años menos que su maestra",
            "{n} {group} [aprenden|ensayan] ópera en {site}",
        ],
        leads: &[
            "La compañía de {city} [estrenó|repuso] {day} una ópera de {year} con {n} trajes y {k} gongs.",
            "{who} [cantó|saltó] {day} ante {n} {group} con una máscara de {k} capas.",
            "En {site}, {n} {group} [ensayan|cantan] desde {day} una obra de {prov} que [dura|ocupa] {k} horas.",
        ],
        facts: &[
            "Un traje [pesa|lleva] {n} gramos de hilo y lo [cosió|guardó] {who}.",
            "El [papel|maquillaje] [exige|tarda] {k} horas y {n} trazos.",
            "La partitura, de {year}, [apareció|faltaba] en un baúl de {city}.",
        ],
    },
    Event {
        titles: &[
            "Una cometa de {n} metros [vuela|cae] sobre {city}",
            "{city} [llena|cubre] el cielo con {n} cometas",
            "{who} [cose|vuela] una cometa de {k} colas",
        ],
        leads: &[
            "{who} [soltó|elevó] {day} en {city} una cometa de {n} metros que [pide|necesita] {k} manos.",
            "El concurso de {prov} [reunió|juntó] {day} {n} cometas, {k} de ellas con {thing}.",
            "Sobre {site} [volaron|se enredaron] {day} {n} cometas de {k} pueblos, [contó|dijo] {who}.",
        ],
        facts: &[
            "El hilo, de {mil} metros, se [gastó|rompió] {k} veces.",
            "Seda de {prov} y {n} gramos de bambú [bastan|sirven] para [subir|planear].",
            "El récord, de {year}, [era|sigue] en {n} metros y es de {city}.",
        ],
    },
    Event {
        titles: &[
            "El tren lento de {city} [cumple|suma] {n} mil viajes",
            "Un vagón de {year} [vuelve|sale] a las vías de {prov}",
            "{who} [vende|lleva] {thing} en el tren de las {k}",
        ],
        leads: &[
            "El tren de {city} [paró|salió] {day} con {n} {group}, {k} gallinas y {thing}.",
            "Un vagón de {year} [volvió|entró] {day} en {city} [tirado|empujado] por {n} {group}.",
            "{who}, {role} del ramal de {prov}, [picó|regaló] {day} {n} billetes en {k} horas.",
        ],
        facts: &[
            "El billete [cuesta|vale] {k} monedas y [cubre|recorre] {n} kilómetros.",
            "En cada [parada|estación] [suben|cargan] {n} cestas para {city}.",
            "La [vía|línea], de {year}, [cruza|perfora] {k} túneles y {n} curvas.",
        ],
    },
    Event {
        titles: &[
            "{n} remeros [llenan|cruzan] el lago de {city}",
            "La barca dragón de {who} [gana|llega] por {k} palmos",
            "{city} [rema|compite] con barcas de {year}",
        ],
        leads: &[
            "La regata de {city} [reunió|mojó] {day} a {n} remeros y {k} tambores ante {site}.",
            "Por {k} palmos, la barca de {who} [ganó|perdió] {day} la carrera de {n} metros en {prov}.",
            "{city} [botó|barnizó] {day} {k} barcas de {n} kilos, [talladas|pintadas] por {who}.",
        ],
        facts: &[
            "El tambor [marca|da] {n} golpes y lo [toca|afina] {who}, {role}.",
            "La madera [viene|bajó] de {prov} y [tardó|secó] {k} meses.",
            "En la orilla [vendieron|repartieron] {mil} pastelillos hasta {day}.",
        ],
    },
    Event {
        titles: &[
            "{who} [recorta|pliega] un tigre de {n} cortes",
            "Papel cortado: {n} {thing} en una hoja de {city}",
            "Las ventanas de {city} [lucen|estrenan] {n} recortes",
        ],
        leads: &[
            "Con unas tijeras de {year}, {who} [recortó|abrió] {day} en {city} una hoja con {n} {thing}.",
            "{n} {group} de {prov} [colgaron|pegaron] {day} recortes en {k} ventanas de {site}.",
            "Un rollo de {n} metros [reúne|cuenta] desde {day} la vida de {city} en {k} escenas.",
        ],
        facts: &[
            "La hoja [mide|tiene] {k} palmos y [aguanta|lleva] {n} cortes sin [romperse|dibujo].",
            "{who} [enseña|aprendió] con {k} tijeras y {n} moldes.",
            "Un [taller|curso] de {city} [vende|regala] {mil} recortes al año.",
        ],
    },
    Event {
        titles: &[
            "Un telar de {year} [teje|borda] otra vez en {city}",
            "{who} [tiñe|borda] {n} metros de seda",
            "{prov} [exhibe|mide] un hilo de {mil} metros",
        ],
        leads: &[
            "El telar de {city} [tejió|crujió] {day} después de {k} años, con {n} bobinas y {who} al pedal.",
            "{who} [mostró|lavó] {day} en {site} un paño de {n} hilos que [cambia|brilla] con la luz.",
            "De {n} capullos, {k} {group} de {prov} [sacaron|hilaron] {day} un pañuelo.",
        ],
        facts: &[
            "El [azul|rojo] [sale|nace] de {k} hojas y {n} días de sol.",
            "Un metro [ocupa|pide] {n} horas y {k} agujas, [calcula|dice] {who}.",
            "El [dibujo|modelo] es de {year} y lo [guardó|copió] {city}.",
        ],
    },
    Event {
        titles: &[
            "La aldea de {city} [abre|pinta] {k} casas para {group}",
            "{n} {group} [duermen|desayunan] en los graneros de {prov}",
            "{who} [vuelve|regresa] a {city} y [abre|cuida] una posada",
        ],
        leads: &[
            "{who} [dejó|cambió] un empleo a {n} kilómetros y [abrió|pintó] {day} {k} habitaciones en {city}.",
            "La aldea de {city}, de {n} vecinos, [recibió|alojó] {day} a {mil} {group}.",
            "Los graneros de {prov} [se llenaron|amanecieron] {day} con {n} {group} y {k} {thing}.",
        ],
        facts: &[
            "El [desayuno|pan] [lleva|trae] {k} cereales y [cuesta|vale] {n} monedas.",
            "En {year} [quedaban|vivían] {k} familias; [ahora|hoy] son {n}.",
            "Un [sendero|camino] de {n} peldaños [baja|lleva] a {site}.",
        ],
    },
    Event {
        titles: &[
            "{n} drones [dibujan|escriben] un {k} sobre {city}",
            "{city} [cierra|abre] la feria con {mil} drones",
            "Los drones de {who} [siembran|riegan] {n} terrazas",
        ],
        leads: &[
            "{n} aparatos [volaron|dibujaron] {day} sobre {city} {k} figuras que [cambiaban|giraban] cada {k} segundos.",
            "Desde {site}, {who} [guió|lanzó] {day} {mil} luces y [erró|perdió] solo {k}.",
            "En {prov}, {k} drones [soltaron|llevaron] {day} {n} kilos de semillas.",
        ],
        facts: &[
            "Cada [aparato|luz] [pesa|cuesta] {n} gramos y [vuela|dura] {k} minutos.",
            "El [programa|guion] lo [escribió|corrigió] {who} en {k} noches.",
            "En {year} [bastaban|eran] {n}; el [ruido|viento] [tumbó|frenó] {k}.",
        ],
    },
    Event {
        titles: &[
            "{mil} grullas [llegan|pasan] por {city}",
            "{who} [cuenta|anilla] {n} patos en una mañana",
            "Un [búho|martín pescador] [anida|vuelve] a {site} tras {k} años",
        ],
        leads: &[
            "Las primeras {n} grullas [llegaron|bajaron] {day} a {city}, {k} días antes que en {year}.",
            "{who}, {role}, [anilló|soltó] {day} {n} aves en el carrizal de {prov}.",
            "Una pareja de [búhos|garzas] [ocupó|eligió] {day} {site}, a {n} metros de {k} {thing}.",
        ],
        facts: &[
            "Un ave [voló|cubrió] {mil} kilómetros y [perdió|ganó] {k} gramos.",
            "El [censo|recuento] [ocupó|costó] {k} noches a {n} {group}.",
            "Se [ruega|pide] [callar|esperar] a {n} pasos, [avisa|dice] {who}.",
        ],
    },
    Event {
        titles: &[
            "[Florecen|Abren] {mil} ciruelos en {city}",
            "Un [crisantemo|loto] de {n} pétalos [gana|luce] en {prov}",
            "{who} [injerta|riega] un peral de {year}",
        ],
        leads: &[
            "Los {mil} ciruelos de {city} [abrieron|florecieron] {day}, {k} días [antes|después] que en {prov}.",
            "Un [loto|crisantemo] de {n} pétalos, [obra|orgullo] de {who}, [ganó|abrió] {day} en {site}.",
            "{who} [podó|abrió] {day} su vivero de {city} con {n} macetas y {k} {thing}.",
        ],
        facts: &[
            "La [flor|mata] [bebe|pide] {n} mililitros y {k} horas de sombra.",
            "[Los bancos|Las sendas] se [llenan|cierran] a los {n} {group}.",
            "El [abono|mantillo] de {prov} [reposa|huele] {k} meses.",
        ],
    },
    Event {
        titles: &[
            "Un robot de {city} [sirve|pela] {n} [tés|naranjas] al día",
            "{who} [enseña|gana] a un robot de {k} dedos",
            "El robot de {site} [barre|dibuja] {n} metros sin [parar|caer]",
        ],
        leads: &[
            "Un robot de {n} kilos [sirvió|pintó] {day} en {city} {k} tazas ante {group} [divertidos|atónitos].",
            "{who}, {role}, [retó|entrenó] {day} en {site} a una máquina de {k} brazos y {n} sensores.",
            "Los alumnos de {prov} [llevaron|montaron] {day} {k} robots que [cargan|tocan] {n} {thing}.",
        ],
        facts: &[
            "La [pila|batería] [dura|cede] a las {k} horas y {n} pasos.",
            "El [modelo|prototipo] de {year} [cayó|falló] {n} veces en {city}.",
            "[Costó|Vale] {mil} monedas y lo [reparan|montan] {k} {group}.",
        ],
    },
    Event {
        titles: &[
            "{who} [sube|barre] {mil} peldaños en {city}",
            "Un [sendero|balcón] de vidrio [rodea|corona] {prov} a {n} metros",
            "{n} {group} [limpian|marcan] la cumbre de {city}",
        ],
        leads: &[
            "{who} [subió|cargó] {day} {n} kilos hasta {city}, a {mil} peldaños del valle.",
            "El [mirador|balcón] de {prov} [abrió|tembló] {day} con {k} placas y {n} {group}.",
            "Unos {n} {group} [bajaron|recogieron] {day} de {city} {k} sacos de [botellas|latas].",
        ],
        facts: &[
            "La niebla [sube|cubre] {k} horas y [deja|tapa] {n} escalones.",
            "El [porteador|guía] [gana|cobra] {n} monedas por [viaje|cumbre].",
            "En {year} una [cuerda|cadena] de {n} metros [servía|colgaba] en {city}.",
        ],
    },
    Event {
        titles: &[
            "Un horno de {year} [vuelve|arde] en {city}",
            "{who} [tornea|cuece] {n} cuencos en {k} horas",
            "La [porcelana|loza] de {prov} [viaja|llega] en {n} cajas",
        ],
        leads: &[
            "El horno de {city} [ardió|se abrió] {day} con {n} piezas, {k} de ellas de {who}.",
            "{who} [torneó|rompió] {day} en {site} {n} cuencos de {k} gramos.",
            "De una zanja de {prov} [salieron|asomaron] {day} {n} tinajas y {k} {thing}.",
        ],
        facts: &[
            "El barro [reposa|madura] {k} años y [pierde|suelta] {n} gramos.",
            "El [fuego|horno] [llega|sube] a {mil} grados con leña de {city}.",
            "Una [grieta|mancha] de {n} milímetros [firma|delata] las de {year}.",
        ],
    },
];
