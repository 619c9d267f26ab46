//! Carries a message to its receiver. What fails is said in a few words, without an address or a secret.

use std::time::Duration;

use reqwest::redirect::Policy;
use url::Url;

use crate::message::Message;
use crate::receiver::{Address, Kind, Receiver};
use crate::{format, mail};

/// How long a receiver may take.
const TIMEOUT: Duration = Duration::from_secs(10);
/// Of an answer no more is read.
const ANSWER: usize = 64 << 10;

/// Posts and mails.
#[derive(Debug, Clone)]
pub(crate) struct Sender {
    client: reqwest::Client,
    timeout: Duration,
}

impl Sender {
    /// One that gives up an attempt after `timeout`.
    pub(crate) fn new(timeout: Option<Duration>) -> Result<Self, String> {
        let timeout = timeout.unwrap_or(TIMEOUT);
        // A redirect would carry the key elsewhere.
        let client = reqwest::Client::builder().timeout(timeout).redirect(Policy::none()).no_proxy();
        let client = client.user_agent("xueqing").build().map_err(|error| format!("no HTTP client: {error}"))?;
        Ok(Self { client, timeout })
    }

    /// Sends once; an error is why it was not taken.
    pub(crate) async fn send(&self, receiver: &Receiver, message: &Message, now: i64) -> Result<(), String> {
        match &receiver.address {
            Address::Http(url, secret) => {
                let post = format::post(receiver.kind, message, secret.as_ref().map(|secret| secret.reveal()), now);
                self.post(receiver.kind, url.reveal(), post).await
            }
            Address::Mail(smtp) => {
                let (smtp, message, timeout) = (smtp.clone(), message.clone(), self.timeout);
                let sent = tokio::task::spawn_blocking(move || mail::send(&smtp, &message, now, timeout));
                sent.await.map_err(|_| "sending broke off".to_owned())?
            }
        }
    }

    async fn post(&self, kind: Kind, url: &str, post: format::Post) -> Result<(), String> {
        let mut url = Url::parse(url.trim()).map_err(|_| "its URL cannot be read".to_owned())?;
        if !post.query.is_empty() {
            url.query_pairs_mut().extend_pairs(&post.query);
        }
        let mut request = self.client.post(url).header("content-type", "application/json; charset=utf-8").body(post.body);
        for (name, value) in post.headers {
            request = request.header(name, value);
        }
        let mut answer = request.send().await.map_err(words)?;
        let status = answer.status();
        let mut body = Vec::new();
        while let Some(piece) = answer.chunk().await.map_err(words)? {
            body.extend_from_slice(&piece[..piece.len().min(ANSWER - body.len())]);
            if body.len() >= ANSWER {
                break;
            }
        }
        if !status.is_success() {
            return Err(format!("it answered {}", status.as_u16()));
        }
        format::taken(kind, &String::from_utf8_lossy(&body))
    }
}

/// An error without its URL, which may hold a key.
fn words(error: reqwest::Error) -> String {
    if error.is_timeout() {
        return "it did not answer in time".to_owned();
    }
    if error.is_connect() {
        return "it cannot be reached".to_owned();
    }
    error.without_url().to_string()
}
