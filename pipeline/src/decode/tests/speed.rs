//! How fast a homework file is decoded: `cargo test -p xueqing-pipeline decoding_speed -- --ignored --nocapture`.

use std::time::Instant;

use super::*;

const ROWS: usize = 500_000;

fn homework(json: bool) -> String {
    let mut text = String::with_capacity(ROWS * 420);
    if !json {
        text.push_str("assignment,school,class,grade,subject,student,assigned_at,form,status,started_at,submitted_at,minutes,");
        text.push_str("minutes_source,score_rate,marked,marked_at,marked_by,corrected,place\n");
    }
    for n in 0..ROWS {
        let (assignment, student, subject) = (n / 40, n % 20_000, ["math", "语文", "english"][n / 40 % 3]);
        let (minute, second, rate) = (n / 60 % 60, n % 60, (n % 101) as f64 / 100.0);
        let row = if json {
            format!(
                "{{\"assignment\":\"a{assignment:08}\",\"school\":\"3302000{:03}\",\"class\":\"c{:04}\",\"grade\":\"14\",\
                 \"subject\":\"{subject}\",\"student\":\"G33020020150{student:07}\",\"assigned_at\":\"2026-11-20T16:{minute:02}:00+08:00\",\
                 \"form\":\"written\",\"status\":\"submitted\",\"started_at\":\"2026-11-20T18:{minute:02}:{second:02}+08:00\",\
                 \"submitted_at\":\"2026-11-20T19:{minute:02}:{second:02}+08:00\",\"minutes\":{}.5,\"minutes_source\":\"measured\",\
                 \"score_rate\":{rate},\"marked\":true,\"corrected\":false,\"place\":\"home\"}}\n",
                student % 40,
                student / 40,
                n % 60
            )
        } else {
            format!(
                "a{assignment:08},3302000{:03},c{:04},14,{subject},G33020020150{student:07},2026-11-20T16:{minute:02}:00+08:00,written,\
                 submitted,2026-11-20T18:{minute:02}:{second:02}+08:00,2026-11-20T19:{minute:02}:{second:02}+08:00,{}.5,measured,{rate},\
                 true,,,false,home\n",
                student % 40,
                student / 40,
                n % 60
            )
        };
        text.push_str(&row);
    }
    text
}

#[rstest::rstest]
#[case::ndjson(true)]
#[case::csv(false)]
#[ignore = "a measurement"]
fn decoding_speed(#[case] json: bool) {
    let standard = Standard::builtin().unwrap();
    let mapping = standard.mapping("homework").unwrap();
    let text = homework(json);
    for threads in [1, 1, 1, 2, 2] {
        let decoder = Decoder::new(&standard, mapping.clone(), &ids(), chrono_tz::Asia::Shanghai, Format::Auto, None).unwrap();
        let decoder = decoder.with_threads(threads);
        let start = Instant::now();
        let rows: usize = decoder.batches(text.as_bytes()).map(|decoded| decoded.unwrap().batch.num_rows()).sum();
        let seconds = start.elapsed().as_secs_f64();
        assert_eq!(rows, ROWS);
        let (per_second, mib) = (rows as f64 / seconds, text.len() as f64 / seconds / 1_048_576.0);
        println!("{threads} threads: {} bytes a row, {per_second:.0} rows/s, {mib:.0} MiB/s", text.len() / ROWS);
    }
}
