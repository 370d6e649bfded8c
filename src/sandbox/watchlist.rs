//! The watchlists that belong to the stories, as a curator would write them.

/// Written beside the configuration; every host in it is one of the world's own.
pub const OFFICIAL: &str = r#"# The watchlist of the embedded world. All hosts are invented; nothing outside this machine is read.
schema = 1
compiled = "2026-11-01"

[[outlet]]
id = "xinhua"
name = "Xinhua News Agency"
native_name = "新华社"
aliases = ["Xinhua", "新華社", "New China News Agency"]
country = "CN"
owner = "State Council of the PRC (ministry-level institution)"
control = "state-controlled"
system = "cn-party-state"
enabled = true
domains = ["xinhua.example"]
bylines = ["(Xinhua)", "新华社*电"]
control_basis = [
  { by = "State Media Monitor", says = "SC: ministry-level institution responsible to the State Council", source = "https://statemediamonitor.com/2022/07/xinhua/" },
]
accounts = [
  { platform = "x", handle = "xinhua_sample", confirmed = false, seen_in = "invented for this world" },
]
sources = ["https://statemediamonitor.com/2022/07/xinhua/"]

[[outlet]]
id = "xinhua-es"
name = "Xinhua Español"
aliases = ["Xinhua Spanish"]
country = "CN"
control = "state-controlled"
system = "cn-party-state"
enabled = true
parents = ["xinhua"]
domains = ["es.xinhua.example"]
bylines = ["(Xinhua)"]
control_basis = [
  { by = "State Media Monitor", says = "SC", source = "https://statemediamonitor.com/2022/07/xinhua/" },
]
sources = ["https://statemediamonitor.com/2022/07/xinhua/"]

[[outlet]]
id = "cns"
name = "China News Service"
native_name = "中国新闻社"
aliases = ["中新社"]
country = "CN"
owner = "United Front Work Department"
control = "state-controlled"
system = "cn-party-state"
enabled = true
domains = ["cns.example"]
bylines = ["(CNS)", "中新社*电"]
control_basis = [
  { by = "State Media Monitor", says = "SC: state agency under the United Front Work Department", source = "https://statemediamonitor.com/2022/07/china-news-service/" },
]
sources = ["https://statemediamonitor.com/2022/07/china-news-service/"]

[[outlet]]
id = "cgtn"
name = "CGTN"
aliases = ["China Global Television Network"]
country = "CN"
owner = "China Media Group"
control = "state-controlled"
system = "cn-party-state"
enabled = true
domains = ["cgtn.example"]
control_basis = [
  { by = "State Media Monitor", says = "SC: part of China Media Group", source = "https://statemediamonitor.com/2022/07/china-media-group/" },
]
sources = ["https://statemediamonitor.com/2022/07/china-media-group/"]

[[outlet]]
id = "vocero"
name = "El Vocero del Puerto"
country = "XX"
control = "unknown"
enabled = true
domains = ["vocero.example"]
control_basis = [
  { by = "this world's author", says = "invented; its host refuses every connection" },
]
unverified = ["everything"]

[[not_state_controlled]]
id = "radio-norte"
name = "Radio Norte"
country = "ES"
domains = ["radionorte.example"]
classification = "independent-public"
smm_code = "IP"
note = "a public broadcaster that prints agency copy and says so"
sources = ["https://radionorte.example/about"]

[[mirror_host]]
host = "bridge.example"
kind = "rss-bridge"
consent = "unconsented"
tell = "local part is the site's own domain, e.g. xinhua.example@bridge.example"
sources = ["https://bridge.example/about"]
"#;

/// What the founding story lays over the official watchlist: feeds, a handle, an agency, another system, local papers and
/// a company that builds sites for the agency.
pub const FOUNDING: &str = r#"# The founding story's additions. All hosts are invented; nothing outside this machine is read.
schema = 1
compiled = "2026-11-01"

[[outlet]]
id = "xinhua"
feeds = [
  { url = "https://xinhua.example/en/atom.xml", status = "working", checked = "2026-11-01" },
  { url = "https://xinhua.example/zh/feed.json", status = "working", checked = "2026-11-01" },
]

[[outlet]]
id = "xinhua-es"
feeds = [
  { url = "https://es.xinhua.example/rss.xml", status = "working", checked = "2026-11-01" },
]

