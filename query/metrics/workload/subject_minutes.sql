/*---
title = { zh = "各学科作业时长", en = "Homework minutes by subject" }
unit = "min"
n = "students"
dimensions = [
  "day", "week", "month", "term", "region", "county", "school_type", "urban_rural", "area", "public", "school", "stage", "grade", "class", "subject",
]
default_by = ["subject"]
grain = { zh = "一个班级一个学科一天布置的作业", en = "the homework of one subject, one class and one day" }
source = { zh = "监测对象“各校各学科作业量”：JS23 §8(1)；RULES B3 第 4 项（学科占比）", en = "the homework volume of every school and subject: JS23 §8(1); indicator 4 of RULES B3 (share of subjects)" }

[description]
zh = """
minutes_per_student_day = 该学科已知时长之和 ÷ 该组（不分学科）的学生日数；学生日的定义与“每日作业时长”相同，因此同一组内各学科相加恰为每日作业时长的均值。
share = 该学科已知时长 ÷ 该组各学科已知时长之和（不受学科参数影响）。pieces = 布置的作业份数（按班级、学科、日计不同作业）。
coverage = 该学科已知时长的学生作业份数 ÷ 应交份数（按时、迟交、未交）。students = 该组（不分学科）有已知时长的学生数，取最多的一天。
"""
en = """
minutes_per_student_day = known minutes of the subject / student-days of the group over all subjects; a student-day is defined as in "daily homework minutes", so that the subjects of a group add up to its mean exactly.
share = known minutes of the subject / known minutes of all subjects of the group (whatever subject is asked for). pieces = pieces of homework set (different assignments per class, subject and day).
coverage = students' pieces of the subject with known minutes / pieces expected (on time, late or missing). students = students of the group with known minutes in any subject, on the day that has most of them.
"""

[params]
from = {}
to = {}
region = {}
county = {}
school = {}
grade = {}
class = {}
subject = {}

[[columns]]
name = "students"
title = { zh = "学生数（单日最多）", en = "Pupils (most on one day)" }
unit = "1"

[[columns]]
name = "pieces"
title = { zh = "作业份数", en = "Pieces of homework" }
unit = "1"

[[columns]]
name = "minutes_per_student_day"
title = { zh = "人均每日时长", en = "Minutes per student-day" }
unit = "min"

[[columns]]
name = "share"
title = { zh = "学科占比", en = "Share of the subject" }
unit = "share"

[[columns]]
name = "coverage"
---*/
WITH loads AS (
  SELECT
    {{dimensions - subject d}} TRUE AS whole, d.load_students AS students, d.students_by_day,
    d.seconds_measured + d.seconds_reported + d.seconds_estimated AS seconds
  FROM {{load}} AS d
  {{joins d}}
  WHERE {{filters - subject d}}
),
totals AS (
  SELECT {{by - subject}} TRUE AS whole, histogram_most(histogram_sum(students_by_day)) AS students, sum(students) AS student_days, sum(seconds) AS all_seconds
  FROM loads
  WHERE students > 0
  GROUP BY {{by - subject}} TRUE
),
cells AS (
  SELECT
    {{dimensions d}} TRUE AS whole, d.pieces, d.expected,
    d.timed_measured + d.timed_reported + d.timed_estimated AS timed,
    d.seconds_measured + d.seconds_reported + d.seconds_estimated AS seconds
  FROM {{subject_load}} AS d
  {{joins d}}
  WHERE {{filters d}}
),
subjects AS (
  SELECT
    {{by}} TRUE AS whole, sum(pieces) AS pieces, sum(expected) AS expected, sum(timed) AS timed, sum(seconds) AS seconds
  FROM cells
  GROUP BY {{by}} TRUE
)
SELECT
  {{by}}
  COALESCE(students, 0) AS students,
  pieces,
  seconds / 60.0 / NULLIF(student_days, 0) AS minutes_per_student_day,
  CAST(seconds AS DOUBLE) / NULLIF(all_seconds, 0) AS share,
  CAST(timed AS DOUBLE) / NULLIF(expected, 0) AS coverage
FROM subjects LEFT JOIN totals USING ({{by - subject}} whole)
ORDER BY {{by}} whole
