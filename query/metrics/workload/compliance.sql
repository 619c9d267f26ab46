/*---
title = { zh = "作业时长达标率（分母：学生日、班级日）", en = "Homework within the limit (of student-days, class-days)" }
unit = "share"
n = "students"
dimensions = [
  "day", "week", "month", "term", "region", "county", "school_type", "urban_rural", "area", "public", "school", "stage", "grade", "class",
]
default_by = ["school"]
grain = { zh = "一名学生在有上限的一天的书面作业时长（学生日）；一个班级日", en = "one pupil's written homework on a day with a limit (student-day); one class-day" }
source = { zh = "《义务教育阶段学校作业管理十条》2021-04 与“双减”意见 2021-07-24 的书面作业时长上限；指标：RULES B3 第 2 项 [D]", en = "limits of written homework in the ten articles of 2021-04 and the double-reduction opinions of 2021-07-24; indicator 2 of RULES B3 [D]" }

[description]
zh = """
学生日：某学生某日（布置日）至少有一份已知时长的作业，且该年级当日有分钟上限；一二年级、高中、周末与假期没有分钟上限，不计入。时长合计三种来源，来源构成见后三列。
students = 有这样学生日的学生数，取最多的一天；student_days = 学生日数；within_share = 书面时长 ≤ 上限的学生日 ÷ 学生日数（等于上限为达标）。
class_days = 至少有一个这样学生日的班级日；class_days_within_share = 该班当日各学生日书面时长的均值 ≤ 上限的班级日 ÷ class_days（整数秒比较）。
两个分母互不相同，不可互换。多日超限的学生见 workload/pupils_over。
measured_share、reported_share、estimated_share = 该来源的已知时长份数 ÷ 已知时长份数。coverage = 已知时长作业份数 ÷ 应交份数（有上限的日子）；未交、未知时长按缺失处理，不按零。
"""
en = """
Student-day: a pupil has at least one piece with known minutes set on a day on which the grade has a limit in minutes; grades 1 and 2, senior high, weekends and holidays have none and are left out. Minutes of all three sources are added up; the shares tell how they are made up.
students = pupils with such student-days on the day that has most of them; student_days; within_share = student-days whose written minutes are at most the limit / student_days (exactly the limit is within).
class_days = class-days with at least one such student-day; class_days_within_share = class-days whose mean of written minutes over its student-days is at most the limit / class_days (compared in whole seconds).
The two denominators differ and cannot be exchanged. Pupils over the limit on several days: workload/pupils_over.
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

[[columns]]
name = "students"
title = { zh = "学生数（单日最多）", en = "Pupils (most on one day)" }
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
name = "measured_share"

[[columns]]
name = "reported_share"

[[columns]]
name = "estimated_share"

[[columns]]
name = "coverage"
---*/
WITH limited AS (
  SELECT
    {{dimensions d}} TRUE AS whole, d.homework_expected AS expected, d.timed_measured AS measured, d.timed_reported AS reported,
    d.timed_estimated AS estimated, d.load_students, d.students_by_day, d.over_limit, d.load_classes, d.classes_over
  FROM {{load}} AS d
  {{joins d}}
  WHERE d.limit_minutes IS NOT NULL AND d.homework_expected + d.homework_exempt > 0 AND {{filters d}}
),
sums AS (
  SELECT
    {{by}} TRUE AS whole, histogram_most(histogram_sum(students_by_day)) AS students, sum(load_students) AS student_days, sum(over_limit) AS over_limit,
    sum(load_classes) AS class_days, sum(classes_over) AS classes_over, sum(measured) AS measured, sum(reported) AS reported,
    sum(estimated) AS estimated, sum(measured + reported + estimated) AS pieces, sum(expected) AS expected
  FROM limited
  GROUP BY {{by}} TRUE
)
SELECT
  {{by}}
  students, student_days,
  CAST(student_days - over_limit AS DOUBLE) / NULLIF(student_days, 0) AS within_share,
  class_days,
  CAST(class_days - classes_over AS DOUBLE) / NULLIF(class_days, 0) AS class_days_within_share,
  CAST(measured AS DOUBLE) / NULLIF(pieces, 0) AS measured_share,
  CAST(reported AS DOUBLE) / NULLIF(pieces, 0) AS reported_share,
  CAST(estimated AS DOUBLE) / NULLIF(pieces, 0) AS estimated_share,
  CAST(pieces AS DOUBLE) / NULLIF(expected, 0) AS coverage
FROM sums
ORDER BY {{by}} whole
