//! What the report on homework load asks, in its order: one figure each.

use crate::words::Pair;

/// One table of the report.
pub struct Asked {
    /// A short name of its own.
    pub key: &'static str,
    pub title: Pair,
    pub metric: &'static str,
    pub by: &'static [&'static str],
    /// Shown beside the dimensions; all columns when empty.
    pub columns: &'static [&'static str],
    pub picture: Picture,
    /// Whether it looks at schools together, so that a single school's report leaves it out.
    pub between_schools: bool,
}

/// How it is drawn.
#[derive(Clone, Copy, PartialEq, Eq)]
pub enum Picture {
    None,
    /// A line over days with the limit, its coverage below.
    Days,
    /// A bar for each row, with the limit.
    Bars,
    /// Two dimensions as a table whose cells are as deep as they are high.
    Heat,
}

const LOAD: &[&str] = &[
    "students",
    "mean_minutes",
    "median_minutes",
    "p90_minutes",
    "limit_minutes",
    "over_limit_share",
    "measured_share",
    "reported_share",
    "estimated_share",
    "coverage",
];

const fn asked(
    key: &'static str,
    title: Pair,
    metric: &'static str,
    by: &'static [&'static str],
    columns: &'static [&'static str],
    picture: Picture,
) -> Asked {
    Asked { key, title, metric, by, columns, picture, between_schools: false }
}

const fn between(mut one: Asked) -> Asked {
    one.between_schools = true;
    one
}

/// The report on homework load: the indicators of the double reduction.
pub const PLAN: &[Asked] = &[
    asked("load", ("每日作业时长", "Daily homework"), "workload/daily_minutes", &["all"], LOAD, Picture::None),
    asked("days", ("逐日走势", "Day by day"), "workload/daily_minutes", &["day"], LOAD, Picture::Days),
    asked("grades", ("各年级", "By grade"), "workload/daily_minutes", &["grade"], LOAD, Picture::Bars),
    asked(
        "sources",
        ("按时长来源", "By source of minutes"),
        "workload/daily_minutes",
        &["minutes_source"],
        &["students", "mean_minutes", "median_minutes", "p90_minutes", "coverage"],
        Picture::None,
    ),
    asked("subjects", ("各学科", "By subject"), "workload/subject_minutes", &["subject"], &[], Picture::None),
    asked("compliance", ("时长达标率", "Within the limit"), "workload/compliance", &["grade"], &[], Picture::None),
    asked(
        "over",
        ("超限的班级日", "Class-days over the limit"),
        "workload/over_limit",
        &["grade", "subject"],
        &[],
        Picture::None,
    ),
    between(asked(
        "schools",
        ("各校（按代码，不是排名）", "By school (by code, no ranking)"),
        "workload/daily_minutes",
        &["school"],
        LOAD,
        Picture::Bars,
    )),
    between(asked(
        "heat",
        ("学校 × 学科", "School × subject"),
        "workload/subject_minutes",
        &["school", "subject"],
        &["minutes_per_student_day"],
        Picture::Heat,
    )),
    between(asked("equity", ("校际差异", "Between schools"), "workload/equity", &["stage"], &[], Picture::None)),
    asked("breaks", ("周末与假期作业", "Weekends and holidays"), "workload/break_minutes", &["break_kind"], &[], Picture::None),
    asked(
        "early",
        ("一二年级书面作业", "Written homework in grades 1 and 2"),
        "homework/early_written",
        &["grade"],
        &[],
        Picture::None,
    ),
    asked("publication", ("作业公示", "Publication"), "homework/publication", &["grade"], &[], Picture::None),
    asked("marking", ("批改与反馈", "Marking and feedback"), "homework/marking", &["grade"], &[], Picture::None),
    asked("layering", ("分层作业", "Layered homework"), "homework/layering", &["grade"], &[], Picture::None),
    asked("at_school", ("校内完成", "Done at school"), "homework/done_at_school", &["stage"], &[], Picture::None),
    asked("late", ("就寝时间后提交", "Handed in after bedtime"), "homework/late_night", &["stage"], &[], Picture::None),
    asked("free", ("无作业日", "No-homework days"), "homework/no_homework_days", &["grade"], &[], Picture::None),
    asked("exams", ("考试次数", "Exams"), "exam/frequency", &["term", "grade"], &[], Picture::None),
    asked("service", ("课后服务", "After-school service"), "after_school/service", &["stage"], &[], Picture::None),
    asked("devices", ("设备教学", "Teaching with devices"), "school_day/device_lessons", &["stage"], &[], Picture::None),
    asked(
        "coverage",
        ("数据覆盖与估计偏差", "Coverage and bias of estimates"),
        "quality/coverage",
        &["grade"],
        &[],
        Picture::None,
    ),
    asked(
        "agreement",
        ("三种来源的一致性", "Agreement of the three sources"),
        "quality/source_agreement",
        &["pair"],
        &[],
        Picture::None,
    ),
];
