/*---
title = { zh = "校内完成率（分母：作业份数、学生日）", en = "Homework done at school (of pieces, of student-days)" }
unit = "share"
n = "students"
dimensions = [
  "day", "week", "month", "term", "region", "county", "school_type", "urban_rural", "area", "public", "school", "stage", "grade", "class", "subject", "form",
]
default_by = ["stage"]
grain = { zh = "一名学生交来的一份作业；一个学生日", en = "one pupil's piece of homework that was handed in; one student-day" }
source = { zh = "小学生基本在校内完成、初中生大部分在校内完成书面作业，2021 [F10]；指标：RULES B3 第 8 项 [D]", en = "primary pupils finish written homework basically at school, junior pupils most of it, 2021 [F10]; indicator 8 of RULES B3 [D]" }

[description]
zh = """
只计交来（按时、迟交）的作业。完成地点为校内或课后服务视为在校完成。pieces = 写明完成地点的份数；at_school_share = 在校完成 ÷ pieces；coverage = pieces ÷ 交来的份数。
student_days = 有写明地点的作业的学生日；all_at_school_share = 当日写明地点的作业全部在校完成的学生日 ÷ student_days。students = 有写明地点的作业的不同学生数。份数与学生日的分母不同，不可互换。
"""
en = """
Only work handed in (on time or late). School and after-school service count as at school. pieces = pieces that say where they were done; at_school_share = done at school / pieces; coverage = pieces / pieces handed in.
student_days = student-days with such pieces; all_at_school_share = student-days of which all such pieces were done at school / student_days. students = different pupils with such pieces. The two denominators differ and cannot be exchanged.
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
form = {}

[[columns]]
name = "students"
title = { zh = "学生数", en = "Pupils" }
unit = "1"

[[columns]]
name = "pieces"
title = { zh = "份数", en = "Pieces" }
unit = "1"

[[columns]]
name = "at_school_share"
title = { zh = "校内完成份数占比", en = "Share of pieces done at school" }
unit = "share"

[[columns]]
name = "student_days"

[[columns]]
name = "all_at_school_share"
title = { zh = "全部校内完成学生日占比", en = "Share of student-days all at school" }
unit = "share"

[[columns]]
name = "coverage"
title = { zh = "地点覆盖率", en = "Coverage of places" }
unit = "share"
---*/
WITH pieces AS (
  SELECT {{dimensions h}} TRUE AS whole, h.student, h.day AS on_day, h.place, h.place IN ('school', 'after_school') AS at_school
  FROM homework AS h
  {{joins h}}
  WHERE h.status IN ('submitted', 'late') AND {{filters h}}
),
student_days AS (
  SELECT {{by}} whole, student, on_day, count(*) AS handed_in, count(place) AS pieces, count(*) FILTER (WHERE at_school) AS at_school
  FROM pieces
  GROUP BY {{by}} whole, student, on_day
),
sums AS (
  SELECT
    {{by}} whole, count(DISTINCT CASE WHEN pieces > 0 THEN student END) AS students, sum(pieces) AS pieces, sum(at_school) AS at_school,
    count(*) FILTER (WHERE pieces > 0) AS student_days, count(*) FILTER (WHERE pieces > 0 AND at_school = pieces) AS all_at_school, sum(handed_in) AS handed_in
  FROM student_days
  GROUP BY {{by}} whole
)
SELECT
  {{by}}
  students, pieces,
  CAST(at_school AS DOUBLE) / NULLIF(pieces, 0) AS at_school_share,
  student_days,
  CAST(all_at_school AS DOUBLE) / NULLIF(student_days, 0) AS all_at_school_share,
  CAST(pieces AS DOUBLE) / NULLIF(handed_in, 0) AS coverage
FROM sums
ORDER BY {{by}} whole
