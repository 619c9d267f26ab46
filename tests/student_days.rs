//! Forty student-days at which a careless count goes wrong, with the right answer and its reason worked out by hand.
//!
//! Each case has a class of its own, so every figure grouped by class tells what it made of that case.

mod support;

use std::collections::BTreeMap;

use serde_json::{Value, json};
use support::District;

/// National Day week of 2026 as the State Council set it: free from 1 to 7 October, lessons on Saturday the 10th; Wednesday the 14th is the
/// district's day without homework. 17 and 18 October are an ordinary weekend that the calendar does not name.
const CALENDAR: &str = "date,term,day_kind\n\
    2026-09-30,2026-2027-1,school_day\n2026-10-01,2026-2027-1,holiday\n2026-10-02,2026-2027-1,holiday\n2026-10-03,2026-2027-1,holiday\n\
    2026-10-04,2026-2027-1,holiday\n2026-10-05,2026-2027-1,holiday\n2026-10-06,2026-2027-1,holiday\n2026-10-07,2026-2027-1,holiday\n\
    2026-10-08,2026-2027-1,school_day\n2026-10-09,2026-2027-1,school_day\n2026-10-10,2026-2027-1,make_up\n2026-10-11,2026-2027-1,weekend\n\
    2026-10-12,2026-2027-1,school_day\n2026-10-13,2026-2027-1,school_day\n2026-10-14,2026-2027-1,no_homework\n";

/// When it was set, its form, status, minutes, where they come from, and when it was handed in; `-` is nothing.
type Piece = &'static str;

/// What the figures must say: known minutes of the mean student-day; whether within the limit; pieces known and expected; minutes of the
/// break; pieces handed in after bedtime.
struct Case {
    grade: &'static str,
    pieces: &'static [Piece],
    minutes: Option<f64>,
    within: Option<bool>,
    known: (i64, i64),
    at_break: Option<f64>,
    late: i64,
    reason: &'static str,
}

const fn case(grade: &'static str, pieces: &'static [Piece], minutes: Option<f64>, within: Option<bool>, known: (i64, i64), reason: &'static str) -> Case {
    Case { grade, pieces, minutes, within, known, at_break: None, late: 0, reason }
}

impl Case {
    const fn at_break(self, minutes: f64) -> Self {
        Self { at_break: Some(minutes), ..self }
    }

    const fn late(self, pieces: i64) -> Self {
        Self { late: pieces, ..self }
    }
}

const OVER: Option<bool> = Some(false);
const WITHIN: Option<bool> = Some(true);

