/*---
title = { zh = "数据来源的节律", en = "The rhythm of the sources" }
unit = "1"
dimensions = ["school", "kind"]
default_by = ["school", "kind"]
grain = { zh = "一所学校一类数据的一天", en = "one day of one kind of data of one school" }
source = { zh = "数据质量：ZJ23 (二)4(1)；覆盖率：RULES B3 第 13 项", en = "data quality: ZJ23 (二)4(1); coverage: RULES B3, item 13" }

[description]
zh = """
来源 = 一所学校的一类数据（homework 作业、attendance 完整记录的考勤、interaction 有学生的课堂互动），数据表不保存是哪家厂商送来的。to 省略时取最近的有数据的一天。
看 to 及之前的 weeks 周（最多 10 周）。rows = 其间的记录条数（作业份数、考勤点次数、互动次数）；last_day = 最后有数据的一天；active_days = 有数据的上学日数；rhythm = active_days ÷ 从窗口起到 last_day 的上学日数，1 表示每个上学日都有；
silent_days = last_day 之后到 to（含）的上学日数；rows_per_day = rows ÷ 有数据的天数。上学日按校历；没有校历时为周一至周五，假期便会显得没有数据。
分组时 sources = 来源数，last_day、silent_days 取最大，其余相加后再求比。窗口内没有数据的来源没有行。
"""
en = """
A source is one kind of data of one school (homework; attendance that records everybody; interaction with a student); the tables do not keep which vendor sent a row. Without to the latest day with data is taken.
What counts is to and the weeks before it (at most 10). rows = records in that time (pieces of homework, checkpoints, acts); last_day = the last day with data; active_days = school days with data; rhythm = active_days / school days from the first of the window to last_day, 1 when there is data on every school day;
silent_days = school days after last_day up to and with to; rows_per_day = rows / days with data. School days are those of the calendar; without one Monday to Friday, and holidays then look silent.
In a group, sources = the number of sources, last_day and silent_days are the largest, the others are added up before they are divided. A source without data in that time has no row.
"""

[params]
to = {}
school = {}
kind = { type = "text", title = { zh = "数据类别", en = "Kind" } }
weeks = { type = "integer", default = 4, title = { zh = "所看的周数", en = "Weeks looked at" } }

[dimension_titles]
kind = { zh = "数据类别", en = "Kind" }

[[columns]]
name = "sources"
title = { zh = "来源数", en = "Sources" }
unit = "1"

[[columns]]
name = "last_day"
title = { zh = "最后有数据的一天", en = "Last day with data" }

[[columns]]
name = "silent_days"
title = { zh = "没有数据的上学日", en = "School days without data" }
unit = "1"

[[columns]]
name = "active_days"
title = { zh = "有数据的上学日", en = "School days with data" }
unit = "1"

[[columns]]
name = "rhythm"
title = { zh = "节律", en = "Rhythm" }
unit = "share"

[[columns]]
name = "rows"
title = { zh = "记录条数", en = "Records" }
unit = "1"

[[columns]]
name = "rows_per_day"
title = { zh = "每天记录条数", en = "Records a day" }
unit = "1"
---*/
WITH bounds AS (
  SELECT last, CAST(CAST(CAST(last AS INT) - 7 * LEAST($weeks, 10) AS INT) AS DATE) AS before
  FROM (SELECT COALESCE($to, max(day)) AS last FROM class_day)
),
digits AS (SELECT column1 AS digit FROM (VALUES (0), (1), (2), (3), (4), (5), (6), (7), (8), (9))),
offsets AS (SELECT tens.digit * 10 + ones.digit AS days_ago FROM digits AS tens CROSS JOIN digits AS ones WHERE tens.digit < 7),
days AS (
  SELECT CAST(CAST(CAST(last AS INT) - days_ago AS INT) AS DATE) AS day, before FROM bounds CROSS JOIN offsets
),
school_days AS (
  SELECT d.day AS school_date
  FROM days AS d
  {{calendar d}}
  WHERE d.day > d.before AND {{school_day d}}
),
counted AS (
  SELECT school, day AS on_day, 'homework' AS kind, sum(homework_expected + homework_exempt) AS records FROM class_day GROUP BY school, day
  UNION ALL
  SELECT school, day, 'attendance', sum(checkpoints) FROM class_day GROUP BY school, day
  UNION ALL
  SELECT school, day, 'interaction', sum(acts) FROM class_day GROUP BY school, day
),
source_days AS (
  SELECT school, kind, on_day, records, school_date IS NOT NULL AS is_school_day
  FROM counted CROSS JOIN bounds LEFT JOIN school_days ON school_date = on_day
  WHERE records > 0 AND on_day > before AND on_day <= last
    AND ($school IS NULL OR school = $school) AND ($kind IS NULL OR kind = $kind)
),
sources AS (
  SELECT
    school, kind, max(on_day) AS last_day, count(*) AS data_days, count(*) FILTER (WHERE is_school_day) AS active_days,
    sum(records) AS records
  FROM source_days
  GROUP BY school, kind
),
judged AS (
  SELECT
    school, kind, TRUE AS whole, last_day, data_days, active_days, records,
    count(*) FILTER (WHERE school_date <= last_day) AS possible_days,
    count(*) FILTER (WHERE school_date > last_day) AS silent_days
  FROM sources CROSS JOIN school_days
  GROUP BY school, kind, last_day, data_days, active_days, records
),
sums AS (
  SELECT
    {{by}} TRUE AS whole, count(*) AS sources, max(last_day) AS last_day, max(silent_days) AS silent_days, sum(active_days) AS active_days,
    sum(possible_days) AS possible_days, sum(records) AS records, sum(data_days) AS data_days
  FROM judged
  GROUP BY {{by}} TRUE
)
SELECT
  {{by}}
  sources, last_day, silent_days, active_days,
  CAST(active_days AS DOUBLE) / NULLIF(possible_days, 0) AS rhythm,
  records AS rows,
  CAST(records AS DOUBLE) / NULLIF(data_days, 0) AS rows_per_day
FROM sums
ORDER BY {{by}} whole
