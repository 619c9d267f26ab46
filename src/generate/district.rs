//! The invented district: schools, classes, teachers and pupils, each with a character of their own.
//!
//! A class has a load (some set too much), a teacher a style, a pupil a speed, a diligence, an ability and a health. All that
//! happens on a day is drawn from these. Nobody has a name.

use std::collections::HashSet;

use chrono::{Days, NaiveDate};

use super::days::{at, school_year};
use super::dice::Dice;
use super::identity::{school_code, student_number};
use super::subjects::{Subject, grade_name, loads};

/// How large the district is, and when it is.
#[derive(Debug, Clone)]
pub struct Size {
    pub seed: u64,
    /// What each school has: its kind and its classes, as (grade, pupils).
    pub schools: Vec<(SchoolKind, Vec<(u8, usize)>)>,
    /// The school days to fill, oldest first.
    pub days: Vec<NaiveDate>,
}

/// The kinds of school.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum SchoolKind {
    Primary,
    Junior,
    NineYear,
}

impl SchoolKind {
    /// The kinds in the order in which a district gets them: two primary schools, a junior school, a nine-year school.
    pub fn nth(index: usize) -> Self {
        [Self::Primary, Self::Primary, Self::Junior, Self::NineYear][index % 4]
    }

    /// The grades taught.
    pub fn grades(self) -> &'static [u8] {
        const ALL: [u8; 9] = [11, 12, 13, 14, 15, 16, 21, 22, 23];
        match self {
            Self::Primary => &ALL[..6],
            Self::Junior => &ALL[6..],
            Self::NineYear => &ALL,
        }
    }

    fn code_class(self) -> u8 {
        if self == Self::Primary { 21 } else { 31 }
    }

    /// The three-digit type of school (办学类型).
    pub fn type_code(self) -> &'static str {
        match self {
            Self::Primary => "211",
            Self::Junior => "311",
            Self::NineYear => "312",
        }
    }

    fn name(self, index: usize) -> String {
        let given = ["启明", "知行", "求真", "致远", "博雅", "明德", "弘毅", "思源"][index % 8];
        let suffix = match self {
            Self::Primary => "小学",
            Self::Junior => "初级中学",
            Self::NineYear => "九年一贯制学校",
        };
        let round = if index < 8 { String::new() } else { format!("{}校区", index / 8 + 1) };
        format!("示例区{given}{suffix}{round}")
    }
}

/// A school.
#[derive(Debug)]
pub struct School {
    pub code: String,
    pub name: String,
    pub kind: SchoolKind,
    /// Urban–rural class.
    pub location: &'static str,
    /// Whether homework is timed by the platform; else pupils report it on a sheet.
    pub measured: bool,
    /// When its homework system takes no more work in the evening, in seconds after midnight: that of every fourth school.
    pub closes: Option<i64>,
    pub classes: Vec<Class>,
}

/// A class, which keeps its code, with the year of entry in it, until it leaves.
#[derive(Debug)]
pub struct Class {
    pub code: String,
    pub name: String,
    pub grade: u8,
    /// How much homework is set, against the usual.
    pub load: f64,
    pub teachers: Vec<Teacher>,
    pub students: Vec<Student>,
}

impl Class {
    /// The teacher of a subject.
    pub fn teacher(&self, subject: Subject) -> Option<&Teacher> {
        self.teachers.iter().find(|teacher| teacher.subject == subject)
    }
}

/// A teacher of one subject in one class or two.
#[derive(Debug, Clone)]
pub struct Teacher {
    pub number: String,
    pub subject: Subject,
    /// How long this teacher's pieces are, against the usual.
    pub style: f64,
    /// How much this teacher uses the devices in the room.
    pub devices: f64,
}

/// A pupil.
#[derive(Debug)]
pub struct Student {
    pub number: String,
    pub boy: bool,
    pub boarder: bool,
    /// Time taken, against the usual.
    pub pace: f64,
    /// The chance that a piece of work is handed in.
    pub diligence: f64,
    /// The share of right answers to expect.
    pub ability: f64,
    /// The chance of being away on a day.
    pub away: f64,
}

/// The whole district.
#[derive(Debug)]
pub struct District {
    pub seed: u64,
    pub days: Vec<NaiveDate>,
    pub schools: Vec<School>,
}

impl District {
    /// Invents the district of this size.
    pub fn new(size: Size) -> Self {
        let today = size.days.last().copied().unwrap_or_default();
        let mut registry = Registry { seed: size.seed, today, taken: HashSet::new() };
        let schools = size.schools.iter().enumerate();
        let schools = schools.map(|(index, (kind, classes))| registry.school(index, *kind, classes)).collect();
        Self { seed: size.seed, days: size.days, schools }
    }

    /// Every class with its school.
    pub fn classes(&self) -> impl Iterator<Item = (&School, &Class)> {
        self.schools.iter().flat_map(|school| school.classes.iter().map(move |class| (school, class)))
    }

    /// The dice of one thing in this district.
    pub fn dice(&self, name: &[&str]) -> Dice {
        Dice::of(self.seed, name)
    }
}

/// Makes schools, classes and people, and sees to it that no number is given twice.
struct Registry {
    seed: u64,
    today: NaiveDate,
    taken: HashSet<String>,
}

