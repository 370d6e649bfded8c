//! The outlets' own sites: a front page each, which the story changes.

use std::collections::BTreeMap;
use std::net::SocketAddr;
use std::sync::{Arc, Mutex};

use axum::Router;
use axum::extract::State;
use axum::http::{HeaderMap, StatusCode, Uri, header};
use axum::response::{Html, IntoResponse, Response};
use tokio::net::TcpListener;

type Pages = Arc<Mutex<BTreeMap<String, String>>>;

/// Sites on one port of 127.0.0.1, told apart by the `Host` that is asked for.
pub struct Outlets {
    pages: Pages,
    pub address: SocketAddr,
}

impl Outlets {
    pub async fn open() -> Outlets {
        let pages = Pages::default();
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        let router = Router::new().fallback(front_page).with_state(Arc::clone(&pages));
        tokio::spawn(async move { axum::serve(listener, router).await });
        Outlets { pages, address }
    }

    /// Publishes a front page that links to these accounts as the outlet's own.
    pub fn publish(&self, host: &str, accounts: &[&str]) {
        let links: String = accounts
            .iter()
            .map(|url| format!("<li><a rel=\"me\" href=\"{url}\">Mastodon</a></li>\n"))
            .collect();
        let page = format!(
            "<!doctype html>\n<html lang=\"en\"><head><title>{host}</title></head>\n\
             <body><h1>News</h1>\n<ul>\n{links}</ul></body></html>\n"
        );
        self.pages.lock().unwrap().insert(host.to_owned(), page);
    }
}

async fn front_page(State(pages): State<Pages>, headers: HeaderMap, uri: Uri) -> Response {
    let host = headers.get(header::HOST).and_then(|host| host.to_str().ok()).unwrap_or_default();
    match pages.lock().unwrap().get(host).filter(|_| uri.path() == "/") {
        Some(page) => Html(page.clone()).into_response(),
        None => (StatusCode::NOT_FOUND, Html("<h1>Not found</h1>")).into_response(),
    }
}
