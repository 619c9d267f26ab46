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
student_days = 有写明地点的作业的学生日（同一天在两所学校或两个年级的，各计一个）；all_at_school_share = 当日写明地点的作业全部在校完成的学生日 ÷ student_days。students = 有写明地点的作业的不同学生数。份数与学生日的分母不同，不可互换。
"""
en = """
Only work handed in (on time or late). School and after-school service count as at school. pieces = pieces that say where they were done; at_school_share = done at school / pieces; coverage = pieces / pieces handed in.
student_days = student-days with such pieces (in two schools or grades on one day: one in each); all_at_school_share = student-days of which all such pieces were done at school / student_days. students = different pupils with such pieces. The two denominators differ and cannot be exchanged.
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

# Student-days with work handed in, over all subjects and forms, and of each apart (`of_subject`, `of_form`).
[grains.at_school]
class = """
WITH student_days AS (
  SELECT
    day, school, grade, {class} subject, form, student, grouping(subject) = 0 AS of_subject, grouping(form) = 0 AS of_form,
    count(*) AS handed_in, count(place) AS pieces, count(*) FILTER (WHERE place IN ('school', 'after_school')) AS at_school
  FROM homework
  WHERE status IN ('submitted', 'late')
  GROUP BY GROUPING SETS (
    ({class} day, school, grade, student), ({class} day, school, grade, student, subject), ({class} day, school, grade, student, form),
    ({class} day, school, grade, student, subject, form)
  )
)
SELECT
  day, school, grade, {class} subject, form, of_subject, of_form, pupil_set(student, school, grade) FILTER (WHERE pieces > 0) AS pupils,
  sum(pieces) AS pieces, sum(at_school) AS at_school, count(*) FILTER (WHERE pieces > 0) AS student_days,
  count(*) FILTER (WHERE pieces > 0 AND at_school = pieces) AS all_at_school, sum(handed_in) AS handed_in
FROM student_days
GROUP BY {class} day, school, grade, subject, form, of_subject, of_form
"""

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
WITH cells AS (
  SELECT
    {{dimensions d}} TRUE AS whole, d.pupils, d.pieces, d.at_school, d.student_days, d.all_at_school, d.handed_in
  FROM {{at_school}} AS d
  {{joins d}}
  WHERE d.of_subject = ($by_subject OR $subject IS NOT NULL) AND d.of_form = ($by_form OR $form IS NOT NULL) AND {{filters d}}
),
sums AS (
  SELECT
    {{by}} TRUE AS whole, pupils_in(pupils) AS students, sum(pieces) AS pieces, sum(at_school) AS at_school,
    sum(student_days) AS student_days, sum(all_at_school) AS all_at_school, sum(handed_in) AS handed_in
  FROM cells
  GROUP BY {{by}} TRUE
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
