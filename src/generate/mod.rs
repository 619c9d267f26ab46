//! An invented school district, written to files in the formats that real ones come in.
//!
//! Promise: the same plan gives the same bytes, wherever and whenever it runs; no clock, no global randomness. Nothing in the
//! files belongs to a real person or school. About three rows in a thousand are broken on purpose.
//!
//! ```text
//!   Plan ─► District (schools, classes, teachers, pupils) ─► one day after the other ─► Folder
//!             each with a character of its own              homework, attendance,       <mapping>/<file>
//!                                                           lessons, exams              GBK, UTF-16, gz, JSON …
//! ```

mod absence;
mod after_school;
mod attendance;
mod breakage;
mod days;
mod dice;
mod district;
mod exam;
mod feeds;
mod files;
mod homework;
mod identity;
mod interaction;
mod record;
mod reference;
mod school_week;
mod subjects;

use std::path::Path;

use chrono::NaiveDate;

use breakage::Weak;
use district::{District, SchoolKind, Size};
use files::{Folder, Shape};
use homework::Work;
use record::Record;

pub use files::Written;

/// The day on which the committed sample data ends.
pub const SAMPLE_DAY: &str = "2026-11-20";
const PUPILS_PER_CLASS: usize = 42;

/// What to generate.
#[derive(Debug, Clone)]
pub struct Plan {
    pub seed: u64,
    pub schools: usize,
    pub students: usize,
    /// School days, the last of which is `today` or the last one before it.
    pub days: usize,
    pub today: NaiveDate,
    /// The district of the committed sample data: two schools, a few classes.
    pub small: bool,
}

impl Plan {
    fn size(&self) -> Size {
        let schools = if self.small { small() } else { self.spread() };
        Size { seed: self.seed, schools, days: days::school_days(self.today, self.days) }
    }

    /// Spreads the students evenly over the schools and, in each, over its grades in classes of about 42.
    fn spread(&self) -> Vec<(SchoolKind, Vec<(u8, usize)>)> {
        let schools = self.schools.max(1);
        let of = |index: usize| part(self.students, schools, index);
        (0..schools).map(|index| (SchoolKind::nth(index), classes(SchoolKind::nth(index), of(index)))).collect()
    }
}

fn small() -> Vec<(SchoolKind, Vec<(u8, usize)>)> {
    vec![(SchoolKind::Primary, vec![(12, 18), (14, 22), (16, 20)]), (SchoolKind::NineYear, vec![(15, 19), (21, 21), (22, 9)])]
}

/// The classes of a school: as many as there are pupils for, the lower grades first.
fn classes(kind: SchoolKind, students: usize) -> Vec<(u8, usize)> {
    let grades = kind.grades();
    let count = students.div_ceil(PUPILS_PER_CLASS).max(grades.len());
    let mut grades: Vec<u8> = (0..count).map(|index| grades[index % grades.len()]).collect();
    grades.sort_unstable();
    grades.into_iter().enumerate().map(|(index, grade)| (grade, part(students, count, index))).collect()
}

/// The size of one of `parts` nearly equal parts of `whole`.
fn part(whole: usize, parts: usize, index: usize) -> usize {
    whole * (index + 1) / parts - whole * index / parts
}

/// Writes the district of this plan below `out`, calling `progress` after each day with (days done, days in all).
pub fn generate(plan: &Plan, out: &Path, mut progress: impl FnMut(usize, usize)) -> anyhow::Result<Vec<Written>> {
    let district = District::new(plan.size());
    let mut folder = Folder::new(out, plan.seed);
    write_reference(&district, &mut folder)?;
    let mut yesterday = Vec::new();
    for (index, day) in district.days.iter().enumerate() {
        yesterday = write_homework(&district, *day, &yesterday, &mut folder)?;
        write_school_day(&district, *day, &mut folder)?;
        progress(index + 1, district.days.len());
    }
    for exam in exam::exams(&district.days) {
        let name = format!("成绩-{}.csv", exam.id);
        folder.write("demo_chengji", &name, Shape::CsvGbk, exam::sheet(&district, &exam), Some(MARKS))?;
    }
    Ok(folder.finish())
}

