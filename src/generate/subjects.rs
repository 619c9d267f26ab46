//! What is taught in which grade, how much homework it brings, and how the two homework vendors write its name.

/// A subject of the invented district.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Subject {
    /// The code of the data standard.
    pub code: &'static str,
    /// The Chinese name.
    pub name: &'static str,
    /// Pinyin initials, as one vendor writes it.
    pub initials: &'static str,
}

const fn subject(code: &'static str, name: &'static str, initials: &'static str) -> Subject {
    Subject { code, name, initials }
}

pub const CHINESE: Subject = subject("chinese", "语文", "YW");
pub const MATH: Subject = subject("math", "数学", "SX");
pub const ENGLISH: Subject = subject("english", "英语", "YY");
pub const SCIENCE: Subject = subject("science", "科学", "KX");
pub const POLITICS: Subject = subject("politics", "道德与法治", "DF");
pub const PHYSICS: Subject = subject("physics", "物理", "WL");
pub const CHEMISTRY: Subject = subject("chemistry", "化学", "HX");
pub const BIOLOGY: Subject = subject("biology", "生物", "SW");
pub const HISTORY: Subject = subject("history", "历史", "LS");
pub const GEOGRAPHY: Subject = subject("geography", "地理", "DL");

/// How often a subject sets homework in a grade, and how long a piece takes.
#[derive(Debug, Clone, Copy)]
pub struct Load {
    pub subject: Subject,
    /// The chance of a piece on a school day.
    pub often: f64,
    /// The median minutes of a middling pupil.
    pub minutes: f64,
    /// `written`, `reading`, `oral` or `practical`.
    pub form: &'static str,
}

const fn load(subject: Subject, often: f64, minutes: f64, form: &'static str) -> Load {
    Load { subject, often, minutes, form }
}

/// The homework that a grade usually gets. Grades 1 and 2 get no written homework.
pub fn loads(grade: u8) -> &'static [Load] {
    match grade {
        11 | 12 => {
            const { &[load(CHINESE, 0.8, 12.0, "reading"), load(MATH, 0.35, 8.0, "practical"), load(ENGLISH, 0.4, 8.0, "oral")] }
        }
        13 | 14 => {
            const {
                &[
                    load(CHINESE, 0.92, 16.0, "written"),
                    load(MATH, 0.9, 15.0, "written"),
                    load(ENGLISH, 0.6, 11.0, "written"),
                    load(SCIENCE, 0.12, 14.0, "practical"),
                ]
            }
        }
        15 | 16 => {
            const {
                &[
                    load(CHINESE, 0.95, 20.0, "written"),
                    load(MATH, 0.95, 19.0, "written"),
                    load(ENGLISH, 0.75, 14.0, "written"),
                    load(SCIENCE, 0.15, 15.0, "practical"),
                    load(POLITICS, 0.06, 10.0, "reading"),
                ]
            }
        }
        21 => {
            const {
                &[
                    load(CHINESE, 0.92, 22.0, "written"),
                    load(MATH, 0.97, 26.0, "written"),
                    load(ENGLISH, 0.92, 19.0, "written"),
                    load(HISTORY, 0.3, 11.0, "written"),
                    load(GEOGRAPHY, 0.28, 11.0, "written"),
                    load(BIOLOGY, 0.28, 11.0, "written"),
                    load(POLITICS, 0.2, 10.0, "reading"),
                ]
            }
        }
        22 => {
            const {
                &[
                    load(CHINESE, 0.9, 22.0, "written"),
                    load(MATH, 0.97, 26.0, "written"),
                    load(ENGLISH, 0.9, 19.0, "written"),
                    load(PHYSICS, 0.8, 18.0, "written"),
                    load(HISTORY, 0.25, 11.0, "written"),
                    load(GEOGRAPHY, 0.25, 11.0, "written"),
                    load(BIOLOGY, 0.25, 11.0, "written"),
                ]
            }
        }
        _ => {
            const {
                &[
                    load(CHINESE, 0.9, 22.0, "written"),
                    load(MATH, 0.98, 27.0, "written"),
                    load(ENGLISH, 0.9, 19.0, "written"),
                    load(PHYSICS, 0.85, 18.0, "written"),
                    load(CHEMISTRY, 0.75, 15.0, "written"),
                    load(POLITICS, 0.25, 12.0, "written"),
                    load(HISTORY, 0.25, 12.0, "written"),
                ]
            }
        }
    }
}

/// The subjects that are examined in a grade. Grades 1 and 2 have no paper exams.
pub fn examined(grade: u8) -> &'static [Subject] {
    match grade {
        11 | 12 => &[],
        13..=16 => &[CHINESE, MATH, ENGLISH, SCIENCE],
        21 => &[CHINESE, MATH, ENGLISH, HISTORY, GEOGRAPHY, BIOLOGY],
        22 => &[CHINESE, MATH, ENGLISH, PHYSICS, HISTORY, GEOGRAPHY, BIOLOGY],
        _ => &[CHINESE, MATH, ENGLISH, PHYSICS, CHEMISTRY, HISTORY],
    }
}

/// Every subject that an exam sheet has a column for, in the order of the columns.
pub const SHEET: [Subject; 9] = [CHINESE, MATH, ENGLISH, SCIENCE, PHYSICS, CHEMISTRY, BIOLOGY, HISTORY, GEOGRAPHY];

/// A grade as schools say it.
pub fn grade_name(grade: u8) -> &'static str {
    match grade {
        11 => "一年级",
        12 => "二年级",
        13 => "三年级",
        14 => "四年级",
        15 => "五年级",
        16 => "六年级",
        21 => "七年级",
        22 => "八年级",
        _ => "九年级",
    }
}
