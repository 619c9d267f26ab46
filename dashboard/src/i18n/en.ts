/** English – the same keys as `zh`. */
import type { Messages } from "./index";

export const en: Messages = {
  "app.name": "Xueqing",
  "app.page": "A class today",
  "app.skip": "Skip to content",
  "app.language": "Language",
  "app.theme": "Appearance",
  "theme.auto": "System",
  "theme.light": "Light",
  "theme.dark": "Dark",

  "pick.school": "School",
  "pick.class": "Class",
  "pick.day": "Day",
  "pick.previous": "Previous day",
  "pick.next": "Next day",
  "pick.latest": "Latest day",
  "pick.none": "Choose",
  "class.students": "{n} pupils",
  "class.unknown": "This class was not found. Choose a school and a class.",
  "class.noneTitle": "No classes yet",
  "class.none":
    "Classes appear here once homework, attendance or classroom records have been ingested. Try: xueqing demo",

  "card.load": "Homework load",
  "card.submission": "Submissions",
  "card.attendance": "Attendance",
  "card.week": "Last seven days",
  "card.participation": "Class participation",
  "load.subtitle": "All subjects together, for each pupil that day",
  "submission.subtitle": "Homework set that day, by subject",
  "attendance.subtitle": "All checkpoints of that day",
  "week.subtitle": "Mean minutes against the limit",
  "participation.subtitle": "Lessons of that day, by subject",

  "unit.minutes": "min",
  "load.mean": "Mean for each pupil",
  "load.median": "Median",
  "load.p90": "9 in 10 need at most",
  "load.overShare": "Over the limit (written)",
  "load.limit": "limit {n} min",
  "load.limitZero": "no written homework allowed",
  "load.within": "Within the limit, {n} min to spare",
  "load.over": "{n} min over the limit",
  "load.written": "{share} of pupils have written homework; this grade should have none",
  "load.noWritten": "No written homework, as required",
  "load.unknown": "Cannot be compared with the limit",
  "load.noLimit.senior":
    "Senior grades have no limit in minutes: the rules ask to “arrange reasonably” and give no number, so no line is drawn.",
  "load.noLimit.weekend":
    "Weekends have no limit in minutes: the rules ask to control the total and give no number, so no line is drawn.",
  "load.noLimit.not_school_day":
    "This day has no limit in minutes: on holidays the rules only ask to control the total, or the standard holds no limit for this grade, so no line is drawn.",
  "load.noLimitChip": "No limit in minutes",
  "load.basis":
    "The limit is for written homework only; the total counts every form (written, reading, oral, practical).",
  "load.barLabel": "Mean homework {total} minutes. {verdict}. By subject: {parts}.",
  "load.subject": "Subject",
  "load.minutes": "Minutes",
  "load.share": "Share",
  "load.pieces": "Pieces",
  "load.sources": "Where the minutes come from",
  "load.sourcesText":
    "Of the homework with known minutes, {measured} is measured, {reported} reported by pupils or parents, {estimated} estimated by teachers.",
  "load.coverageText":
    "Coverage {coverage}: the part of expected homework whose minutes are known; unknown minutes are not counted as zero.",

  "submission.rate": "Submission rate",
  "submission.onTime": "On time",
  "submission.submitted": "On time",
  "submission.late": "Late",
  "submission.missing": "Missing",
  "submission.exempt": "Exempt",
  "submission.expected": "Expected",
  "submission.counts":
    "{expected} expected, {submitted} on time, {late} late, {missing} missing, {exempt} exempt",

  "attendance.rate": "Attendance rate",
  "attendance.lateRate": "Late arrivals",
  "attendance.students": "Pupils",
  "attendance.chronic": "Chronic absence",
  "attendance.chronicText": "Pupils absent a tenth or more of the last {days} school days: {n}",
  "attendance.chronicNone": "No pupil was absent a tenth or more of the last {days} school days",
  "attendance.chronicUnknown":
    "The records of the last {days} school days are too few to judge chronic absence",
  "attendance.trend": "Attendance rate, last {days} school days",
  "attendance.trendLabel":
    "Attendance rate of the last {days} school days, {from} to {to}, lowest {low}, highest {high}",

  "week.day": "Day",
  "week.mean": "Mean minutes",
  "week.limit": "Limit",
  "week.none": "no data",
  "week.noLimit": "none",
  "week.label": "Mean homework minutes on each of the last seven days: {parts}",
  "week.part": "{day} {minutes}",
  "week.legendWithin": "Within the limit",
  "week.legendOver": "Over the limit",
  "week.legendNoLimit": "Days without a limit",
  "week.legendLimit": "Limit",

  "participation.rate": "Participation",
  "participation.note": "{acts} acts each",
  "participation.noteCorrect": "{acts} acts each · {rate} correct",
  "participation.acts": "Acts per pupil and lesson",
  "participation.lessons": "Lessons",
  "participation.correct": "Correct answers",
  "participation.label": "Class participation by subject: {parts}",
  "participation.part": "{subject} {rate}",

  "view.chart": "Chart",
  "view.table": "Table",
  "view.toTable": "{card}: show as a table",
  "view.toChart": "{card}: show as a chart",

  "state.loading": "Loading…",
  "state.empty": "Nothing recorded on this day",
  "state.emptyHint": "Choose another day, or go to the latest.",
  "state.suppressed": "Too few pupils to show",
  "state.suppressedHint": "Groups below the minimum size are not published, to protect pupils.",
  "state.retry": "Try again",

  "unit.share": "share",
  "definition.open": "{name}: how it is computed",
  "definition.title": "How it is computed",
  "definition.close": "Close",
  "definition.source": "Source",
  "definition.grain": "Grain",
  "definition.columns": "What each figure means",
  "definition.name": "Metric",
  "definition.figure": "This figure",
  "definition.raw": "Open the data",
  "definition.versions": "Data version",
  "definition.unavailable": "The definitions cannot be read right now.",

  "foot.asOf":
    "Figures follow what comes in as it comes; only data that is safely on disk is shown.",
  "foot.oneFigure":
    "One store, one figure: every number here comes from one published definition – choose its name to read it.",
};
