//! Incremental equals recomputed.

use std::collections::BTreeSet;

use datafusion::prelude::SessionContext;
use tokio::runtime::Runtime;
use xueqing_pipeline::{Erasure, Ingest, Rollup};

use crate::world::{World, act, attendance, homework, send, show};

/// Every rollup, in memory and as stored, is what its SQL gives over all current rows from scratch.
async fn assert_exact(world: &World, ingest: &Ingest) {
    let context = world.context().await;
    let names: BTreeSet<String> = ingest.rollups().files().map(Rollup::table_name).collect();
    let held = ingest.lake().held(&names).await;
    for rollup in ingest.rollups().files() {
        if !rollup.stored {
            let rows = context.sql(&rollup.sql).await.expect("a plan").cache().await.expect("rows");
            context.register_table(rollup.name.as_str(), rows.into_view()).expect("a new name");
            continue;
        }
        let table = ingest.lake().existing(&rollup.table_name()).await.expect("a lake").expect("a table");
        let over = held.get(&rollup.table_name()).map_or_else(|| table.provider(), |held| table.provider_over(held.clone()));
        context.register_table(format!("held_{}", rollup.name), over).expect("a new name");
        let fresh = context.sql(&rollup.whole(&table.schema())).await.expect("a plan").cache().await.expect("rows");
        context.register_table(rollup.name.as_str(), fresh.into_view()).expect("a new name");
        let [fresh, stored] = [rows(&context, rollup, "").await, rows(&context, rollup, "stored_").await];
        assert_eq!(fresh, stored, "{}", rollup.name);
        assert_eq!(fresh, rows(&context, rollup, "held_").await, "{} in memory", rollup.name);
    }
}

async fn rows(context: &SessionContext, rollup: &Rollup, prefix: &str) -> String {
    let table = context.table(format!("stored_{}", rollup.name)).await.expect("stored");
    let columns: Vec<&str> = table.schema().fields().iter().map(|field| field.name().as_str()).collect();
    let (columns, key) = (columns.join(", "), rollup.key.join(", "));
    let sql = format!("SELECT {columns} FROM {prefix}{} ORDER BY {key}", rollup.name);
    show(&context.sql(&sql).await.expect("a plan").collect().await.expect("rows"))
}

/// A small generator of its own, so that a failure can be repeated.
struct Dice(u64);

impl Dice {
    fn roll(&mut self, sides: u64) -> u64 {
        self.0 = self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (self.0 >> 33) % sides
    }