const CASES: [Case; 40] = [
    // The limit itself.
    case("13", &["10-12T16:00 written submitted 60 measured 18:00"], Some(60.0), WITHIN, (1, 1), "the rule says no more than 60: exactly 60 is within"),
    case("13", &["10-12T16:00 written submitted 60.0166666667 measured 18:00"], Some(3601.0 / 60.0), OVER, (1, 1), "one second more is over"),
    case("21", &["10-12T16:00 written submitted 90 reported 20:00"], Some(90.0), WITHIN, (1, 1), "junior grades have 90"),
    case("23", &["10-12T16:00 written submitted 91 reported 20:00"], Some(91.0), OVER, (1, 1), "grade 9 has the same 90"),
    case("16", &["10-12T16:00 written submitted 75 reported 20:00"], Some(75.0), OVER, (1, 1), "grade 6 is primary here: 60, not 90"),
    case("31", &["10-12T16:00 written submitted 200 reported 22:00"], Some(200.0), None, (1, 1), "senior high has no number, so nothing is judged"),
    // Several pieces make one day.
    case("14", &["10-12T16:00 written submitted 35 measured 18:00", "10-12T16:30 written submitted 35 measured 19:00"], Some(70.0), OVER, (2, 2), "each subject is within, the sum of the day is not"),
    case("14", &["10-12T16:00 written submitted 35 measured 18:00", "10-12T16:30 written submitted 35 reported 19:00"], Some(70.0), OVER, (2, 2), "two sources on one day: the total is judged, the shares tell the sources"),
    case("14", &["10-12T16:00 written submitted 40 measured 18:00", "10-12T16:00 reading submitted 40 measured 19:00"], Some(80.0), WITHIN, (2, 2), "the limit is on written work: 40 of 80"),
    case("14", &["10-12T16:00 practical submitted 90 reported 19:00"], Some(90.0), WITHIN, (1, 1), "no written minutes at all are within"),
    case("14", &["10-12T16:00 written submitted 30 estimated 19:00", "10-12T16:00 written submitted 31 measured 19:00"], Some(61.0), OVER, (2, 2), "an estimate stands in for minutes and says so"),
    case("14", &["10-12T16:00 written submitted 40 measured 18:00", "10-13T16:00 written submitted 80 measured 18:00"], Some(60.0), OVER, (2, 2), "the mean of two days is 60, but days are judged one by one: 1 of 2 within"),
    // What is not known is not zero.
    case("14", &["10-12T16:00 written submitted - - 18:00"], None, None, (0, 1), "handed in without minutes: no student-day, not one of 0 minutes"),
    case("14", &["10-12T16:00 written missing - - -"], None, None, (0, 1), "not handed in: missing, not zero"),
    case("14", &["10-12T16:00 written exempt - - -"], None, None, (0, 0), "exempt: not expected either"),
    case("14", &["10-12T16:00 written submitted 50 measured 18:00", "10-12T16:00 written missing - - -"], Some(50.0), WITHIN, (1, 2), "the known part is shown, the coverage says half"),
    case("14", &["10-12T16:00 written submitted 45 measured 19:59", "10-12T16:00 written missing - - -"], Some(45.0), WITHIN, (1, 2), "the platform closed at 20:00: what was cut off is missing, so 45 is a lower bound"),
    case("14", &["10-12T16:00 written submitted 0 measured 18:00"], Some(0.0), WITHIN, (1, 1), "measured as 0 is known, unlike nothing"),
    case("14", &["10-12T16:00 written late 65 measured 10-13T09:00"], Some(65.0), OVER, (1, 1), "late work counts for the day on which it was set"),
    case("14", &["10-12T16:00 written exempt 20 reported -"], Some(20.0), WITHIN, (1, 0), "exempt but done all the same: minutes are known, none were expected"),
    // Grades 1 and 2.
    case("12", &["10-12T16:00 oral submitted 15 measured 18:00"], Some(15.0), None, (1, 1), "grade 2, oral only: allowed, and no limit in minutes to judge by"),
    case("12", &["10-12T16:00 written submitted 15 measured 18:00"], Some(15.0), None, (1, 1), "grade 2, written: forbidden, which homework/early_written counts; still no limit in minutes"),
    case("11", &["10-12T16:00 reading submitted 70 reported 18:00"], Some(70.0), None, (1, 1), "grade 1, 70 minutes of reading: no limit in minutes"),
    // Which day it is.
    case("14", &["10-10T16:00 written submitted 61 measured 18:00"], Some(61.0), OVER, (1, 1), "Saturday 10 October is a make-up school day: the limit holds").at_break(61.0),
    case("14", &["10-11T10:00 written submitted 100 measured 18:00"], Some(100.0), None, (1, 1), "Sunday: no limit, break minutes instead").at_break(100.0),
    case("14", &["09-30T16:00 written submitted 59 measured 18:00"], Some(59.0), WITHIN, (1, 1), "the eve of the holiday is a school day with its limit, and its work is the break's").at_break(59.0),
    case("14", &["10-01T09:00 written submitted 120 measured 18:00"], Some(120.0), None, (1, 1), "a public holiday: no limit").at_break(120.0),
    case("14", &["10-02T09:00 written submitted 50 measured 18:00", "10-05T09:00 written submitted 70 measured 18:00"], Some(60.0), None, (2, 2), "two days of one holiday: 60 a student-day, 120 in the one break").at_break(120.0),
    case("14", &["10-09T16:00 written submitted 62 measured 18:00"], Some(62.0), OVER, (1, 1), "Friday 9 October is followed by lessons on Saturday: no break"),
    case("14", &["10-16T16:00 written submitted 30 measured 18:00", "10-17T09:00 written submitted 40 measured 18:00"], Some(35.0), WITHIN, (2, 2), "a weekend that the calendar does not name: Friday's and Saturday's work are one break of 70").at_break(70.0),
    case("14", &["10-14T16:00 written submitted 20 measured 18:00"], Some(20.0), WITHIN, (1, 1), "the no-homework day is a school day: within the minutes, and not kept"),
    case("14", &["10-12T23:59 written submitted 40 measured 10-13T18:00", "10-13T00:01 written submitted 40 measured 18:00"], Some(40.0), WITHIN, (2, 2), "set one minute before and after midnight: two student-days of 40, not one of 80"),
    case("14", &["10-13T01:00 written submitted 40 measured 18:00", "10-13T16:00 written submitted 40 measured 18:00"], Some(80.0), OVER, (2, 2), "01:00 in Shanghai is still the 12th in UTC: the district's day counts"),
    // After bedtime.
    case("14", &["10-12T16:00 written submitted 30 measured 21:20"], Some(30.0), WITHIN, (1, 1), "21:20 is bedtime, not after it"),
    case("14", &["10-12T16:00 written submitted 30 measured 21:21"], Some(30.0), WITHIN, (1, 1), "21:21 is after it in primary school").late(1),
    case("21", &["10-12T16:00 written submitted 30 measured 21:30"], Some(30.0), WITHIN, (1, 1), "21:30 is not yet 22:00 of junior schools"),
    case("21", &["10-12T16:00 written submitted 30 measured 10-13T00:30"], Some(30.0), WITHIN, (1, 1), "past midnight is later than 22:00 though the clock says 00:30").late(1),
    case("21", &["10-12T16:00 written submitted 30 measured 10-13T06:30"], Some(30.0), WITHIN, (1, 1), "06:30 is early morning, not night"),
    // The same pupil as in the case before the last two, who changes class on Wednesday; see `same_pupil`.
    case("14", &["10-12T16:00 written submitted 35 measured 18:00", "10-13T16:00 written submitted 35 measured 18:00"], Some(35.0), WITHIN, (2, 2), "in this class until Tuesday"),
    case("14", &["10-13T16:30 written submitted 35 measured 19:00", "10-15T16:00 written submitted 20 measured 18:00"], Some(27.5), WITHIN, (2, 2), "in this class, too, on Tuesday, and alone from Wednesday on: here within"),
];

