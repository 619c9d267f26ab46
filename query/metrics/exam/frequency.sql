/*---
title = { zh = "每学期考试次数（2025 年口径：面向一个年级全体学生）", en = "Exams per term (by the definition of 2025: for all pupils of a grade)" }
unit = "1"
dimensions = [
  "day", "month", "term", "region", "county", "school_type", "urban_rural", "area", "public", "school", "stage", "grade", "subject",
]
default_by = ["term", "grade"]
grain = { zh = "一所学校一个年级一个学科一个学期里的一次考试", en = "one exam of a school, grade, subject and term" }
source = { zh = "2021-08-30 与 2025-12-17 考试管理通知（文号未核实 [K]）[F8][F9]；指标：RULES B3 第 14 项 [D]", en = "notices on exams of 2021-08-30 and 2025-12-17 (numbers unverified [K]) [F8][F9]; indicator 14 of RULES B3 [D]" }

[description]
zh = """
考试：面向全年级学生、检验阶段学习的考试；中考（graduation）、平时成绩（usual）与总评（overall）不是考试。依据两处记录，同一学校、年级、学科、考试编号只计一次：
考试安排（exam_plan）中未写明“不是全年级”的；成绩（assessment）中该年级当日有效的每个登记行政班都有成绩记录（任何状态）的；登记中没有该年级的班级时（如已升级），有一个班级的成绩即可。
units = 学校 × 年级 × 学科 × 学期数（限有考试的）；exams = 考试次数；mean_exams = exams ÷ units；most_exams = 一个单位的最多次数。
allowed：代码集 exam_limits 该年级每学期的期末加期中次数；高中没有次数。units_over、units_over_share = 次数超过 allowed 的单位及其 ÷ 有 allowed 的单位。planned_only = 只有安排没有成绩的；unregistered = 写明未备案的；joint = 联考次数。没有成绩数值，故不遮蔽。毕业年级模考在总复习阶段另有规定，这里照计。
"""
en = """
Exam: held for all pupils of a grade to check what was learnt; graduation exams, usual marks and overall marks are none. From two records, counted once for a school, grade, subject and exam:
those of the exam calendar (exam_plan) that are not said to be for less than the grade; and those whose results (assessment, any status) come from every registered administrative class of the grade in force on the day; where the register has no class of the grade (it has moved up since), one class will do.
units = school x grade x subject x term with an exam; exams; mean_exams = exams / units; most_exams = the most of one unit.
allowed: finals and mid-terms per term of the grade in code set exam_limits; senior high has no number. units_over, units_over_share = units with more exams than allowed and their share of units with a number. planned_only = exams with a plan and no results; unregistered = those said not to be registered; joint = joint exams. There are no marks in it, so nothing is suppressed. Mock exams of graduating grades have a rule of their own in the general review; here they count.
"""

[params]
from = {}
to = {}
region = {}
county = {}
school = {}
grade = {}
subject = {}

[[columns]]
name = "units"
title = { zh = "学校年级学科学期数", en = "Units" }
unit = "1"

[[columns]]
name = "exams"
title = { zh = "考试次数", en = "Exams" }
unit = "1"

[[columns]]
name = "mean_exams"
title = { zh = "平均次数", en = "Exams per unit" }
unit = "1"

[[columns]]
name = "most_exams"
title = { zh = "最多次数", en = "Most of one unit" }
unit = "1"

[[columns]]
name = "units_over"
title = { zh = "超次单位数", en = "Units over the number" }
unit = "1"

[[columns]]
name = "units_over_share"
title = { zh = "超次单位占比", en = "Share of units over" }
unit = "share"

[[columns]]
name = "planned_only"
title = { zh = "仅有安排", en = "Planned, no results" }
unit = "1"

[[columns]]
name = "unregistered"
title = { zh = "未备案", en = "Not registered" }
unit = "1"

[[columns]]
name = "joint"
title = { zh = "联考", en = "Joint exams" }
unit = "1"
---*/
WITH sat AS (
  SELECT exam, max(exam_kind) AS exam_kind, subject, school, grade, min(day) AS day, count(DISTINCT class) AS classes
  FROM assessment
  WHERE COALESCE(item, '') = '' AND grade IS NOT NULL AND subject <> 'total'
  GROUP BY exam, subject, school, grade
),
-- The grade's classes in the register on the day.
classes AS (
  SELECT s.exam, s.subject, s.school, s.grade, count(DISTINCT c.class) AS classes
  FROM sat AS s
  JOIN class AS c ON c.school = s.school AND c.grade = s.grade
  WHERE COALESCE(c.valid_from <= s.day, TRUE) AND COALESCE(s.day <= c.valid_to, TRUE) AND COALESCE(c.class_kind, '1') = '1'
  GROUP BY s.exam, s.subject, s.school, s.grade
),
found AS (
  SELECT s.exam, s.exam_kind, s.subject, s.school, s.grade, s.day, FALSE AS planned, CAST(NULL AS BOOLEAN) AS registered
  FROM sat AS s
  LEFT JOIN classes AS c ON c.exam = s.exam AND c.subject = s.subject AND c.school = s.school AND c.grade = s.grade
  WHERE s.classes >= COALESCE(c.classes, 1)
  UNION ALL
  SELECT exam, exam_kind, subject, school, grade, day, TRUE AS planned, registered FROM exam_plan WHERE COALESCE(whole_grade, TRUE)
),
exams AS (
  SELECT
    exam, subject, school, grade, min(day) AS day, max(exam_kind) AS exam_kind, bool_and(planned) AS planned_only,
    COALESCE(bool_or(NOT registered), FALSE) AS unregistered
  FROM found
  WHERE exam_kind IS NULL OR exam_kind NOT IN ('usual', 'overall', 'graduation')
  GROUP BY exam, subject, school, grade
),
placed AS (SELECT e.*, {{term_of e}} AS in_term FROM exams AS e {{termed e}}),
judged AS (
  SELECT {{dimensions e}} TRUE AS whole, e.school AS in_school, e.grade AS in_grade, e.subject AS in_subject, e.in_term,
    CAST(l.final AS BIGINT) + CAST(l.midterm AS BIGINT) AS allowed, e.planned_only, e.unregistered, e.exam_kind = 'joint' AS joint
  FROM placed AS e
  LEFT JOIN code_exam_limits AS l ON l.code = e.grade AND COALESCE(l.valid_from <= e.day, TRUE) AND COALESCE(e.day <= l.valid_to, TRUE)
  {{joins e}}
  WHERE {{filters e}}
),
units AS (
  SELECT
    {{by}} TRUE AS whole, in_school, in_grade, in_subject, in_term, count(*) AS exams, max(allowed) AS allowed, count(*) FILTER (WHERE planned_only) AS planned_only,
    count(*) FILTER (WHERE unregistered) AS unregistered, count(*) FILTER (WHERE joint) AS joint
  FROM judged
  GROUP BY {{by}} TRUE, in_school, in_grade, in_subject, in_term
),
sums AS (
  SELECT
    {{by}} TRUE AS whole, count(*) AS units, sum(exams) AS exams, max(exams) AS most_exams, count(*) FILTER (WHERE exams > allowed) AS units_over,
    count(allowed) AS limited, sum(planned_only) AS planned_only, sum(unregistered) AS unregistered, sum(joint) AS joint
  FROM units
  GROUP BY {{by}} TRUE
)
SELECT
  {{by}}
  units, exams, CAST(exams AS DOUBLE) / units AS mean_exams, most_exams, units_over,
  CAST(units_over AS DOUBLE) / NULLIF(limited, 0) AS units_over_share,
  planned_only, unregistered, joint
FROM sums
ORDER BY {{by}} whole
