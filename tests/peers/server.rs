//! The third-party server as a child process, with its own record of what it was asked.

use std::fs::{self, File, OpenOptions};
use std::net::SocketAddr;
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use chrono::Duration as Span;
use masthead::clock::Clock;
use serde_json::{Value, json};
use tempfile::TempDir;

use super::venv::python;

/// A busy machine takes its time to import two hundred modules.
const PATIENCE: Duration = Duration::from_secs(60);

/// `mastodon-mock` on a free port of 127.0.0.1, its database and media in a folder of its own.
pub struct Server {
    dir: TempDir,
    child: Child,
    pub address: SocketAddr,
}

impl Server {
    /// Starts it as `social.example`, empty.
    pub async fn start() -> Server {
        let dir = tempfile::tempdir().unwrap();
        let (child, address) = launch(dir.path(), "").await;
        Server { dir, child, address }
    }

    /// Starts it again on the same database and another port, with more in its configuration.
    pub async fn restart(&mut self, more: &str) {
        stop(&mut self.child);
        (self.child, self.address) = launch(self.dir.path(), more).await;
    }

    pub fn url(&self, path: &str) -> String {
        format!("http://{}{path}", self.address)
    }

    /// What it was asked from its start, in order: `POST /api/v1/statuses 200`.
    pub fn requests(&self) -> Vec<String> {
        let log = fs::read_to_string(self.dir.path().join("requests.log")).unwrap();
        let lines = log.lines().filter_map(|line| {
            let (request, status) = line.split_once('"')?.1.split_once(" HTTP/1.1\" ")?;
            Some(format!("{request} {}", status.split(' ').next()?))
        });
        lines.filter(|request| !request.contains("/_mock/")).collect()
    }

    /// From now on it answers requests that match with `effect`: `times` of them, or all with `None`.
    pub async fn fault(&self, method: &str, path: &str, effect: Value, times: Option<u32>) {
        let rule = json!({"match": {"methods": [method], "path": path}, "effect": effect, "count": times});
        let url = self.url("/api/v1/_mock/faults");
        assert_eq!(client().post(url).json(&rule).send().await.unwrap().status(), 200);
    }

    pub async fn recover(&self) {
        let url = self.url("/api/v1/_mock/faults");
        assert_eq!(client().delete(url).send().await.unwrap().status(), 200);
    }

    /// What a page answers to somebody who presses a button of it.
    pub async fn press(&self, place: &str, form: &str) -> String {
        let kind = ("content-type", "application/x-www-form-urlencoded");
        let request = client().post(place).header(kind.0, kind.1).body(form.to_owned());
        request.send().await.unwrap().text().await.unwrap()
    }

    /// A new token for an account that has lost its own.
    pub async fn token(&self, user: &str) -> String {
        let request = client().post(self.url("/api/v1/_mock/login")).json(&json!({"username": user}));
        let token: Value = request.send().await.unwrap().json().await.unwrap();
        token["access_token"].as_str().unwrap().to_owned()
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        stop(&mut self.child);
    }
}

fn client() -> reqwest::Client {
    reqwest::Client::builder().no_proxy().build().unwrap()
}

/// Starts the server and waits until it says where it listens.
async fn launch(dir: &Path, more: &str) -> (Child, SocketAddr) {
    let config = dir.join("server.toml");
    let text = format!(
        r#"domain = "social.example"
url_scheme = "https"
media_storage_path = "{dir}/media"
server = {{ host = "127.0.0.1", port = 0 }}
database = {{ path = "{dir}/social.sqlite" }}
seed = {{ accounts = [] }}
{more}"#,
        dir = dir.display()
    );
    fs::write(&config, text).unwrap();
    let log = dir.join("server.log");
    let mut command: Command = python();
    command.args(["-m", "mastodon_mock", "serve", "--config"]).arg(&config).current_dir(dir);
    // Both would move it elsewhere.
    command.env_remove("HOST").env_remove("PORT").stdin(Stdio::null());
    let requests = OpenOptions::new().create(true).append(true).open(dir.join("requests.log")).unwrap();
    command.stdout(requests).stderr(File::create(&log).unwrap());
    let mut child = command.spawn().unwrap();
    let begun = Instant::now();
    loop {
        let said = fs::read_to_string(&log).unwrap();
        let place =
            said.split_once("Uvicorn running on http://").and_then(|(_, rest)| rest.split(' ').next());
        if let Some(place) = place {
            return (child, place.parse().unwrap());
        }
        if child.try_wait().unwrap().is_some() || begun.elapsed() > PATIENCE {
            stop(&mut child);
            panic!("mastodon-mock did not start:\n{said}");
        }
        Clock::Real.sleep(Span::milliseconds(20)).await;
    }
}

/// Ends exactly this process.
fn stop(child: &mut Child) {
    // Both fail only where it has ended by itself.
    let _ = child.kill();
    let _ = child.wait();
}
