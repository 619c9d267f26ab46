/*---
title = { zh = "被系统关闭截断的实测时长", en = "Measured minutes cut off by the closing time" }
unit = "share"
n = "students"
dimensions = [
  "day", "week", "month", "term", "region", "county", "school_type", "urban_rural", "area", "public", "school", "stage", "grade", "class", "subject",
]
default_by = ["stage"]
grain = { zh = "一名学生在一天内的实测作业时长之和（一个学生日）", en = "one pupil's measured homework minutes of one day, added up (a student-day)" }
source = { zh = "右截断的已知问题：RULES B2（“作业熔断” [F17]）；估计方法：Kaplan & Meier 1958", en = "known problem of right-censored minutes: RULES B2 (\"作业熔断\" [F17]); method of the estimate: Kaplan & Meier 1958" }

[description]
zh = """
作业系统在作息安排（day_plan 的 homework_closes，按学校、年级、星期）写明的时间关闭。学生日：有实测时长的学生日。被截断：该日有关闭时间，且至少一份作业未交，或至少一份实测作业在布置当天的关闭时间或之后提交；此时记录的时长只是下限。
同一天在两所学校或两个年级有作业的学生，各处各计一个学生日。student_days；closing_days = 有关闭时间的学生日；cut_off_days = 被截断的学生日；cut_off_share = cut_off_days ÷ closing_days；recorded_minutes = 全部学生日记录时长的均值，有截断时偏小。students = 有实测时长的不同学生数。按 subject 分组时只看该学科。
若系统不关闭会用多久，由 GET /v1/policy/censored 估计：每名学生按固定方式抽取一个学生日（同一学生的多日并不独立），被截断的记为“至少”，用 Kaplan–Meier 法给出（限制）均值、中位数、P90 及区间；这是估计，不是指标。
"""
en = """
The homework system closes at the time that the school-day plan says (homework_closes of day_plan, by school, grade and weekday). Student-day: one with measured minutes. Cut off: that day has a closing time, and at least one piece was not handed in, or at least one measured piece was handed in at or after the closing time of the day on which it was set; the minutes recorded are then a lower bound.
Work in two schools or grades on one day is a student-day in each. student_days; closing_days = student-days with a closing time; cut_off_days = those cut off; cut_off_share = cut_off_days / closing_days; recorded_minutes = mean of the minutes recorded over all student-days, too small where some are cut off. students = different pupils with measured minutes. Grouped by subject: of that subject alone.
How long it would take if the system did not close is estimated by GET /v1/policy/censored: one student-day of each pupil, drawn by a fixed lot (several days of one pupil are not independent), those cut off taken as "at least", and Kaplan & Meier's restricted mean, median and P90 with intervals; that is an estimate, not a figure.
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

# Student-days with measured minutes, over all subjects and of each apart (`of_subject`).
[grains.measured_day]
class = """
WITH pieces AS (
  SELECT
    h.day, h.school, h.grade, h.class, h.subject, h.student, closing.homework_closes IS NOT NULL AS closes, {{cut_off h}} AS cut_off,
    CASE WHEN h.minutes_source = 'measured' THEN CAST(round(h.minutes * 60) AS BIGINT) END AS seconds
  FROM homework AS h
  {{closing h}}
),
student_days AS (
  SELECT
    day, school, grade, {class} subject, student, grouping(subject) = 0 AS of_subject, bool_or(closes) AS closes, bool_or(cut_off) AS cut_off,
    sum(seconds) AS seconds
  FROM pieces
  GROUP BY GROUPING SETS (({class} day, school, grade, student), ({class} day, school, grade, student, subject))
)
SELECT
  day, school, grade, {class} subject, of_subject, pupil_set(student, school, grade) AS pupils, count(*) AS student_days,
  count(*) FILTER (WHERE closes) AS closing_days, count(*) FILTER (WHERE cut_off) AS cut_off_days, sum(seconds) AS seconds
FROM student_days
WHERE seconds IS NOT NULL
GROUP BY {class} day, school, grade, subject, of_subject
"""

[[columns]]
name = "students"

[[columns]]
name = "student_days"

[[columns]]
name = "closing_days"
title = { zh = "有关闭时间的学生日", en = "Student-days with a closing time" }
unit = "1"

[[columns]]
name = "cut_off_days"
title = { zh = "被截断的学生日", en = "Student-days cut off" }
unit = "1"

[[columns]]
name = "cut_off_share"
title = { zh = "被截断占比", en = "Share cut off" }
unit = "share"

[[columns]]
name = "recorded_minutes"
title = { zh = "记录的实测时长均值", en = "Mean of measured minutes as recorded" }
unit = "min"
---*/
WITH cells AS (
  SELECT {{dimensions d}} TRUE AS whole, d.pupils, d.student_days, d.closing_days, d.cut_off_days, d.seconds
  FROM {{measured_day}} AS d
  {{joins d}}
  WHERE d.of_subject = ($by_subject OR $subject IS NOT NULL) AND {{filters d}}
),
sums AS (
  SELECT
    {{by}} TRUE AS whole, pupils_in(pupils) AS students, sum(student_days) AS student_days, sum(closing_days) AS closing_days,
    sum(cut_off_days) AS cut_off_days, sum(seconds) AS seconds
  FROM cells
  GROUP BY {{by}} TRUE
)
SELECT
  {{by}}
  students, student_days, closing_days, cut_off_days,
  CAST(cut_off_days AS DOUBLE) / NULLIF(closing_days, 0) AS cut_off_share,
  seconds / 60.0 / NULLIF(student_days, 0) AS recorded_minutes
FROM sums
ORDER BY {{by}} whole
