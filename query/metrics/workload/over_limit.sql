/*---
title = { zh = "超标预警：班级日均值超限", en = "Class-days whose mean is over the limit" }
unit = "1"
n = "students"
dimensions = [
  "day", "week", "month", "term", "region", "county", "school_type", "urban_rural", "area", "public", "school", "stage", "grade", "class", "subject",
]
default_by = ["school", "grade", "subject"]
grain = { zh = "一个书面作业均值超限的班级日", en = "one class-day whose mean of written minutes is over the limit" }
source = { zh = "《义务教育阶段学校作业管理十条》2021-04 与“双减”意见 2021-07-24 的书面作业时长上限；指标：RULES B3 第 3 项 [D]", en = "limits of written homework in the ten articles of 2021-04 and the double-reduction opinions of 2021-07-24; indicator 3 of RULES B3 [D]" }

[description]
zh = """
班级日：某班某日（布置日）至少一名学生有已知时长，且该年级当日有分钟上限。超限：当日有已知时长的学生的书面时长均值 > 上限。只列出至少有一个超限班级日的组。
按学科分组时只看该学科有书面时长的班级日。students = 一个超限班级日中有已知时长的学生数的最大值（用于小组遮蔽）。
class_days = 班级日数；class_days_over = 超限班级日数；over_share = class_days_over ÷ class_days。
mean_minutes = 超限班级日全部学科书面时长之和 ÷ 其学生日数；subject_minutes = 其中本组学科的书面时长之和 ÷ 学生日数；subject_share = 本组学科书面时长 ÷ 全部学科书面时长。
measured_share、reported_share、estimated_share、coverage：超限班级日全部作业已知时长份数的来源构成，及已知时长份数 ÷ 应交份数。
"""
en = """
Class-day: at least one pupil of the class has known minutes of work set that day, and the grade has a limit in minutes that day. Over: the mean of the written minutes of the pupils with known minutes is above the limit. Only groups with a class-day over the limit are listed.
By subject, only class-days on which the subject has written minutes are looked at. students = the most pupils with known minutes on one class-day over the limit (used for suppression).
class_days; class_days_over; over_share = class_days_over / class_days.
mean_minutes = written minutes of all subjects on the class-days over the limit / their student-days; subject_minutes = those of the group's subjects / student-days; subject_share = written minutes of the group's subjects / those of all subjects.
measured_share, reported_share, estimated_share, coverage: of all homework of the class-days over the limit, pieces with known minutes by source / pieces with known minutes, and these / pieces expected.
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
title = { zh = "学生数（单班单日最多）", en = "Pupils (most of a class on a day)" }
unit = "1"

[[columns]]
name = "class_days"

[[columns]]
name = "class_days_over"
title = { zh = "超限班级日数", en = "Class-days over the limit" }
unit = "1"

[[columns]]
name = "over_share"
title = { zh = "超限班级日占比", en = "Share of class-days over" }
unit = "share"

[[columns]]
name = "mean_minutes"
title = { zh = "超限日人均书面时长", en = "Written minutes on those days" }
unit = "min"

[[columns]]
name = "subject_minutes"
title = { zh = "其中本学科", en = "Of these, the subject's" }
unit = "min"

[[columns]]
name = "subject_share"
title = { zh = "本学科占比", en = "Share of the subject" }
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
WITH cells AS (
  SELECT
    {{dimensions d}} TRUE AS whole, d.class_days, d.class_days_over, d.class_sizes, d.student_days, d.seconds, d.subject_seconds,
    d.measured, d.reported, d.estimated, d.expected
  FROM {{over_limit}} AS d
  {{joins d}}
  WHERE (d.subject IS NOT NULL) = ($by_subject OR $subject IS NOT NULL) AND {{filters d}}
),
sums AS (
  SELECT
    {{by}} TRUE AS whole, CAST(histogram_decile(histogram_sum(class_sizes), 10) AS BIGINT) AS students, sum(class_days) AS class_days,
    sum(class_days_over) AS class_days_over, sum(student_days) AS student_days, sum(seconds) AS seconds, sum(subject_seconds) AS written_seconds,
    sum(measured) AS measured, sum(reported) AS reported, sum(estimated) AS estimated, sum(expected) AS expected
  FROM cells
  GROUP BY {{by}} TRUE
)
SELECT
  {{by}}
  students, class_days, class_days_over,
  CAST(class_days_over AS DOUBLE) / class_days AS over_share,
  seconds / 60.0 / student_days AS mean_minutes,
  written_seconds / 60.0 / student_days AS subject_minutes,
  CAST(written_seconds AS DOUBLE) / NULLIF(seconds, 0) AS subject_share,
  CAST(measured AS DOUBLE) / NULLIF(measured + reported + estimated, 0) AS measured_share,
  CAST(reported AS DOUBLE) / NULLIF(measured + reported + estimated, 0) AS reported_share,
  CAST(estimated AS DOUBLE) / NULLIF(measured + reported + estimated, 0) AS estimated_share,
  CAST(measured + reported + estimated AS DOUBLE) / NULLIF(expected, 0) AS coverage
FROM sums
WHERE class_days_over > 0
ORDER BY {{by}} whole
