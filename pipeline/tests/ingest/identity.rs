//! Repeats of an input: by content, by name and by a source's own numbers.

use std::io::Read;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use bytes::Bytes;
use rstest::rstest;
use xueqing_pipeline::{Feed, Format, Identity, Ingest, Options, Origin, Raw, Receipt};

use crate::world::{World, homework, raw};

const ROWS: usize = 60_000;
const COUNT: &str = "SELECT (SELECT count(*) FROM all_homework) AS stored, (SELECT count(*) FROM homework) AS current";

fn text(rows: std::ops::Range<usize>) -> String {
    rows.map(|n| homework("2026-11-20", &format!("a{}", n / 40), &format!("s{}", n % 40), "submitted", "") + "\n").collect()
}

fn origin(identity: Identity) -> Origin {
    Origin { mapping: "homework".into(), format: Format::Auto, encoding: None, source: "file".into(), identity }
}

async fn take(ingest: &Ingest, text: &str, identity: Identity) -> xueqing_pipeline::Result<Receipt> {
    ingest.submit_file(Feed::from(Bytes::from(text.to_owned())), origin(identity), |_| {}).await
}

/// Small commits, so that an input has several.
fn world() -> World {
    World { options: Options { commit_bytes: 1 << 20, ..World::new().options }, ..World::new() }
}

fn stored(n: usize, current: usize) -> String {
    let (n, current) = (n.to_string(), current.to_string());
    format!("| {n:<6} | {current:<7} |")
}

/// Ends with an error after the text.
struct Broken(std::io::Cursor<Vec<u8>>);

impl Read for Broken {
    fn read(&mut self, into: &mut [u8]) -> std::io::Result<usize> {
        match self.0.read(into)? {
            0 if !into.is_empty() => Err(std::io::Error::other("the disk is gone")),
            read => Ok(read),
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn content_taken_whole_is_not_taken_again_and_a_longer_one_goes_on() {
    let world = world();
    let ingest = world.start().await;
    let first = take(&ingest, &text(0..ROWS), Identity::Content).await.expect("taken");
    assert_eq!((first.read, first.accepted, first.repeated), (60_000, 60_000, 0));
    let again = take(&ingest, &text(0..ROWS), Identity::Content).await.expect("known");
    assert_eq!((again.read, again.accepted, again.repeated, again.version), (60_000, 60_000, 60_000, first.version));
    let longer = take(&ingest, &text(0..ROWS + 100), Identity::Content).await.expect("taken");
    assert_eq!((longer.read, longer.repeated), (60_100, 60_000));
    assert!(world.query(COUNT).await.contains(&stored(60_100, 60_100)), "{}", world.query(COUNT).await);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_file_corrected_far_from_its_beginning_is_another_one() {
    let world = world();
    let ingest = world.start().await;
    take(&ingest, &text(0..ROWS), Identity::Content).await.expect("taken");
    let corrected = text(0..ROWS).replace("\"a1400\",\"school\":\"S1\"", "\"a1400\",\"school\":\"S2\"");
    let receipt = take(&ingest, &corrected, Identity::Content).await.expect("taken");
    assert_eq!((receipt.read, receipt.repeated), (60_000, 0));
    let moved = world.query("SELECT count(*) AS n FROM homework WHERE school = 'S2'").await;
    assert!(moved.contains("| 40 |"), "{moved}");
}

#[tokio::test(flavor = "multi_thread")]
async fn an_interrupted_input_goes_on_where_its_last_commit_stood() {
    let world = world();
    let ingest = world.start().await;
    let whole = text(0..ROWS);
    let broken = Arc::new(AtomicBool::new(true));
    let (bytes, breaks) = (whole.clone().into_bytes(), Arc::clone(&broken));
    let open = move || -> std::io::Result<Box<dyn Read + Send>> {
        let half = bytes.len() / 3 * 2;
        Ok(match breaks.load(Ordering::SeqCst) {
            true => Box::new(Broken(std::io::Cursor::new(bytes[..half].to_vec()))),
            false => Box::new(std::io::Cursor::new(bytes.clone())),
        })
    };
    let feed = |open: Arc<dyn Fn() -> std::io::Result<Box<dyn Read + Send>> + Send + Sync>| Feed::Again(Box::new(move || open()));
    let open: Arc<dyn Fn() -> std::io::Result<Box<dyn Read + Send>> + Send + Sync> = Arc::new(open);
    let error = ingest.submit_file(feed(Arc::clone(&open)), origin(Identity::Content), |_| {}).await.expect_err("it broke");
    assert_eq!(error.code(), "unreadable");
    ingest.shutdown().await;
    drop(ingest);
    broken.store(false, Ordering::SeqCst);
    let ingest = world.start().await;
    let receipt = ingest.submit_file(feed(open), origin(Identity::Content), |_| {}).await.expect("taken");
    assert_eq!((receipt.read, receipt.accepted), (60_000, 60_000));
    assert!(receipt.repeated > 10_000 && receipt.repeated < 50_000, "{receipt:?}");
    assert!(world.query(COUNT).await.contains(&stored(60_000, 60_000)), "{}", world.query(COUNT).await);
}

#[rstest]
#[case::other(text(1..10))]
#[case::shorter(text(0..5))]
#[case::empty(String::new())]
#[tokio::test(flavor = "multi_thread")]
async fn a_name_stands_for_one_input(#[case] other: String) {
    let world = world();
    let ingest = world.start().await;
    let named = || Identity::Named("k1".to_owned());
    let first = take(&ingest, &text(0..10), named()).await.expect("taken");
    let again = take(&ingest, &text(0..10), named()).await.expect("known");
    assert_eq!((again.read, again.repeated, again.version), (10, 10, first.version));
    let error = take(&ingest, &other, named()).await.expect_err("refused");
    assert_eq!(error.code(), "identity_reused");
    assert!(world.query(COUNT).await.contains(&stored(10, 10)));
}

#[tokio::test(flavor = "multi_thread")]
async fn of_two_at_once_under_one_name_one_is_refused_or_repeats() {
    let world = world();
    let ingest = world.start().await;
    let body = text(0..10);
    let both = || take(&ingest, &body, Identity::Named("k".to_owned()));
    let answers = tokio::join!(both(), both(), both());
    let fresh = [&answers.0, &answers.1, &answers.2].iter().filter(|a| a.as_ref().is_ok_and(|r| r.repeated == 0)).count();
    let busy = |a: &xueqing_pipeline::Result<Receipt>| a.as_ref().err().is_none_or(|error| error.code() == "identity_busy");
    assert!(fresh == 1 && busy(&answers.0) && busy(&answers.1) && busy(&answers.2), "{answers:?}");
    assert!(world.query(COUNT).await.contains(&stored(10, 10)));
}

#[tokio::test(flavor = "multi_thread")]
async fn an_offset_travels_with_its_rows() {
    let world = world();
    let ingest = world.start().await;
    let source = "kafka:t/0".to_owned();
    assert_eq!(ingest.offset("homework", &source).await.expect("read"), None);
    let identity = Identity::Offset { source: source.clone(), next: 17 };
    let lines = [homework("2026-11-20", "a", "s", "submitted", "")];
    ingest.submit(Raw { identity, ..raw("homework", "k", &lines) }).await.expect("taken");
    let empty = Identity::Offset { source: source.clone(), next: 18 };
    ingest.submit(Raw { identity: empty, ..raw("homework", "k", &["x".to_owned()]) }).await.expect("a reject moves it too");
    ingest.shutdown().await;
    let ingest = world.start().await;
    assert_eq!(ingest.offset("homework", &source).await.expect("read"), Some(18));
}