/// The last two classes have one and the same pupil.
const MOVES: usize = 38;

fn pupil(index: usize) -> String {
    format!("s{:02}", index.min(MOVES) + 1)
}

fn rows() -> String {
    let mut lines = Vec::new();
    for (index, case) in CASES.iter().enumerate() {
        for (number, piece) in case.pieces.iter().enumerate() {
            lines.push(row(index, number, case.grade, piece).to_string());
        }
    }
    lines.join("\n")
}

fn row(index: usize, number: usize, grade: &str, piece: &str) -> Value {
    let cells: Vec<Option<&str>> = piece.split(' ').map(|cell| (cell != "-").then_some(cell)).collect();
    let set = cells[0].expect("when it was set");
    let handed_in = cells[5].map(|time| if time.contains('T') { time.to_owned() } else { format!("{}T{time}", &set[..5]) });
    json!({
        "assignment": format!("a{index:02}-{number}"), "school": "2132990001", "class": format!("c{:02}", index + 1), "grade": grade,
        "subject": ["math", "chinese"][number], "student": pupil(index), "assigned_at": format!("2026-{set}:00+08:00"), "form": cells[1],
        "status": cells[2], "minutes": cells[3].map(|minutes| minutes.parse::<f64>().expect("minutes")), "minutes_source": cells[4],
        "submitted_at": handed_in.map(|time| format!("2026-{time}:00+08:00")),
    })
}

/// A lake with the cases, in which no group is too small to show.
fn district() -> District {
    let district = District::new();
    std::fs::write(district.path("xueqing.toml"), "[query]\nsuppress_below = 1\n").expect("written");
    std::fs::write(district.path("calendar.csv"), CALENDAR).expect("written");
    std::fs::write(district.path("homework.ndjson"), rows()).expect("written");
    // Case 9's reading and case 22's writing are on the list; the latter was withdrawn, and case 31's was set on the day without homework.
    let list = "assignment,school,class,grade,subject,assigned_at,form,withdrawn,published\n\
        a08-1,2132990001,c09,14,chinese,2026-10-12T16:00:00+08:00,reading,false,true\n\
        a21-0,2132990001,c22,12,math,2026-10-12T16:00:00+08:00,written,true,true\n\
        a30-0,2132990001,c31,14,math,2026-10-14T16:00:00+08:00,written,false,false\n";
    std::fs::write(district.path("list.csv"), list).expect("written");
    for (kind, file) in [("calendar", "calendar.csv"), ("homework", "homework.ndjson"), ("assignment", "list.csv")] {
        let told = district.json(&["ingest", "--kind", kind, file, "--json"]);
        assert_eq!(told["rejected"], 0, "{told}");
    }
    district
}

/// The rows of a figure by class.
fn by_class(district: &District, name: &str) -> BTreeMap<String, Value> {
    let told = district.json(&["metric", name, "--json", "--by", "class"]);
    let rows = told["rows"].as_array().expect("rows").iter();
    rows.map(|row| (row["class"].as_str().expect("a class").to_owned(), row.clone())).collect()
}

