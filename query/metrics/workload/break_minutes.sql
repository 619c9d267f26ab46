/*---
title = { zh = "周末与假期作业时长", en = "Homework minutes over weekends and holidays" }
unit = "min"
n = "students"
dimensions = [
  "day", "week", "month", "term", "region", "county", "school_type", "urban_rural", "area", "public", "school", "stage", "grade", "class", "break_kind",
]
default_by = ["break_kind"]
grain = { zh = "一名学生在一段休息日（周末、节假日、寒暑假）的已知作业时长之和", en = "one pupil's known homework minutes of one run of free days (weekend, holiday, vacation), added up" }
source = { zh = "十条 2021-04：周末、寒暑假、法定节假日也要控制总量，没有分钟数；指标：RULES B3 第 10 项 [D]", en = "ten articles of 2021-04: the total of weekends, vacations and holidays is to be controlled, without a number; indicator 10 of RULES B3 [D]" }

[description]
zh = """
休息段：两个上学日之间连续的非上学日（校历有该日则以校历为准，否则周六、周日为休息日；调休上学日是上学日）。休息段作业：在其前最后一个上学日布置，或在休息段内布置；
前一上学日当晚完成的部分无法分开。day 为休息段第一天，week、month、term 随之。break_kind：休息段内有寒暑假日为 vacation，否则有法定节假日为 holiday，否则 weekend。
students = 有已知时长的不同学生数；student_breaks = 有已知时长的学生 × 休息段数（休息段内在两所学校或两个年级有作业的，各计一个）；mean_minutes = 时长之和 ÷ student_breaks；median_minutes、p90_minutes：各学生休息段的分钟数向上取整后排序，线性插值（numpy 默认），比不取整的至多高 1 分钟；
minutes_per_free_day = 时长之和 ÷ 各学生休息段天数之和；measured_share、reported_share、estimated_share = 该来源的已知时长份数 ÷ 已知时长份数。coverage = 已知时长份数 ÷ 应交份数。没有分钟上限，故不显示上限。
"""
en = """
Break: a run of days without school between two school days (the calendar decides where it has the day, else Saturday and Sunday are free; a make-up day is a school day). Its homework: set on the last school day before it, or within it;
what is done in the evening of that school day cannot be told apart. day is the first day of the break; week, month and term follow it. break_kind: vacation if the break has a vacation day, else holiday if it has a public holiday, else weekend.
students = different pupils with known minutes; student_breaks = pupils x breaks with known minutes (with work in two schools or grades for one break: one in each); mean_minutes = sum / student_breaks; median_minutes, p90_minutes: of the minutes rounded up, linear interpolation (numpy's default), at most one minute above those of the exact minutes;
minutes_per_free_day = sum / free days of those pupils' breaks; measured_share, reported_share, estimated_share = pieces with known minutes of that source / pieces with known minutes. coverage = pieces with known minutes / pieces expected. There is no limit in minutes, so none is shown.
"""

[params]
from = {}
to = {}
region = {}
county = {}
school = {}
grade = {}
class = {}

# By the first day of the break: each pupil's work of all the days that are for it.
[grains.break_work]
days = "SELECT day, set_on FROM {{breaks n}}"
class = """
WITH days AS (SELECT DISTINCT day FROM student_day),
student_breaks AS (
  SELECT
    b.day, d.school, d.grade, {class} b.break_kind, d.student, max(b.free_days) AS free_days, sum(d.homework_expected) AS expected,
    sum(d.timed_measured) AS measured, sum(d.timed_reported) AS reported, sum(d.timed_estimated) AS estimated,
    sum(d.timed_measured + d.timed_reported + d.timed_estimated) AS pieces,
    sum(d.seconds_measured + d.seconds_reported + d.seconds_estimated) AS seconds
  FROM student_day AS d
  JOIN {{breaks n}} AS b ON b.set_on = d.day
  WHERE d.homework_expected + d.homework_exempt > 0
  GROUP BY b.day, d.school, d.grade, {class} b.break_kind, d.student
)
SELECT
  day, school, grade, {class} break_kind, pupil_set(student, school, grade) FILTER (WHERE pieces > 0) AS pupils,
  count(*) FILTER (WHERE pieces > 0) AS student_breaks, sum(seconds) FILTER (WHERE pieces > 0) AS seconds,
  sum(free_days) FILTER (WHERE pieces > 0) AS free_days, histogram((seconds + 59) / 60) FILTER (WHERE pieces > 0) AS minutes,
  sum(pieces) AS pieces, sum(measured) AS measured, sum(reported) AS reported, sum(estimated) AS estimated, sum(expected) AS expected
FROM student_breaks
GROUP BY {class} day, school, grade, break_kind
"""

[dimension_titles]
break_kind = { zh = "休息段类型", en = "Kind of break" }

[[columns]]
name = "students"
title = { zh = "学生数", en = "Pupils" }
unit = "1"

[[columns]]
name = "student_breaks"
title = { zh = "学生休息段数", en = "Pupils x breaks" }
unit = "1"

[[columns]]
name = "mean_minutes"
title = { zh = "平均时长", en = "Mean minutes" }
unit = "min"

[[columns]]
name = "median_minutes"
title = { zh = "中位时长", en = "Median minutes" }
unit = "min"

[[columns]]
name = "p90_minutes"
title = { zh = "P90 时长", en = "P90 minutes" }
unit = "min"

[[columns]]
name = "minutes_per_free_day"
title = { zh = "每休息日时长", en = "Minutes per free day" }
unit = "min"

[[columns]]
name = "measured_share"

[[columns]]
name = "reported_share"

[[columns]]
name = "estimated_share"

[[columns]]
name = "coverage"
---*/
WITH cells AS (
  SELECT
    {{dimensions d}} TRUE AS whole, d.pupils, d.student_breaks, d.seconds, d.free_days, d.minutes, d.pieces, d.measured, d.reported,
    d.estimated, d.expected
  FROM {{break_work}} AS d
  {{joins d}}
  WHERE {{filters d}}
),
sums AS (
  SELECT
    {{by}} TRUE AS whole, pupils_in(pupils) AS students, sum(student_breaks) AS student_breaks, sum(seconds) AS seconds,
    sum(free_days) AS free_days, histogram_sum(minutes) AS minutes, sum(pieces) AS pieces, sum(measured) AS measured, sum(reported) AS reported,
    sum(estimated) AS estimated, sum(expected) AS expected
  FROM cells
  GROUP BY {{by}} TRUE
)
SELECT
  {{by}}
  students, student_breaks,
  seconds / 60.0 / NULLIF(student_breaks, 0) AS mean_minutes,
  histogram_decile(minutes, 5) AS median_minutes,
  histogram_decile(minutes, 9) AS p90_minutes,
  seconds / 60.0 / NULLIF(free_days, 0) AS minutes_per_free_day,
  CAST(measured AS DOUBLE) / NULLIF(pieces, 0) AS measured_share,
  CAST(reported AS DOUBLE) / NULLIF(pieces, 0) AS reported_share,
  CAST(estimated AS DOUBLE) / NULLIF(pieces, 0) AS estimated_share,
  CAST(pieces AS DOUBLE) / NULLIF(expected, 0) AS coverage
FROM sums
ORDER BY {{by}} whole
