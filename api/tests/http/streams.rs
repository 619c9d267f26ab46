//! Long bodies: taken in while they arrive, cut off where they must be.

use std::io::Write;
use std::time::Duration;

use axum::body::Body;
use axum::http::{Request, header};
use bytes::Bytes;
use futures::{StreamExt, stream};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::oneshot;
use xueqing_api::{Options, serve};

use crate::app::{NDJSON, TestApp, local};

fn line(n: u32) -> String {
    format!(
        "{{\"assignment\":\"a{n}\",\"school\":\"s1\",\"class\":\"c101\",\"grade\":\"13\",\"subject\":\"math\",\"student\":\"1\",\
         \"assigned_at\":\"2026-11-18T16:30:00+08:00\",\"status\":\"submitted\"}}\n"
    )
}

fn lines(rows: std::ops::Range<u32>) -> String {
    rows.map(line).collect()
}

async fn count(app: &TestApp) -> u64 {
    app.sql("SELECT count(*) AS n FROM homework").await.json()["rows"][0]["n"].as_u64().unwrap()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_long_body_is_taken_in_while_it_arrives() {
    let app = TestApp::start().await;
    let pieces = (0..40).map(|piece| Ok::<_, std::io::Error>(Bytes::from(lines(piece * 1000..(piece + 1) * 1000))));
    let answer = app.post("/v1/events/homework", NDJSON, Body::from_stream(stream::iter(pieces))).await;
    assert_eq!(answer.json()["accepted"], 40_000, "{}", answer.text());
    assert_eq!(count(&app).await, 40_000);
    assert!(app.get("/metrics").await.text().contains("xueqing_ingest_receipt_seconds_count 1"));
}

#[tokio::test(flavor = "multi_thread")]
async fn long_compressed_bodies_are_unpacked_on_the_way() {
    let app = TestApp::start().await;
    let text = lines(0..20_000);
    let mut gzip = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::fast());
    gzip.write_all(text.as_bytes()).unwrap();
    for body in [gzip.finish().unwrap(), zstd::encode_all(text.as_bytes(), 1).unwrap()] {
        let answer = app.post("/v1/events/homework", "application/octet-stream", body).await;
        assert_eq!(answer.json()["accepted"], 20_000, "{}", answer.text());
    }
    let request = local(Request::post("/v1/events/homework")).header(header::CONTENT_ENCODING, "zstd");
    let answer = app.send(request.body(Body::from(zstd::encode_all(text.as_bytes(), 1).unwrap())).unwrap()).await;
    assert_eq!(answer.json()["accepted"], 20_000, "{}", answer.text());
    assert_eq!(count(&app).await, 20_000);
}

