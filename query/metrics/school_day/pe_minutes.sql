/*---
title = { zh = "体育课（分母：班级，按课表）", en = "Physical education (of classes, by the timetable)" }
unit = "min"
dimensions = [
  "region", "county", "school_type", "urban_rural", "area", "public", "school", "stage", "grade", "class",
]
default_by = ["school"]
grain = { zh = "一个班级一周的课表", en = "the timetable of one class's week" }
source = { zh = "体育课每周：一二年级 4 节、三至九年级 3 节、高中 2 节 [F16]；指标：RULES B3 第 18 项 [D]", en = "PE lessons a week: 4 in grades 1–2, 3 in grades 3–9, 2 in senior high [F16]; indicator 18 of RULES B3 [D]" }

[description]
zh = """
课程表（timetable）中参数 on 当日（默认最近的校历日）有效的课。classes = 有课表的班级数；pe_lessons、pe_minutes = 每班每周体育课节数与分钟数的均值；daily_minutes = pe_minutes ÷ 有课的星期数（每班各自）的均值；
required_lessons = 代码集 pe_lessons 规定节数的均值；short_classes、short_share = 节数少于规定的班级及其 ÷ 有规定的班级。“每天体育活动不少于 2 小时”[F15] 还含大课间与课后活动，课表看不到。没有学生的数值，故不遮蔽。
"""
en = """
Lessons of the timetable in force on the parameter on (by default the calendar's latest day). classes = classes with a timetable; pe_lessons, pe_minutes = mean of PE lessons and minutes of a class's week; daily_minutes = mean over classes of minutes / weekdays with lessons;
required_lessons = mean of the lessons asked by code set pe_lessons; short_classes, short_share = classes with fewer and their share of classes with a number. "Two hours of sport a day" [F15] has breaks and after-school activity in it, which no timetable shows. There are no pupils' values here, so nothing is suppressed.
"""

[params]
region = {}
county = {}
school = {}
grade = {}
class = {}
on = { type = "date", title = { zh = "何日的安排", en = "Plans in force on" } }

[[columns]]
name = "classes"

[[columns]]
name = "pe_lessons"
title = { zh = "每周体育课节数", en = "PE lessons a week" }
unit = "1"

[[columns]]
name = "pe_minutes"
title = { zh = "每周体育课分钟", en = "PE minutes a week" }
unit = "min"

[[columns]]
name = "daily_minutes"
title = { zh = "日均体育课分钟", en = "PE minutes a day" }
unit = "min"

[[columns]]
name = "required_lessons"
title = { zh = "规定节数", en = "Lessons asked" }
unit = "1"

[[columns]]
name = "short_classes"
title = { zh = "节数不足班级数", en = "Classes with fewer" }
unit = "1"

[[columns]]
name = "short_share"
title = { zh = "节数不足占比", en = "Share of classes with fewer" }
unit = "share"
---*/
WITH asked AS (SELECT COALESCE($on, (SELECT max(date) FROM calendar)) AS day),
weeks AS (
  SELECT
    a.day, t.school, t.grade, t.class, count(DISTINCT t.weekday) AS weekdays, count(*) FILTER (WHERE t.subject = 'pe') AS lessons,
    COALESCE(sum(CASE WHEN t.subject = 'pe' THEN CAST(substr(t.ends, 1, 2) AS BIGINT) * 60 + CAST(substr(t.ends, 4, 2) AS BIGINT) - CAST(substr(t.starts, 1, 2) AS BIGINT) * 60 - CAST(substr(t.starts, 4, 2) AS BIGINT) END), 0) AS minutes
  FROM timetable AS t CROSS JOIN asked AS a
  WHERE COALESCE(t.valid_from <= a.day, TRUE) AND COALESCE(a.day <= t.valid_to, TRUE)
  GROUP BY a.day, t.school, t.grade, t.class
),
placed AS (
  SELECT {{dimensions d}} TRUE AS whole, d.weekdays, d.lessons, d.minutes, CAST(r.lessons AS BIGINT) AS required
  FROM weeks AS d
  LEFT JOIN code_pe_lessons AS r ON r.code = d.grade AND COALESCE(r.valid_from <= d.day, TRUE) AND COALESCE(d.day <= r.valid_to, TRUE)
  {{joins d}}
  WHERE {{filters d}}
)
SELECT
  {{by}}
  count(*) AS classes, avg(lessons) AS pe_lessons, avg(minutes) AS pe_minutes, avg(CAST(minutes AS DOUBLE) / weekdays) AS daily_minutes,
  avg(required) AS required_lessons, count(*) FILTER (WHERE lessons < required) AS short_classes,
  CAST(count(*) FILTER (WHERE lessons < required) AS DOUBLE) / NULLIF(count(required), 0) AS short_share
FROM placed
GROUP BY {{by}} TRUE
ORDER BY {{by}} TRUE