[[outlet]]
id = "cns"
aliases = ["CNS", "Servicio de Noticias de China"]
bylines = ["中新社*电", "(CNS)", "Fuente: China News Service"]
feeds = [
  { url = "https://cns.example/rss.xml", status = "working", checked = "2026-11-01", note = "the Spanish service" },
]
accounts = [
  { platform = "x", handle = "mundo_china", confirmed = false, seen_in = "invented for this world" },
]

[[outlet]]
id = "rt-es"
name = "RT en Español"
aliases = ["Actualidad RT", "ActualidadRT"]
country = "RU"
owner = "ANO TV-Novosti"
control = "state-controlled"
system = "ru-state"
enabled = true
domains = ["rt-es.example"]
control_basis = [
  { by = "EU Council Reg. 2022/350", says = "broadcasting suspended" },
]
feeds = [
  { url = "https://rt-es.example/atom.xml", status = "working", checked = "2026-11-01" },
]
sources = ["https://rt-es.example/about"]

[[not_state_controlled]]
id = "agencia-ejemplo"
name = "Agencia Ejemplo"
country = "XX"
domains = ["agenciaejemplo.example"]
classification = "independent"
smm_code = "IP"
note = "a cooperative of newspapers; invented"
feeds = [
  { url = "https://agenciaejemplo.example/feed.json", status = "working", checked = "2026-11-01" },
]
sources = ["https://agenciaejemplo.example/about"]

[[not_state_controlled]]
id = "faro"
name = "El Faro de Levante"
country = "XX"
domains = ["faro.example"]
classification = "independent"
smm_code = "IP"
note = "a local paper; invented"
sources = ["https://faro.example/about"]

[[not_state_controlled]]
id = "gaceta"
name = "La Gaceta Serrana"
country = "XX"
domains = ["gaceta.example"]
classification = "independent"
smm_code = "IP"
note = "a local paper; invented"
sources = ["https://gaceta.example/about"]

[[not_state_controlled]]
id = "ribera"
name = "Semanario Ribera"
country = "XX"
domains = ["ribera.example"]
classification = "independent"
smm_code = "IP"
note = "a local paper; invented"
sources = ["https://ribera.example/about"]

[[not_state_controlled]]
id = "mirador"
name = "El Mirador"
country = "XX"
domains = ["mirador.example"]
classification = "independent"
smm_code = "IP"
note = "a local paper; invented"
sources = ["https://mirador.example/about"]

[[not_state_controlled]]
id = "pampa"
name = "Voz de la Pampa"
country = "XX"
domains = ["pampa.example"]
classification = "independent"
smm_code = "IP"
note = "a local paper; invented"
sources = ["https://pampa.example/about"]

[[not_state_controlled]]
id = "heraldo"
name = "Heraldo del Norte"
country = "XX"
domains = ["heraldo.example"]
classification = "independent"
smm_code = "IP"
note = "a local paper; invented"
sources = ["https://heraldo.example/about"]

[[not_state_controlled]]
id = "costa"
name = "Correo de la Costa"
country = "XX"
domains = ["costa.example"]
classification = "independent"
smm_code = "IP"
note = "a local paper; invented"
sources = ["https://costa.example/about"]

[[not_state_controlled]]
id = "valles"
name = "El Imparcial de los Valles"
country = "XX"
domains = ["valles.example"]
classification = "independent"
smm_code = "IP"
note = "a local paper; invented"
sources = ["https://valles.example/about"]

[[not_state_controlled]]
id = "puna"
name = "Eco de la Puna"
country = "XX"
domains = ["puna.example"]
classification = "independent"
smm_code = "IP"
note = "a local paper; invented"
sources = ["https://puna.example/about"]

[[not_state_controlled]]
id = "istmo"
name = "Tribuna del Istmo"
country = "XX"
domains = ["istmo.example"]
classification = "independent"
smm_code = "IP"
note = "a local paper; invented"
sources = ["https://istmo.example/about"]

[[not_state_controlled]]
id = "delta"
name = "Semanario del Delta"
country = "XX"
domains = ["delta.example"]
classification = "independent"
smm_code = "IP"
note = "a local paper; invented"
sources = ["https://delta.example/about"]

[[not_state_controlled]]
id = "cerros"
name = "La Hora de los Cerros"
country = "XX"
domains = ["cerros.example"]
classification = "independent"
smm_code = "IP"
note = "a local paper; invented"
sources = ["https://cerros.example/about"]

[[operator]]
id = "puente-digital"
name = "Puente Digital"
owner_outlet = "cns"
says = "wholly owned subsidiary of the agency; builds sites of papers abroad"
marks = ["puentedigital.example"]
sources = ["https://puentedigital.example/about"]
"#;