#[tokio::test(flavor = "multi_thread")]
async fn the_limit_holds_for_what_comes_out() {
    let app = TestApp::with(Options { body_bytes: 2 << 20, ..Options::default() }, Default::default()).await;
    let bomb = zstd::encode_all(&vec![b' '; 64 << 20][..], 1).unwrap();
    assert_eq!(app.post("/v1/events/homework", NDJSON, bomb).await.problem(), "body_too_large");
    let endless = stream::repeat_with(|| Ok::<_, std::io::Error>(Bytes::from(vec![b' '; 64 << 10])));
    assert_eq!(app.post("/v1/events/homework", NDJSON, Body::from_stream(endless)).await.problem(), "body_too_large");
    let twice = zstd::encode_all(&zstd::encode_all(lines(0..9).as_bytes(), 1).unwrap()[..], 1).unwrap();
    assert_eq!(app.post("/v1/events/homework", NDJSON, twice).await.problem(), "bad_body");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_body_that_falls_silent_is_given_up_and_may_be_sent_again() {
    let options = Options { idle_timeout: Duration::from_millis(100), ..Options::default() };
    let app = TestApp::with(options, Default::default()).await;
    let begun = stream::iter((0..2).map(|piece| Ok::<_, std::io::Error>(Bytes::from(lines(piece * 9000..(piece + 1) * 9000)))));
    let silent = Body::from_stream(begun.chain(stream::pending()));
    assert_eq!(app.post("/v1/events/homework", NDJSON, silent).await.problem(), "body_timeout");
    let broken = stream::iter([Ok(Bytes::from(lines(0..9000))), Err(std::io::Error::other("gone"))]);
    assert_eq!(app.post("/v1/events/homework", NDJSON, Body::from_stream(broken)).await.problem(), "bad_body");
    let again = app.post("/v1/events/homework", NDJSON, lines(0..18_000)).await;
    assert_eq!(again.json()["accepted"], 18_000, "{}", again.text());
    assert_eq!(count(&app).await, 18_000);
}

#[tokio::test(flavor = "multi_thread")]
async fn slow_long_bodies_leave_a_turn_for_short_ones() {
    let app = TestApp::start().await;
    let slow = || {
        let begun = stream::iter([Ok::<_, std::io::Error>(Bytes::from(lines(0..9000)))]);
        app.post("/v1/events/homework", NDJSON, Body::from_stream(begun.chain(stream::pending())))
    };
    let short = async {
        tokio::time::sleep(Duration::from_millis(300)).await;
        app.post("/v1/events/homework", NDJSON, lines(0..10)).await
    };
    let slow = futures::future::join_all((0..8).map(|_| slow()));
    tokio::select! {
        _ = slow => panic!("they never end"),
        answer = short => assert_eq!(answer.json()["accepted"], 10, "{}", answer.text()),
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_stopping_server_tells_a_long_body_to_go_elsewhere() {
    let app = TestApp::with(Options { grace: Duration::from_millis(400), ..Options::default() }, Default::default()).await;
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    let (stop, stopped) = oneshot::channel::<()>();
    let server = tokio::spawn(serve(app.app.clone(), listener, async { stopped.await.unwrap_or(()) }));
    let mut socket = TcpStream::connect(address).await.unwrap();
    let head = "POST /v1/events/homework HTTP/1.1\r\nhost: localhost\r\ncontent-length: 99000000\r\n\r\n";
    socket.write_all(head.as_bytes()).await.unwrap();
    socket.write_all(lines(0..9000).as_bytes()).await.unwrap();
    tokio::time::sleep(Duration::from_millis(100)).await;
    stop.send(()).unwrap();
    let mut answer = vec![0; 12];
    socket.read_exact(&mut answer).await.unwrap();
    assert_eq!(String::from_utf8(answer).unwrap(), "HTTP/1.1 503");
    tokio::time::timeout(Duration::from_secs(5), server).await.unwrap().unwrap().unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn a_client_that_goes_away_frees_its_place() {
    let options = Options { streams: 1, turn_wait: Duration::from_secs(2), ..Options::default() };
    let app = TestApp::with(options, Default::default()).await;
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    let server = tokio::spawn(serve(app.app.clone(), listener, std::future::pending()));
    let head = |length: usize| {
        format!(
            "POST /v1/events/homework HTTP/1.1\r\nhost: localhost\r\nconnection: close\r\n\
             content-type: application/x-ndjson\r\ncontent-length: {length}\r\n\r\n"
        )
    };
    for _ in 0..3 {
        let mut socket = TcpStream::connect(address).await.unwrap();
        socket.write_all(head(99_000_000).as_bytes()).await.unwrap();
        socket.write_all(lines(0..9000).as_bytes()).await.unwrap();
        tokio::time::sleep(Duration::from_millis(100)).await;
    }
    let mut socket = TcpStream::connect(address).await.unwrap();
    let body = lines(0..9000);
    socket.write_all(head(body.len()).as_bytes()).await.unwrap();
    socket.write_all(body.as_bytes()).await.unwrap();
    let mut answer = String::new();
    socket.read_to_string(&mut answer).await.unwrap();
    assert!(answer.starts_with("HTTP/1.1 200") && answer.contains("\"accepted\":9000"), "{answer}");
    assert_eq!(count(&app).await, 9000);
    server.abort();
}

#[tokio::test(flavor = "multi_thread")]
async fn a_client_that_still_sends_hears_why_it_is_refused() {
    let app = TestApp::start().await;
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    let server = tokio::spawn(serve(app.app.clone(), listener, std::future::pending()));
    let mut socket = TcpStream::connect(address).await.unwrap();
    let body = vec![b'x'; 8 << 20];
    let head = format!(
        "POST /v1/events/nothing HTTP/1.1\r\nhost: localhost\r\nconnection: close\r\ncontent-length: {}\r\n\r\n",
        body.len()
    );
    socket.write_all(head.as_bytes()).await.unwrap();
    socket.write_all(&body).await.unwrap();
    let mut answer = String::new();
    socket.read_to_string(&mut answer).await.unwrap();
    assert!(answer.starts_with("HTTP/1.1 404") && answer.contains("unknown_mapping"), "{answer}");
    server.abort();
}
