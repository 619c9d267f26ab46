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
    pub pictures: &'static [Picture],
    /// Whether it looks at schools together, so that a single school's report leaves it out.
    pub between_schools: bool,
}

/// How it is drawn.
#[derive(Clone, Copy, PartialEq, Eq)]
pub enum Picture {
    /// A line over days with the limit, its coverage below.
    Days,
    /// A bar for each row, with the limit.
    Bars,
    /// A bar for each row: a share of this column.
    Shares(&'static str),
    /// Two dimensions as a table whose cells are as deep as they are high.
    Heat,
    /// Minutes against standard scores, a dot for each row.
    Quadrant,
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
    pictures: &'static [Picture],
) -> Asked {
    Asked { key, title, metric, by, columns, pictures, between_schools: false }
}

const fn between(mut one: Asked) -> Asked {
    one.between_schools = true;
    one
}

/// The report on homework load: the indicators of the double reduction.
pub const PLAN: &[Asked] = &[
    asked("load", ("每日作业时长", "Daily homework"), "workload/daily_minutes", &["all"], LOAD, &[]),
    asked("days", ("逐日走势", "Day by day"), "workload/daily_minutes", &["day"], LOAD, &[Picture::Days]),
    asked(
        "grades",
        ("各年级", "By grade"),
        "workload/daily_minutes",
        &["grade"],
        LOAD,
        &[Picture::Bars, Picture::Shares("over_limit_share")],
    ),
    asked(
        "sources",
        ("按时长来源", "By source of minutes"),
        "workload/daily_minutes",
        &["minutes_source"],
        &["students", "mean_minutes", "median_minutes", "p90_minutes", "coverage"],
        &[],
    ),
    asked("subjects", ("各学科", "By subject"), "workload/subject_minutes", &["subject"], &[], &[]),
    asked(
        "compliance",
        ("时长达标率", "Within the limit"),
        "workload/compliance",
        &["grade"],
        &[],
        &[Picture::Shares("within_share")],
    ),
    asked("over", ("超限的班级日", "Class-days over the limit"), "workload/over_limit", &["grade", "subject"], &[], &[]),
    between(asked(
        "schools",
        ("各校（按代码，不是排名）", "By school (by code, no ranking)"),
        "workload/daily_minutes",
        &["school"],
        LOAD,
        &[Picture::Bars, Picture::Shares("over_limit_share")],
    )),
    between(asked(
        "heat",
        ("学校 × 学科", "School × subject"),
        "workload/subject_minutes",
        &["school", "subject"],
        &["minutes_per_student_day"],
        &[Picture::Heat],
    )),
    between(asked("equity", ("校际差异", "Between schools"), "workload/equity", &["stage"], &[], &[])),
    asked(
        "quadrant",
        ("负担与质量", "Load and quality"),
        "workload/quadrant",
        &["school", "subject"],
        &["students", "minutes", "minutes_error", "quality", "quality_error", "minutes_middle", "quality_middle", "quadrant"],
        &[Picture::Quadrant],
    ),
    asked("cut_off", ("被系统关闭截断的时长", "Minutes cut off by the closing time"), "workload/cut_off", &["stage"], &[], &[]),
    asked("breaks", ("周末与假期作业", "Weekends and holidays"), "workload/break_minutes", &["break_kind"], &[], &[]),
    asked("early", ("一二年级书面作业", "Written homework in grades 1 and 2"), "homework/early_written", &["grade"], &[], &[]),
    asked("publication", ("作业公示", "Publication"), "homework/publication", &["grade"], &[], &[]),
    asked("marking", ("批改与反馈", "Marking and feedback"), "homework/marking", &["grade"], &[], &[]),
    asked("layering", ("分层作业", "Layered homework"), "homework/layering", &["grade"], &[], &[]),
    asked("at_school", ("校内完成", "Done at school"), "homework/done_at_school", &["stage"], &[], &[]),
    asked("late", ("就寝时间后提交", "Handed in after bedtime"), "homework/late_night", &["stage"], &[], &[]),
    asked("free", ("无作业日", "No-homework days"), "homework/no_homework_days", &["grade"], &[], &[]),
    asked("exams", ("考试次数", "Exams"), "exam/frequency", &["term", "grade"], &[], &[]),
    asked("service", ("课后服务", "After-school service"), "after_school/service", &["stage"], &[], &[]),
    asked("devices", ("设备教学", "Teaching with devices"), "school_day/device_lessons", &["stage"], &[], &[]),
    asked(
        "coverage",
        ("数据覆盖与估计偏差", "Coverage and bias of estimates"),
        "quality/coverage",
        &["grade"],
        &[],
        &[Picture::Shares("minutes_coverage")],
    ),
    asked("agreement", ("三种来源的一致性", "Agreement of the three sources"), "quality/source_agreement", &["pair"], &[], &[]),
];

const fn whole(key: &'static str, title: Pair, metric: &'static str) -> Asked {
    asked(key, title, metric, &["all"], &[], &[])
}

/// What the findings ask beside: the same indicators over the whole scope, so that each of their numbers is one of a figure.
pub const WHOLE: &[Asked] = &[
    whole("early", ("一二年级书面作业", "Written homework in grades 1 and 2"), "homework/early_written"),
    whole("compliance", ("时长达标率", "Within the limit"), "workload/compliance"),
    whole("late", ("就寝时间后提交", "Handed in after bedtime"), "homework/late_night"),
    whole("free", ("无作业日", "No-homework days"), "homework/no_homework_days"),
    whole("exams", ("考试次数", "Exams"), "exam/frequency"),
];
