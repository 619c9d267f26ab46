//! The server on a socket: what it refuses to listen on, and how it stops.

use std::time::Duration;

use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::oneshot;
use xueqing_api::{Options, serve};

use crate::app::{TestApp, homework};

fn post(body: &str) -> String {
    let head = "POST /v1/events/homework HTTP/1.1\r\nhost: localhost\r\nconnection: close\r\ncontent-type: application/x-ndjson";
    format!("{head}\r\ncontent-length: {}\r\n\r\n{body}", body.len())
}

#[tokio::test]
async fn listeners_that_others_can_reach_are_refused() {
    let app = TestApp::start().await;
    let listener = TcpListener::bind("0.0.0.0:0").await.unwrap();
    let error = serve(app.app.clone(), listener, std::future::pending()).await.unwrap_err();
    assert_eq!(error.code(), "not_loopback");
    assert!(error.to_string().contains("127.0.0.1:8080"), "{error}");
}

#[tokio::test]
async fn stopping_answers_what_is_under_way_and_commits_it() {
    let app = TestApp::start().await;
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    let (stop, stopped) = oneshot::channel::<()>();
    let server = tokio::spawn(serve(app.app.clone(), listener, async { stopped.await.unwrap_or(()) }));
    let mut socket = TcpStream::connect(address).await.unwrap();
    let request = post(&homework());
    let (first, rest) = request.split_at(request.len() / 2);
    socket.write_all(first.as_bytes()).await.unwrap();
    tokio::time::sleep(Duration::from_millis(100)).await;
    stop.send(()).unwrap();
    tokio::time::sleep(Duration::from_millis(100)).await;
    socket.write_all(rest.as_bytes()).await.unwrap();
    let mut answer = String::new();
    socket.read_to_string(&mut answer).await.unwrap();
    assert!(answer.starts_with("HTTP/1.1 200"), "{answer}");
    server.await.unwrap().unwrap();
    let rows = app.sql("SELECT count(*) AS n FROM homework").await;
    assert_eq!(rows.json()["rows"][0]["n"], 36, "{}", rows.text());
    let refused = app.post("/v1/events/homework", "application/x-ndjson", homework()).await;
    assert_eq!(refused.problem(), "closed");
}

#[tokio::test]
async fn a_client_that_never_ends_does_not_hold_the_server_up() {
    let app = TestApp::with(Options { grace: Duration::from_millis(50), ..Options::default() }, Default::default()).await;
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    let (stop, stopped) = oneshot::channel::<()>();
    let server = tokio::spawn(serve(app.app.clone(), listener, async { stopped.await.unwrap_or(()) }));
    let mut socket = TcpStream::connect(address).await.unwrap();
    socket
        .write_all(b"POST /v1/sql HTTP/1.1\r\nhost: localhost\r\ncontent-type: text/plain\r\ncontent-length: 10\r\n\r\nSEL")
        .await
        .unwrap();
    tokio::time::sleep(Duration::from_millis(50)).await;
    stop.send(()).unwrap();
    tokio::time::timeout(Duration::from_secs(5), server).await.unwrap().unwrap().unwrap();
}
