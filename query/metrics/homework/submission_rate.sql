/*---
title = { zh = "作业提交率", en = "Homework submission rate" }
unit = "share"
n = "students"
dimensions = [
  "day", "week", "month", "term", "region", "county", "school_type", "urban_rural", "area", "public", "school", "stage", "grade", "class", "subject",
]
default_by = ["day"]
grain = { zh = "一名学生的一份作业", en = "one student's piece of homework" }
source = { zh = "作业动态监测：JS23 §8(1)；状态定义见数据标准 homework_statuses", en = "dynamic monitoring of homework: JS23 §8(1); statuses as in the data standard, homework_statuses" }

[description]
zh = """
expected = submitted + late + missing（免交 exempt 另列，不进入分母）。submission_rate = (submitted + late) ÷ expected；on_time_rate = submitted ÷ expected。
日期为布置日。students = 组内同一天同一学科有作业记录的学生数的最大值（不同学生数的下界，用于小组遮蔽）。
"""
en = """
expected = submitted + late + missing (exempt pieces are listed apart and not in the denominator). submission_rate = (submitted + late) / expected; on_time_rate = submitted / expected.
The day is the day of assignment. students = the most students with homework records on one day in one subject of the group (a lower bound of the different students, used for suppression).
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
title = { zh = "学生数（单日单学科最多）", en = "Students (most on one day in one subject)" }
unit = "1"

[[columns]]
name = "expected"
title = { zh = "应交份数", en = "Expected" }
unit = "1"

[[columns]]
name = "submitted"
title = { zh = "按时提交", en = "Submitted on time" }
unit = "1"

[[columns]]
name = "late"
title = { zh = "迟交", en = "Late" }
unit = "1"

[[columns]]
name = "missing"
title = { zh = "未交", en = "Missing" }
unit = "1"

[[columns]]
name = "exempt"
title = { zh = "免交", en = "Exempt" }
unit = "1"

[[columns]]
name = "submission_rate"
title = { zh = "提交率", en = "Submission rate" }
unit = "share"

[[columns]]
name = "on_time_rate"
title = { zh = "按时提交率", en = "On-time rate" }
unit = "share"
---*/
WITH cells AS (
  SELECT
    {{dimensions d}} TRUE AS whole, d.subject AS in_subject,
    d.students_by_day, d.expected, d.submitted, d.late, d.missing, d.exempt
  FROM {{subject_load}} AS d
  {{joins d}}
  WHERE {{filters d}}
),
subjects AS (
  SELECT
    {{by}} TRUE AS whole, in_subject, histogram_most(histogram_sum(students_by_day)) AS students, sum(expected) AS expected, sum(submitted) AS submitted,
    sum(late) AS late, sum(missing) AS missing, sum(exempt) AS exempt
  FROM cells
  GROUP BY {{by}} TRUE, in_subject
),
sums AS (
  SELECT
    {{by}} TRUE AS whole, max(students) AS students, sum(expected) AS expected, sum(submitted) AS submitted, sum(late) AS late,
    sum(missing) AS missing, sum(exempt) AS exempt
  FROM subjects
  GROUP BY {{by}} TRUE
)
SELECT
  {{by}}
  students, expected, submitted, late, missing, exempt,
  CAST(submitted + late AS DOUBLE) / NULLIF(expected, 0) AS submission_rate,
  CAST(submitted AS DOUBLE) / NULLIF(expected, 0) AS on_time_rate
FROM sums
ORDER BY {{by}} whole