impl Registry {
    fn school(&mut self, index: usize, kind: SchoolKind, classes: &[(u8, usize)]) -> School {
        let code = school_code(kind.code_class(), index + 1);
        let among = |at: usize, alike: fn(u8) -> u8| {
            1 + classes[..at].iter().filter(|(grade, _)| alike(*grade) == alike(classes[at].0)).count()
        };
        let classes = classes.iter().enumerate().map(|(at, (grade, pupils))| {
            // Of one school's classes, those that entered in one year are numbered through: grades 1 and 7 of a nine-year school.
            let class_code =
                format!("{code}-{}{:02}", school_year(self.today) - years_here(*grade), among(at, |grade| grade % 10));
            self.class(&code, class_code, *grade, among(at, |grade| grade), *pupils)
        });
        let classes = classes.collect();
        let location = ["111", "121", "111", "220"][index % 4];
        let (measured, closes) = (index.is_multiple_of(2), index.is_multiple_of(4).then_some(at(20, 0)));
        School { code, name: kind.name(index), kind, location, measured, closes, classes }
    }

    fn class(&mut self, school: &str, code: String, grade: u8, number: usize, pupils: usize) -> Class {
        let mut dice = Dice::of(self.seed, &["class", &code]);
        let heavy = dice.chance(0.12);
        let load = dice.log_normal(0.12) * if heavy { 1.45 } else { 0.92 };
        let teachers = loads(grade).iter().map(|load| self.teacher(school, grade, number, load.subject)).collect();
        let students = (0..pupils).map(|seat| self.student(&code, grade, seat)).collect();
        let name = format!("{}（{number}）班", grade_name(grade).replace("年级", ""));
        Class { code, name, grade, load, teachers, students }
    }

    /// A teacher of a subject has two classes of a grade.
    fn teacher(&self, school: &str, grade: u8, class: usize, subject: Subject) -> Teacher {
        let number = format!("T{}{grade}{}{}", &school[4..], subject.initials, class.div_ceil(2));
        let mut dice = Dice::of(self.seed, &["teacher", &number]);
        Teacher { number, subject, style: dice.log_normal(0.13), devices: dice.unit() }
    }

    fn student(&mut self, class: &str, grade: u8, seat: usize) -> Student {
        let mut dice = Dice::of(self.seed, &["student", class, &seat.to_string()]);
        let age = i32::from(grade % 10) + if grade < 20 { 5 } else { 11 };
        let born = self.birthday(&mut dice, age);
        let boy = dice.chance(0.52);
        let number = self.number(&mut dice, born, seat, boy);
        let chronic = dice.chance(0.045);
        Student {
            number,
            boy,
            boarder: grade > 20 && dice.chance(0.12),
            pace: dice.log_normal(0.28),
            diligence: if dice.chance(0.06) { 0.78 } else { 0.985 },
            ability: (0.82 + 0.1 * dice.normal()).clamp(0.4, 0.98),
            away: if chronic { 0.1 + 0.12 * dice.unit() } else { 0.012 },
        }
    }

    /// Some day of the year before the first of September on which the pupil is of this age.
    fn birthday(&self, dice: &mut Dice, age: i32) -> NaiveDate {
        let first = NaiveDate::from_ymd_opt(school_year(self.today) - age - 1, 9, 1).unwrap_or_default();
        first + Days::new(dice.below(365))
    }

    /// The first number from this seat on that nobody has.
    fn number(&mut self, dice: &mut Dice, born: NaiveDate, seat: usize, boy: bool) -> String {
        let temporary = dice.chance(0.02);
        (seat..)
            .map(|serial| student_number(born, serial, boy, temporary))
            .find(|number| self.taken.insert(number.clone()))
            .expect("a day of birth has more numbers than the district has pupils born on it")
    }
}

/// School years since a class of this grade entered its stage.
fn years_here(grade: u8) -> i32 {
    i32::from(grade % 10) - 1
}

#[cfg(test)]
mod tests {
    use super::*;

    fn small() -> District {
        let days = vec!["2026-11-20".parse().expect("a date")];
        let schools = vec![(SchoolKind::Primary, vec![(12, 40), (14, 42)]), (SchoolKind::Junior, vec![(21, 41), (21, 41)])];
        District::new(Size { seed: 7, schools, days })
    }

    #[test]
    fn every_pupil_and_class_has_a_number_of_its_own() {
        let district = small();
        let classes: HashSet<&str> = district.classes().map(|(_, class)| class.code.as_str()).collect();
        assert_eq!(classes.len(), 4);
        let students: HashSet<&str> =
            district.classes().flat_map(|(_, class)| class.students.iter().map(|s| s.number.as_str())).collect();
        assert_eq!(students.len(), 164);
    }

    #[test]
    fn classes_of_a_nine_year_school_never_share_a_code() {
        let days = vec!["2026-11-20".parse().expect("a date")];
        let classes: Vec<(u8, usize)> = SchoolKind::NineYear.grades().iter().chain(&[11, 12]).map(|grade| (*grade, 2)).collect();
        let district = District::new(Size { seed: 7, schools: vec![(SchoolKind::NineYear, classes)], days });
        let codes: HashSet<&str> = district.classes().map(|(_, class)| class.code.as_str()).collect();
        assert_eq!(codes.len(), 11);
    }

    #[test]
    fn codes_carry_the_kind_of_school_and_the_year_of_entry() {
        let district = small();
        assert_eq!(district.schools[0].code, "2132990001");
        assert_eq!(district.schools[1].code, "3132990002");
        assert_eq!(district.schools[0].classes[0].code, "2132990001-202501");
        assert_eq!(district.schools[1].classes[1].code, "3132990002-202602");
    }
}