    fn one_of<'a>(&mut self, texts: &[&'a str]) -> &'a str {
        texts[self.roll(texts.len() as u64) as usize]
    }

    fn day(&mut self) -> String {
        format!("2026-11-{:02}", 2 + self.roll(6))
    }

    /// Keys repeat, so rows are resent and corrected; a revision may also be older than what is there.
    fn homework(&mut self) -> String {
        let (piece, student, revision) = (self.roll(6), self.roll(8), self.roll(3));
        let (half_minutes, form) = (self.roll(120), self.one_of(&["written", "reading", "oral"]));
        let minutes = format!("{}.{}", half_minutes / 2, 5 * (half_minutes % 2));
        let timed = match self.one_of(&["measured", "reported", "estimated", ""]) {
            "" => String::new(),
            source => format!(r#","minutes":{minutes},"minutes_source":"{source}""#),
        };
        let status = self.one_of(&["submitted", "late", "missing", "exempt"]);
        let more = format!(r#","revision":{revision},"form":"{form}"{timed}"#);
        homework(&self.day(), &format!("a{piece}"), &student.to_string(), status, &more)
    }

    fn attendance(&mut self) -> String {
        let (student, period) = (self.roll(8).to_string(), self.roll(4).to_string());
        let status = self.one_of(&["present", "present", "late", "sick_leave", "truant", "unknown"]);
        attendance(&self.day(), &student, &period, status)
    }

    fn act(&mut self) -> String {
        let (event, student) = (format!("e{}", self.roll(200)), self.roll(8).to_string());
        let (name, correct) = (self.one_of(&["answer", "hand_raise", "quiz"]), self.roll(2) == 0);
        act(&self.day(), &event, &student, name, correct)
    }

    async fn erase(&mut self, ingest: &Ingest) {
        let erasure = Erasure {
            person: "student".to_owned(),
            number: self.roll(8).to_string(),
            namespace: None,
            reason: "letter".to_owned(),
            receipt: format!("r-{}", self.0),
            dry_run: false,
            at_once: false,
        };
        ingest.erase(&erasure).await.expect("erased");
    }

    async fn send(&mut self, ingest: &Ingest) {
        let count = 1 + self.roll(12);
        let receipt = match self.roll(3) {
            0 => send(ingest, "attendance", &(0..count).map(|_| self.attendance()).collect::<Vec<_>>()).await,
            1 => send(ingest, "interaction", &(0..count).map(|_| self.act()).collect::<Vec<_>>()).await,
            _ => send(ingest, "homework", &(0..count).map(|_| self.homework()).collect::<Vec<_>>()).await,
        };
        assert_eq!(receipt.rejected, 0, "{:?}", receipt.rejects);
    }
}

#[rstest::rstest]
#[case(1)]
#[case(7)]
#[case(23)]
fn random_events_corrections_resends_erasures_other_processes_and_crashes(#[case] seed: u64) {
    let world = World::new();
    let mut dice = Dice(seed);
    for round in 0..4 {
        // A runtime that is torn down in the middle of things stands for a process that ends.
        let process = Runtime::new().expect("a runtime");
        process.block_on(async {
            let ingest = world.start().await;
            assert_exact(&world, &ingest).await;
            let other = world.start().await;
            for step in 0..8 {
                dice.send(&ingest).await;
                match dice.roll(6) {
                    0 => dice.erase(&ingest).await,
                    1 => dice.send(&other).await,
                    2 => drop(ingest.close_days(None, Some(20_761)).await.expect("closed")),
                    _ => {}
                }
                if step % 4 == round {
                    ingest.settled().await.expect("rolled up");
                    assert_exact(&world, &ingest).await;
                }
            }
            dice.send(&ingest).await;
        });
        process.shutdown_background();
    }
    let process = Runtime::new().expect("a runtime");
    process.block_on(async { assert_exact(&world, &world.start().await).await });
}

#[tokio::test(flavor = "multi_thread")]
async fn a_small_day_by_hand() {
    let world = World::new();
    let ingest = world.start().await;
    let day = "2026-11-20";
    let timed = |minutes: f64, source: &str| format!(r#","minutes":{minutes},"minutes_source":"{source}""#);
    let pieces = [
        homework(day, "a1", "1", "submitted", &timed(10.0, "measured")),
        homework(day, "a2", "1", "late", &timed(20.5, "reported")),
        homework(day, "a3", "1", "missing", ""),
        homework(day, "a1", "2", "exempt", ""),
        homework(day, "a2", "2", "submitted", &(timed(0.3, "estimated") + r#","form":"oral""#)),
        // A correction, and then a late copy of what it corrected.
        homework(day, "a3", "1", "submitted", &(timed(5.0, "reported") + r#","revision":1"#)),
        homework(day, "a3", "1", "missing", ""),
    ];
    send(&ingest, "homework", &pieces).await;
    let marks = [attendance(day, "1", "1", "present"), attendance(day, "1", "2", "late"), attendance(day, "3", "1", "truant")];
    send(&ingest, "attendance", &marks).await;
    send(&ingest, "interaction", &[act(day, "e1", "2", "answer", true), act(day, "e2", "2", "hand_raise", false)]).await;
    ingest.settled().await.expect("rolled up");
    let students = world
        .query(
            "SELECT grade, homework_expected AS expected, homework_submitted AS submitted, homework_late AS late_work,
                    homework_missing AS missing, homework_exempt AS exempt, seconds_measured AS measured,
                    seconds_reported AS reported, seconds_estimated AS estimated, written_seconds AS written,
                    checkpoints, present, late, truant, acts, answers, answers_correct AS correct
             FROM stored_student_day ORDER BY expected DESC, acts DESC",
        )
        .await;
    let numbers: Vec<Vec<&str>> = students.lines().skip(3).take(3).map(|row| row.split('|').map(str::trim).collect()).collect();
    let expected = [
        "13 3 2 1 0 0 600 1530 0 2130 2 1 1 0 0 0 0",
        "13 1 1 0 0 1 0 0 18 0 0 0 0 0 2 1 1",
        "13 0 0 0 0 0 0 0 0 0 1 0 0 1 0 0 0",
    ];
    for (found, expected) in numbers.iter().zip(expected) {
        assert_eq!(found[1..found.len() - 1].join(" "), expected, "\n{students}");
    }
    let class = world.query("SELECT students, homework_expected, checkpoints, acts FROM stored_class_day").await;
    assert!(class.contains("| 3        | 4                 | 3           | 2    |"), "{class}");
    let subject = world.query("SELECT students, pieces, expected, timed_reported FROM stored_class_subject_day").await;
    assert!(subject.contains("| 2        | 3      | 4        | 2              |"), "{subject}");
    assert_exact(&world, &ingest).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn the_same_file_twice_changes_nothing_that_is_current() {
    let world = World::new();
    let ingest = world.start().await;
    let mut dice = Dice(3);
    let lines: Vec<String> = (0..60).map(|_| dice.homework()).collect();
    let mut seen = BTreeSet::new();
    for _ in 0..2 {
        send(&ingest, "homework", &lines).await;
        ingest.settled().await.expect("rolled up");
        let current = world.query("SELECT * FROM homework ORDER BY day, assignment, student").await;
        let rollups = world.query("SELECT * FROM stored_student_day ORDER BY day, student").await;
        seen.insert((current, rollups));
    }
    assert_eq!(seen.len(), 1);
    assert_exact(&world, &ingest).await;
}

const OWN: &str = "/*---
title = { zh = '班级日提交', en = 'Submissions of a class day' }
from = ['class_day']
key = ['day', 'class']
---*/
SELECT day, class, sum(homework_submitted) AS submitted FROM class_day GROUP BY day, class";

#[tokio::test(flavor = "multi_thread")]
async fn a_new_or_changed_file_recomputes_every_day() {
    let mut world = World::new();
    let first = world.start().await;
    send(&first, "homework", &[homework("2026-11-19", "a1", "1", "submitted", "")]).await;
    send(&first, "homework", &[homework("2026-11-20", "a1", "1", "submitted", "")]).await;
    first.shutdown().await;
    for (sql, total) in [(OWN.to_owned(), 2), (OWN.replace("sum(homework_submitted)", "10 * sum(homework_submitted)"), 20)] {
        world.rollup_files = vec![("submissions.sql".to_owned(), sql)];
        let ingest = world.start().await;
        let rows = world.query("SELECT CAST(sum(submitted) AS BIGINT) AS n FROM stored_submissions").await;
        assert!(rows.contains(&format!("| {total}")), "{rows}");
        ingest.shutdown().await;
    }
}

#[rstest::rstest]
#[case::float("SELECT day, sum(homework_expected * 0.5) AS half FROM class_day GROUP BY day", "`half` is Float64")]
#[case::mean("SELECT day, avg(homework_expected) AS mean FROM class_day GROUP BY day", "`mean` is Float64")]
#[case::highest("SELECT day, max(late) AS late FROM class_day GROUP BY day", "cannot be taken back")]
#[case::distinct("SELECT day, count(DISTINCT class) AS classes FROM class_day GROUP BY day", "cannot be taken back")]
#[case::product("SELECT day, sum(late) * sum(truant) AS both FROM class_day GROUP BY day", "is no sum")]
#[case::limit("SELECT day, sum(late) AS late FROM class_day GROUP BY day LIMIT 3", "cannot be kept up to date")]
#[case::elsewhere(
    "SELECT day, sum(late) AS late FROM class_day WHERE day IN (SELECT max(day) FROM class_day) GROUP BY day",
    "the row itself"
)]
#[case::chance("SELECT day, sum(late) AS late FROM class_day WHERE random() < 0.5 GROUP BY day", "the row itself")]
#[case::join(
    "SELECT a.day, count(*) AS n FROM class_day a JOIN class_day b ON a.day = b.day GROUP BY a.day",
    "several rows at once"
)]
#[case::no_day("SELECT class FROM class_day", "no column `day`")]
#[case::unknown("SELECT day FROM nothing", "nothing")]
#[case::writes("CREATE TABLE x AS SELECT day FROM class_day", "DDL")]
#[tokio::test]
async fn a_wrong_file_is_refused_at_start(#[case] sql: &str, #[case] reason: &str) {
    let mut world = World::new();
    let front = "/*---\ntitle = { zh = '', en = '' }\nfrom = ['class_day']\nkey = ['day']\n---*/\n";
    world.rollup_files = vec![("own.sql".to_owned(), format!("{front}{sql}"))];
    let Err(error) = world.try_start().await else { panic!("started with {sql}") };
    assert_eq!(error.code(), "rollup");
    assert!(error.to_string().starts_with("rollup file `own.sql`") && error.to_string().contains(reason), "{error}");
}
