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
students = 有已知时长的不同学生数；student_breaks = 有已知时长的学生 × 休息段数；mean_minutes = 时长之和 ÷ student_breaks；median_minutes、p90_minutes：线性插值（numpy 默认）；
minutes_per_free_day = 时长之和 ÷ 各学生休息段天数之和；measured_share、reported_share、estimated_share = 该来源的已知时长份数 ÷ 已知时长份数。coverage = 已知时长份数 ÷ 应交份数。没有分钟上限，故不显示上限。
"""
en = """
Break: a run of days without school between two school days (the calendar decides where it has the day, else Saturday and Sunday are free; a make-up day is a school day). Its homework: set on the last school day before it, or within it;
what is done in the evening of that school day cannot be told apart. day is the first day of the break; week, month and term follow it. break_kind: vacation if the break has a vacation day, else holiday if it has a public holiday, else weekend.
students = different pupils with known minutes; student_breaks = pupils x breaks with known minutes; mean_minutes = sum / student_breaks; median_minutes, p90_minutes: linear interpolation (numpy's default);
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
WITH homework_days AS (
  SELECT
    d.day, d.school, d.grade, d.class, d.student, d.homework_expected AS expected,
    d.timed_measured + d.timed_reported + d.timed_estimated AS pieces,
    d.timed_measured AS measured, d.timed_reported AS reported, d.timed_estimated AS estimated,
    d.seconds_measured + d.seconds_reported + d.seconds_estimated AS seconds
  FROM student_day AS d
  WHERE d.homework_expected + d.homework_exempt > 0
),
digits AS (SELECT column1 AS digit FROM (VALUES (0), (1), (2), (3), (4), (5), (6), (7), (8), (9))),
-- The dates up to 99 days around each day with homework.
near AS (
  SELECT h.day AS set_on, CAST(h.day + s.sign * (10 * t.digit + o.digit) AS DATE) AS day
  FROM (SELECT DISTINCT day FROM homework_days) AS h
  CROSS JOIN digits AS t CROSS JOIN digits AS o CROSS JOIN (SELECT column1 AS sign FROM (VALUES (-1), (1))) AS s
),
known AS (
  SELECT n.set_on, n.day, {{school_day n}} AS school_day, dated.day_kind FROM near AS n {{calendar n}}
),
-- The last school day up to the day, and the first after it: what lies between is the break.
ends AS (
  SELECT set_on, max(day) FILTER (WHERE school_day AND day <= set_on) AS last, min(day) FILTER (WHERE school_day AND day > set_on) AS next
  FROM known
  GROUP BY set_on
),
breaks AS (
  SELECT
    e.set_on, CAST(e.last + 1 AS DATE) AS day, count(DISTINCT k.day) AS free_days,
    CASE WHEN bool_or(COALESCE(k.day_kind = 'vacation', FALSE)) THEN 'vacation' WHEN bool_or(COALESCE(k.day_kind = 'holiday', FALSE)) THEN 'holiday' ELSE 'weekend' END AS break_kind
  FROM ends AS e JOIN known AS k ON k.set_on = e.set_on AND k.day > e.last AND k.day < e.next
  GROUP BY e.set_on, e.last
),
set_for AS (
  SELECT b.day, b.free_days, b.break_kind, h.school, h.grade, h.class, h.student, h.expected, h.pieces, h.measured, h.reported, h.estimated, h.seconds
  FROM homework_days AS h JOIN breaks AS b ON b.set_on = h.day
),
student_breaks AS (
  SELECT
    {{dimensions d}} TRUE AS whole, d.student, d.day AS starts, max(d.free_days) AS free_days, sum(d.expected) AS expected, sum(d.pieces) AS pieces,
    sum(d.measured) AS measured, sum(d.reported) AS reported, sum(d.estimated) AS estimated, sum(d.seconds) AS seconds, sum(d.pieces) > 0 AS timed
  FROM set_for AS d
  {{joins d}}
  WHERE {{filters d}}
  GROUP BY {{by}} TRUE, d.student, d.day
),
sums AS (
  SELECT
    {{by}} TRUE AS whole, count(DISTINCT CASE WHEN timed THEN student END) AS students, count(*) FILTER (WHERE timed) AS student_breaks,
    sum(seconds) FILTER (WHERE timed) AS seconds, sum(free_days) FILTER (WHERE timed) AS free_days, decile(seconds, 5) FILTER (WHERE timed) AS median_seconds, decile(seconds, 9) FILTER (WHERE timed) AS p90_seconds,
    sum(pieces) AS pieces, sum(measured) AS measured, sum(reported) AS reported, sum(estimated) AS estimated, sum(expected) AS expected
  FROM student_breaks
  GROUP BY {{by}} TRUE
)
SELECT
  {{by}}
  students, student_breaks,
  seconds / 60.0 / NULLIF(student_breaks, 0) AS mean_minutes,
  median_seconds / 60.0 AS median_minutes,
  p90_seconds / 60.0 AS p90_minutes,
  seconds / 60.0 / NULLIF(free_days, 0) AS minutes_per_free_day,
  CAST(measured AS DOUBLE) / NULLIF(pieces, 0) AS measured_share,
  CAST(reported AS DOUBLE) / NULLIF(pieces, 0) AS reported_share,
  CAST(estimated AS DOUBLE) / NULLIF(pieces, 0) AS estimated_share,
  CAST(pieces AS DOUBLE) / NULLIF(expected, 0) AS coverage
FROM sums
ORDER BY {{by}} whole