fn near(found: &Value, expected: f64) -> bool {
    found.as_f64().is_some_and(|found| (found - expected).abs() < 1e-9)
}

#[test]
fn forty_tricky_student_days_are_counted_right() {
    let district = district();
    let names = ["workload/daily_minutes", "workload/compliance", "workload/break_minutes", "homework/late_night"];
    let [minutes, limits, breaks, nights] = names.map(|name| by_class(&district, name));
    for (index, case) in CASES.iter().enumerate() {
        let class = format!("c{:02}", index + 1);
        let place = format!("case {class}: {}", case.reason);
        check_minutes(case, &minutes[&class], &place);
        check_limit(case, limits.get(&class), &place);
        let at_break = breaks.get(&class).map(|row| &row["mean_minutes"]);
        assert!(case.at_break.is_none_or(|expected| at_break.is_some_and(|found| near(found, expected))), "{place}: {at_break:?}");
        assert_eq!(case.at_break.is_some(), at_break.is_some(), "{place}");
        let late = nights.get(&class).map_or(0, |row| row["late_pieces"].as_i64().expect("a number"));
        assert_eq!(late, case.late, "{place}");
    }
    same_pupil(&district);
}

fn check_minutes(case: &Case, row: &Value, place: &str) {
    match case.minutes {
        Some(expected) => assert!(near(&row["mean_minutes"], expected), "{place}: {row}"),
        None => assert!(row["mean_minutes"].is_null(), "{place}: {row}"),
    }
    let (known, expected) = case.known;
    if expected == 0 {
        assert!(row["coverage"].is_null(), "{place}: {row}");
    } else {
        assert!(near(&row["coverage"], known as f64 / expected as f64), "{place}: {row}");
    }
}

/// A day is over where one of its student-days is, and nothing is judged without a limit or without minutes.
fn check_limit(case: &Case, row: Option<&Value>, place: &str) {
    let share = row.map(|row| &row["within_share"]).filter(|share| !share.is_null());
    match case.within {
        None => assert!(share.is_none(), "{place}: {row:?}"),
        Some(true) => assert!(share.is_some_and(|share| near(share, 1.0)), "{place}: {row:?}"),
        Some(false) => assert!(share.is_some_and(|share| share.as_f64() < Some(1.0)), "{place}: {row:?}"),
    }
}

/// Tuesday in two classes: 35 + 35 = 70 are one student-day over the limit, though each class sees 35.
fn same_pupil(district: &District) {
    let told = district.json(&["metric", "workload/compliance", "--json", "--by", "day", "--param", "from=2026-10-15", "--param", "to=2026-10-15"]);
    assert_eq!((&told["rows"][0]["student_days"], &told["rows"][0]["within_share"]), (&json!(1), &json!(1.0)), "{told}");
    let all = district.json(&["metric", "workload/daily_minutes", "--json", "--by", "all"]);
    let pupils = CASES.iter().enumerate().filter(|(_, case)| case.minutes.is_some()).map(|(index, _)| pupil(index));
    let pupils = pupils.collect::<std::collections::BTreeSet<_>>().len();
    assert_eq!(all["rows"][0]["students"], json!(pupils), "{all}");
    // 35 cases with one or two days and minutes, less the Tuesday that two classes share.
    let class_days: i64 = by_class(district, "workload/daily_minutes").values().map(|row| row["student_days"].as_i64().expect("a number")).sum();
    assert_eq!(all["rows"][0]["student_days"], json!(class_days - 1), "{all}");
}

#[test]
fn what_was_set_is_counted_apart_from_what_was_done() {
    let district = district();
    let early = by_class(&district, "homework/early_written");
    assert!(early.get("c21").is_none_or(|row| row["written_times"] == 0), "grade 2, oral only: {early:?}");
    assert!(early.get("c22").is_none_or(|row| row["written_times"] == 0), "withdrawn: not set, though the minutes already spent stay in the load");
    let published = by_class(&district, "homework/publication");
    assert!(!published.contains_key("c22"), "a withdrawn assignment needs no publication");
    assert!(near(&published["c09"]["publication_rate"], 1.0) && near(&published["c31"]["publication_rate"], 0.0), "{published:?}");
    let kept = by_class(&district, "homework/no_homework_days");
    assert_eq!((&kept["c31"]["planned_class_days"], &kept["c31"]["kept"]), (&json!(1), &json!(0)), "homework on the day without homework");
}
