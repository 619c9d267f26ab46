/*---
title = { zh = "深夜提交（分母：有提交时间的作业份数、学生）", en = "Work handed in after bedtime (of pieces with a time, of pupils)" }
unit = "share"
n = "students"
dimensions = [
  "day", "week", "month", "term", "region", "county", "school_type", "urban_rural", "area", "public", "school", "stage", "grade", "class", "subject",
]
default_by = ["stage"]
grain = { zh = "一名学生交来的一份作业", en = "one pupil's piece of homework that was handed in" }
source = { zh = "教基厅函〔2021〕11号（文件号未核实 [K]）：就寝不晚于小学 21:20、初中 22:00、高中 23:00 [F10]；指标：RULES B3 第 12 项 [D]", en = "2021-03-30 notice on sleep (number unverified [K]): to bed by 21:20 in primary, 22:00 in junior and 23:00 in senior schools [F10]; indicator 12 of RULES B3 [D]" }

[description]
zh = """
按学段的就寝时间（代码集 bedtimes）。深夜提交：学区当地时间晚于就寝时间（等于不算），或早于次日 morning（默认 05:00，跨过午夜）。pieces = 交来且有提交时间的份数；late_pieces、late_share = 深夜提交的份数及其 ÷ pieces；
students = 有提交时间的不同学生数；students_late、students_late_share = 至少一次深夜提交的学生数及其 ÷ students；coverage = pieces ÷ 交来的份数。日期为布置日。系统关闭提交（如 20:00）后没有更晚的记录，该比例会偏低。
"""
en = """
Bedtime by stage (code set bedtimes). After bedtime: later than it by the district's clock (exactly at it is not), or before `morning` (05:00 unless said: past midnight). pieces = pieces handed in with a time; late_pieces, late_share = those after bedtime and their share of pieces;
students = different pupils with such a time; students_late, students_late_share = pupils with at least one piece after bedtime and their share of students; coverage = pieces / pieces handed in. The day is that of assignment. Where a system closes (say at 20:00) nothing later is recorded and the share comes out too low.
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
morning = { type = "text", default = "05:00", title = { zh = "夜间到几点为止", en = "Night ends at" } }

# Work handed in, with the pupils whose time is known and those who were late: over all subjects, and of each apart (`of_subject`).
[grains.late_night]
class = """
WITH handed_in AS (
  SELECT
    h.day, h.school, h.grade, h.class, h.subject, h.student, h.submitted_at, g.stage AS in_stage,
    CAST(h.submitted_at AT TIME ZONE {{timezone}} AS TIME) AS clock
  FROM homework AS h
  JOIN code_grades AS g ON g.code = h.grade
  WHERE h.status IN ('submitted', 'late')
),
pieces AS (
  SELECT h.*, b.time IS NOT NULL AND h.submitted_at IS NOT NULL AS timed, h.clock > CAST(b.time || ':00' AS TIME) OR h.clock < CAST($morning || ':00' AS TIME) AS late
  FROM handed_in AS h
  LEFT JOIN code_bedtimes AS b ON b.code = h.in_stage AND COALESCE(b.valid_from <= h.day, TRUE) AND COALESCE(h.day <= b.valid_to, TRUE)
)
SELECT
  day, school, grade, {class} subject, grouping(subject) = 0 AS of_subject, pupil_set(student, school, grade) FILTER (WHERE timed) AS pupils,
  pupil_set(student, school, grade) FILTER (WHERE timed AND late) AS pupils_late, count(*) FILTER (WHERE timed) AS pieces,
  count(*) FILTER (WHERE timed AND late) AS late_pieces, count(*) AS handed_in
FROM pieces
GROUP BY GROUPING SETS (({class} day, school, grade), ({class} day, school, grade, subject))
"""

[[columns]]
name = "students"
title = { zh = "学生数", en = "Pupils" }
unit = "1"

[[columns]]
name = "pieces"
title = { zh = "有时间的份数", en = "Pieces with a time" }
unit = "1"

[[columns]]
name = "late_pieces"
title = { zh = "深夜提交份数", en = "Pieces after bedtime" }
unit = "1"

[[columns]]
name = "late_share"
title = { zh = "深夜提交占比", en = "Share of pieces after bedtime" }
unit = "share"

[[columns]]
name = "students_late"
title = { zh = "深夜提交学生数", en = "Pupils after bedtime" }
unit = "1"

[[columns]]
name = "students_late_share"
title = { zh = "深夜提交学生占比", en = "Share of pupils after bedtime" }
unit = "share"

[[columns]]
name = "coverage"
title = { zh = "提交时间覆盖率", en = "Coverage of times" }
unit = "share"
---*/
WITH cells AS (
  SELECT {{dimensions d}} TRUE AS whole, d.pupils, d.pupils_late, d.pieces, d.late_pieces, d.handed_in
  FROM {{late_night}} AS d
  {{joins d}}
  WHERE d.of_subject = ($by_subject OR $subject IS NOT NULL) AND {{filters d}}
),
sums AS (
  SELECT
    {{by}} TRUE AS whole, pupils_in(pupils) AS students, pupils_in(pupils_late) AS students_late,
    sum(pieces) AS pieces, sum(late_pieces) AS late_pieces, sum(handed_in) AS handed_in
  FROM cells
  GROUP BY {{by}} TRUE
)
SELECT
  {{by}}
  students, pieces, late_pieces,
  CAST(late_pieces AS DOUBLE) / NULLIF(pieces, 0) AS late_share,
  students_late,
  CAST(students_late AS DOUBLE) / NULLIF(students, 0) AS students_late_share,
  CAST(pieces AS DOUBLE) / NULLIF(handed_in, 0) AS coverage
FROM sums
ORDER BY {{by}} whole