fn write_reference(district: &District, folder: &mut Folder) -> anyhow::Result<()> {
    folder.write("school", "schools.csv", Shape::Csv, reference::schools(district), None)?;
    folder.write("class", "classes.csv", Shape::Csv, reference::classes(district), None)?;
    folder.write("calendar", "calendar.csv", Shape::Csv, reference::calendar(district), None)?;
    folder.write("timetable", "课程表.csv", Shape::Csv, school_week::timetable(district), None)?;
    folder.write("day_plan", "作息安排.csv", Shape::Csv, school_week::day_plan(district), None)?;
    folder.write("exam_plan", "考试安排.csv", Shape::Csv, school_week::exam_plan(district), None)?;
    folder.write("teaching", "任课表.csv", Shape::CsvBom, reference::teaching(district), None)?;
    folder.write("demo_xueji", "学籍.csv", Shape::CsvUtf16, reference::roster(district), None)
}

/// Writes what was set and done on a day, with repeats, and corrections of the day before. Gives back the day's work.
fn write_homework(
    district: &District,
    day: NaiveDate,
    yesterday: &[Vec<Work>],
    folder: &mut Folder,
) -> anyhow::Result<Vec<Vec<Work>>> {
    let (mut set, mut timed, mut reported) = (Vec::new(), Vec::new(), Vec::new());
    let mut today = Vec::new();
    for (index, (school, class)) in district.classes().enumerate() {
        set.extend(homework::assignments(district, class, day).iter().map(|a| feeds::assignment_row(school, class, a)));
        let works = homework::works(district, school, class, day);
        let before = yesterday.get(index).map(Vec::as_slice).unwrap_or_default();
        let again = homework::resends(district, &works);
        let sent = works.iter().chain(&again).cloned().chain(homework::corrections(district, before));
        if school.measured {
            timed.extend(sent.map(|work| feeds::timed_row(school, class, &work)));
        } else {
            reported.extend(sent.map(|work| feeds::reported_row(school, class, &work)));
        }
        today.push(works);
    }
    folder.write("demo_buzhi", &format!("布置-{day}.csv"), Shape::CsvBom, set, Some(SET))?;
    folder.write("demo_zuoye", &format!("homework-{day}.ndjson"), Shape::Ndjson, timed, Some(TIMED))?;
    folder.write("demo_zuoye_gbk", &format!("作业-{day}.csv"), Shape::CsvGbk, reported, Some(REPORTED))?;
    Ok(today)
}

fn write_school_day(district: &District, day: NaiveDate, folder: &mut Folder) -> anyhow::Result<()> {
    let board = attendance::board_rows(district, day, &days::term(day));
    folder.write("demo_banpai", &format!("kaoqin-{day}.csv"), Shape::Csv, board, Some(BOARD))?;
    let gate: Vec<Record> = attendance::gate_rows(district, day);
    folder.write("demo_menjin", &format!("menjin-{day}.csv"), Shape::Csv, gate, Some(GATE))?;
    folder.write("after_school", &format!("课后服务-{day}.csv"), Shape::Csv, after_school::rows(district, day), Some(STAYED))?;
    let acts = interaction::rows(district, day);
    folder.write("demo_ketang", &format!("lessons-{day}.ndjson.gz"), Shape::NdjsonGz, acts, Some(ACTS))
}

const SET: Weak = Weak { required: "作业ID", time: "发布时间", code: "科目", number: Some(("预计时长", 900)) };
const TIMED: Weak = Weak { required: "stuNo", time: "assignTime", code: "xk", number: Some(("costSeconds", 99_999)) };
const REPORTED: Weak =
    Weak { required: "学籍号", time: "布置时间", code: "科目", number: Some(("用时(分钟)", -10)) };
const BOARD: Weak =
    Weak { required: "学籍号", time: "考勤时间", code: "考勤状态", number: Some(("迟到分钟", 9_999)) };
const GATE: Weak = Weak { required: "XJH", time: "DKSJ", code: "FX", number: None };
const ACTS: Weak = Weak { required: "eid", time: "ts", code: "act", number: Some(("ms", -1)) };
const STAYED: Weak = Weak { required: "学籍号", time: "签到时间", code: "服务类型", number: None };
const MARKS: Weak = Weak { required: "学籍号", time: "考试日期", code: "考试类型", number: Some(("语文", 150)) };

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_usual_district_has_all_its_students_in_classes_of_about_forty_two() {
        let plan = Plan { seed: 7, schools: 4, students: 2_000, days: 20, today: NaiveDate::default(), small: false };
        let schools = plan.spread();
        let sizes: Vec<usize> = schools.iter().flat_map(|(_, classes)| classes.iter().map(|(_, size)| *size)).collect();
        assert_eq!(sizes.iter().sum::<usize>(), 2_000);
        assert!(sizes.iter().all(|size| (38..=43).contains(size)), "{sizes:?}");
        assert_eq!(schools[3].0, SchoolKind::NineYear);
    }
}
