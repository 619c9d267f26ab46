//! A real HTTP server that keeps what it was sent and answers as it is told.

use std::collections::{HashMap, VecDeque};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use axum::Router;
use axum::extract::{Query, State};
use axum::http::{HeaderMap, StatusCode};
use serde_json::Value;

/// One request.
#[derive(Debug, Clone)]
pub struct Got {
    pub query: HashMap<String, String>,
    pub headers: HeaderMap,
    pub text: String,
    pub body: Value,
}

/// What it answers.
#[derive(Debug, Clone, Copy)]
pub enum Reply {
    Status(u16),
    Body(&'static str),
    Never,
}

#[derive(Clone, Default)]
pub struct Server {
    got: Arc<Mutex<Vec<Got>>>,
    replies: Arc<Mutex<VecDeque<Reply>>>,
    pub url: String,
}

impl Server {
    /// One that answers as told, then always `{"errcode":0,"code":0}`.
    pub async fn start(replies: &[Reply]) -> Self {
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
        let url = format!("http://{}/send?key=robot-key", listener.local_addr().unwrap());
        let server = Self { url, replies: Arc::new(Mutex::new(replies.iter().copied().collect())), ..Self::default() };
        let router = Router::new().fallback(answer).with_state(server.clone());
        tokio::spawn(async move { axum::serve(listener, router).await.unwrap() });
        server
    }

    pub fn got(&self) -> Vec<Got> {
        self.got.lock().unwrap().clone()
    }
}

async fn answer(
    State(server): State<Server>,
    Query(query): Query<HashMap<String, String>>,
    headers: HeaderMap,
    text: String,
) -> (StatusCode, &'static str) {
    let body = serde_json::from_str(&text).unwrap_or_default();
    server.got.lock().unwrap().push(Got { query, headers, text, body });
    let reply = server.replies.lock().unwrap().pop_front();
    match reply {
        Some(Reply::Status(status)) => (StatusCode::from_u16(status).unwrap(), "no"),
        Some(Reply::Body(body)) => (StatusCode::OK, body),
        Some(Reply::Never) => {
            tokio::time::sleep(Duration::from_secs(30)).await;
            (StatusCode::OK, "late")
        }
        None => (StatusCode::OK, r#"{"errcode":0,"errmsg":"ok","code":0}"#),
    }
}
