/*---
title = { zh = "作业时长达标率（分母：学生日、班级日、学生）", en = "Homework within the limit (of student-days, class-days, pupils)" }
unit = "share"
n = "students"
dimensions = [
  "day", "week", "month", "term", "region", "county", "school_type", "urban_rural", "area", "public", "school", "stage", "grade", "class",
]
default_by = ["school"]
grain = { zh = "一名学生在有上限的一天的书面作业时长（学生日）；一个班级日；一名学生", en = "one pupil's written homework on a day with a limit (student-day); one class-day; one pupil" }
source = { zh = "《义务教育阶段学校作业管理十条》2021-04 与“双减”意见 2021-07-24 的书面作业时长上限；指标：RULES B3 第 2 项 [D]", en = "limits of written homework in the ten articles of 2021-04 and the double-reduction opinions of 2021-07-24; indicator 2 of RULES B3 [D]" }

[description]
zh = """
学生日：某学生某日（布置日）至少有一份已知时长的作业，且该年级当日有分钟上限；一二年级、高中、周末与假期没有分钟上限，不计入。时长合计三种来源，来源构成见后三列。
students = 有这样学生日的不同学生数；student_days = 学生日数；within_share = 书面时长 ≤ 上限的学生日 ÷ 学生日数（等于上限为达标）。
class_days = 至少有一个这样学生日的班级日；class_days_within_share = 该班当日各学生日书面时长的均值 ≤ 上限的班级日 ÷ class_days（整数秒比较）。
students_over = 超限天数 ≥ days 的学生数；students_over_share = students_over ÷ students。三个分母互不相同，不可互换。
measured_share、reported_share、estimated_share = 该来源的已知时长份数 ÷ 已知时长份数。coverage = 已知时长作业份数 ÷ 应交份数（有上限的日子）；未交、未知时长按缺失处理，不按零。
"""
en = """
Student-day: a pupil has at least one piece with known minutes set on a day on which the grade has a limit in minutes; grades 1 and 2, senior high, weekends and holidays have none and are left out. Minutes of all three sources are added up; the shares tell how they are made up.
students = different pupils with such student-days; student_days; within_share = student-days whose written minutes are at most the limit / student_days (exactly the limit is within).
class_days = class-days with at least one such student-day; class_days_within_share = class-days whose mean of written minutes over its student-days is at most the limit / class_days (compared in whole seconds).
students_over = pupils over the limit on at least `days` days; students_over_share = students_over / students. The three denominators differ and cannot be exchanged.
measured_share, reported_share, estimated_share = pieces with known minutes of that source / pieces with known minutes. coverage = pieces with known minutes / pieces expected, on days with a limit; work not handed in and unknown minutes are missing, not zero.
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

[[columns]]
name = "students"
title = { zh = "学生数", en = "Pupils" }
unit = "1"

[[columns]]
name = "student_days"

[[columns]]
name = "within_share"
title = { zh = "达标学生日占比", en = "Share of student-days within" }
unit = "share"

[[columns]]
name = "class_days"

[[columns]]
name = "class_days_within_share"
title = { zh = "达标班级日占比", en = "Share of class-days within" }
unit = "share"

[[columns]]
name = "students_over"
title = { zh = "多日超限学生数", en = "Pupils over on several days" }
unit = "1"

[[columns]]
name = "students_over_share"
title = { zh = "多日超限学生占比", en = "Share of pupils over on several days" }
unit = "share"

[[columns]]
name = "measured_share"

[[columns]]
name = "reported_share"

[[columns]]
name = "estimated_share"

[[columns]]
name = "coverage"
---*/
WITH pupil_days AS (
  SELECT
    {{dimensions d}} TRUE AS whole, d.student, d.day AS on_day, d.school AS in_school, d.class AS in_class, d.homework_expected AS expected,
    d.timed_measured + d.timed_reported + d.timed_estimated AS pieces, d.timed_measured AS measured, d.timed_reported AS reported,
    d.timed_estimated AS estimated, d.written_seconds, {{minute_limit_seconds d}} AS limit_seconds
  FROM student_day AS d
  {{limits d}}
  {{joins d}}
  WHERE d.homework_expected + d.homework_exempt > 0 AND {{filters d}}
),
limited AS (SELECT * FROM pupil_days WHERE limit_seconds IS NOT NULL),
-- A student in several classes has one value, unless the classes are looked at apart.
student_days AS (
  SELECT
    {{by}} whole, student, on_day, sum(expected) AS expected, sum(pieces) AS pieces, sum(measured) AS measured, sum(reported) AS reported, sum(estimated) AS estimated,
    sum(written_seconds) > max(limit_seconds) AS over_limit
  FROM limited
  GROUP BY {{by}} whole, student, on_day
),
pupils AS (
  SELECT
    {{by}} whole, student, count(*) FILTER (WHERE pieces > 0) AS days, count(*) FILTER (WHERE pieces > 0 AND over_limit) AS days_over,
    sum(expected) AS expected, sum(pieces) AS pieces, sum(measured) AS measured, sum(reported) AS reported, sum(estimated) AS estimated
  FROM student_days
  GROUP BY {{by}} whole, student
),
class_days AS (
  SELECT {{by}} whole, on_day, in_school, in_class, sum(written_seconds) <= max(limit_seconds) * count(*) AS within_limit
  FROM limited
  WHERE pieces > 0
  GROUP BY {{by}} whole, on_day, in_school, in_class
),
class_sums AS (
  SELECT {{by}} whole, count(*) AS class_days, count(*) FILTER (WHERE within_limit) AS class_days_within
  FROM class_days
  GROUP BY {{by}} whole
),
sums AS (
  SELECT
    {{by}} whole, count(*) FILTER (WHERE days > 0) AS students, sum(days) AS student_days, sum(days_over) AS days_over,
    count(*) FILTER (WHERE days_over >= $days) AS students_over, sum(pieces) AS pieces,
    sum(measured) AS measured, sum(reported) AS reported, sum(estimated) AS estimated, sum(expected) AS expected
  FROM pupils
  GROUP BY {{by}} whole
)
SELECT
  {{by}}
  students, student_days,
  CAST(student_days - days_over AS DOUBLE) / NULLIF(student_days, 0) AS within_share,
  COALESCE(class_days, 0) AS class_days,
  CAST(class_days_within AS DOUBLE) / NULLIF(class_days, 0) AS class_days_within_share,
  students_over,
  CAST(students_over AS DOUBLE) / NULLIF(students, 0) AS students_over_share,
  CAST(measured AS DOUBLE) / NULLIF(pieces, 0) AS measured_share,
  CAST(reported AS DOUBLE) / NULLIF(pieces, 0) AS reported_share,
  CAST(estimated AS DOUBLE) / NULLIF(pieces, 0) AS estimated_share,
  CAST(pieces AS DOUBLE) / NULLIF(expected, 0) AS coverage
FROM sums LEFT JOIN class_sums USING ({{by}} whole)
ORDER BY {{by}} whole
