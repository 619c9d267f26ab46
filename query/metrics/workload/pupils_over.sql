/*---
title = { zh = "多日超限的学生（分母：学生）", en = "Pupils over the limit on several days (of pupils)" }
unit = "share"
n = "students"
dimensions = [
  "week", "month", "term", "region", "county", "school_type", "urban_rural", "area", "public", "school", "stage", "grade", "class",
]
default_by = ["school"]
grain = { zh = "一名学生", en = "one pupil" }
source = { zh = "《义务教育阶段学校作业管理十条》2021-04 与“双减”意见 2021-07-24 的书面作业时长上限；指标：RULES B3 第 2 项 [D]", en = "limits of written homework in the ten articles of 2021-04 and the double-reduction opinions of 2021-07-24; indicator 2 of RULES B3 [D]" }

[description]
zh = """
学生日：某学生某日（布置日）至少有一份已知时长的作业，且该年级当日有分钟上限（与 workload/compliance 相同）。
students = 有这样学生日的不同学生数；students_over = 书面时长超限的天数 ≥ days 的学生数；students_over_share = students_over ÷ students。
同一天在两所学校或两个年级有作业的学生，各处分别判断。days 小于 1 时按 1 计。coverage = 已知时长作业份数 ÷ 应交份数（有上限的日子）。
"""
en = """
Student-day: a pupil has at least one piece with known minutes set on a day on which the grade has a limit in minutes, as in workload/compliance.
students = different pupils with such student-days; students_over = pupils whose written minutes are over the limit on at least `days` days; students_over_share = students_over / students.
Work in two schools or grades on one day is judged in each. `days` below 1 is 1. coverage = pieces with known minutes / pieces expected, on days with a limit.
"""

[params]
from = {}
to = {}
region = {}
county = {}
school = {}
grade = {}
class = {}
days = { type = "integer", default = 3, title = { zh = "至少超限几天", en = "Over the limit on at least so many days" } }

# Days with a limit in minutes: pupils with known minutes and those whose written minutes are over it. A pupil of several classes of a grade has one value, unless classes are looked at.
[grains.pupil_load]
class = """
WITH pupil_days AS (
  SELECT
    d.day, d.school, d.grade, {class} d.student, sum(d.homework_expected) AS expected,
    sum(d.timed_measured + d.timed_reported + d.timed_estimated) AS pieces, sum(d.written_seconds) > max({{minute_limit_seconds d}}) AS over_limit
  FROM student_day AS d
  {{limits d}}
  WHERE {{minute_limit_seconds d}} IS NOT NULL AND d.homework_expected + d.homework_exempt > 0
  GROUP BY d.day, d.school, d.grade, {class} d.student
)
SELECT
  day, school, grade, {class} pupil_set(student, school, grade) FILTER (WHERE pieces > 0) AS known,
  pupil_set(student, school, grade) FILTER (WHERE pieces > 0 AND over_limit) AS over, sum(pieces) AS pieces, sum(expected) AS expected
FROM pupil_days
GROUP BY {class} day, school, grade
"""

[[columns]]
name = "students"
title = { zh = "学生数", en = "Pupils" }
unit = "1"

[[columns]]
name = "students_over"
title = { zh = "多日超限学生数", en = "Pupils over on several days" }
unit = "1"

[[columns]]
name = "students_over_share"
title = { zh = "多日超限学生占比", en = "Share of pupils over on several days" }
unit = "share"

[[columns]]
name = "coverage"
---*/
WITH loads AS (
  SELECT {{dimensions d}} TRUE AS whole, d.day AS on_day, d.known, d.over, d.expected, d.pieces
  FROM {{pupil_load}} AS d
  {{joins d}}
  WHERE {{filters d}}
),
sums AS (
  SELECT
    {{by}} TRUE AS whole, pupils_in(known) AS students, pupils_on_days(on_day, over, $days) AS students_over,
    sum(pieces) AS pieces, sum(expected) AS expected
  FROM loads
  GROUP BY {{by}} TRUE
)
SELECT
  {{by}}
  students, students_over,
  CAST(students_over AS DOUBLE) / NULLIF(students, 0) AS students_over_share,
  CAST(pieces AS DOUBLE) / NULLIF(expected, 0) AS coverage
FROM sums
ORDER BY {{by}} whole
