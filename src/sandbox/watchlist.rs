//! The watchlist that belongs to the official story, as a curator would write it.

/// Written beside the configuration; every host in it is one of the world's own.
pub const TOML: &str = r#"# The watchlist of the embedded world. All hosts are invented; nothing outside this machine is read.
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
