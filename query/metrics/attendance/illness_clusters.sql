/*---
title = { zh = "病假聚集", en = "Illness clusters" }
unit = "1"
n = "students"
dimensions = ["day", "school", "grade", "class", "symptom_group"]
default_by = ["day", "school", "class", "symptom_group"]
grain = { zh = "一名学生在一天的病假，按症状类别", en = "one student on sick leave on one day, by group of symptoms" }
source = { zh = "同一班级 1 天内 3 例或连续 3 天内 5 例以上症状相似的病例须在 24 小时内报告：RULES F [F52]；症状登记：WS/T 772-2020 [F54]", en = "3 cases in one class in 1 day, or 5 in 3 consecutive days, with similar symptoms are to be reported within 24 hours: RULES F [F52]; registered symptoms: WS/T 772-2020 [F54]" }

[description]
zh = """
病例 = 请病假的学生，不分来源和记录方式；同一学生在所算的一天或三天里只算一例。symptom_group 按登记的文字归类（代码集 symptom_groups），
一条登记可归入几类；有文字而不属任何一类为 other，没有登记为 unstated。day 为所算的最后一天，三天指连续三个日历日。
cases_1_day = 任一天的病例数之最大值；cases_3_days = 任何连续三天的病例数之最大值。students = 有病例的各班的人数之和
（名册人数与班级日汇总人数取大者）。
"""
en = """
A case is a student on sick leave, from any source and way of recording; within the day or the three days a student counts once. symptom_group sorts the registered
words (code set symptom_groups); one entry may belong to several groups; words that fit none are other, no words at all unstated. day is the last day looked at; three days are calendar days in a row.
cases_1_day = the most cases of any one day; cases_3_days = the most cases of any three days in a row. students = students of the classes with cases
(the larger of roster and class day).
"""

[params]
from = {}
to = {}
school = {}
grade = {}
class = {}

[dimension_titles]
symptom_group = { zh = "症状类别", en = "Group of symptoms" }

[[columns]]
name = "students"
title = { zh = "班级人数", en = "Students of the classes" }
unit = "1"

[[columns]]
name = "cases_1_day"
title = { zh = "一天的病例", en = "Cases in one day" }
unit = "1"

[[columns]]
name = "cases_3_days"
title = { zh = "连续三天的病例", en = "Cases in three days" }
unit = "1"
---*/
WITH bounds AS (SELECT COALESCE($to, (SELECT max(day) FROM attendance)) AS last_day),
sick AS (
  SELECT DISTINCT a.day AS on_day, a.school, a.grade, a.class, a.student, COALESCE(trim(a.symptom), '') AS symptom
  FROM attendance AS a
  WHERE a.status = 'sick_leave'
    AND ($from IS NULL OR a.day >= $from - INTERVAL '2 days') AND {{filters - from a}}
),
sizes AS (
  SELECT at_school, at_class, max(size) AS size
  FROM (
    SELECT school AS at_school, class AS at_class, max(students) AS size
    FROM class_day
    WHERE ($from IS NULL OR day >= $from - INTERVAL '2 days') AND ($to IS NULL OR day <= $to)
    GROUP BY school, class
    UNION ALL
    SELECT school, class, count(DISTINCT student) FROM student WHERE NOT COALESCE(left, FALSE) GROUP BY school, class
  )
  GROUP BY at_school, at_class
),
grouped AS (
  SELECT s.*, z.size, COALESCE(g.code, CASE WHEN s.symptom = '' THEN 'unstated' ELSE 'other' END) AS symptom_group
  FROM sick AS s
  LEFT JOIN code_symptom_groups AS g ON regexp_like(s.symptom, g.pattern)
  LEFT JOIN sizes AS z ON z.at_school = s.school AND z.at_class = s.class
),
-- A case counts on its day and on the two after it.
spread AS (
  SELECT
    CAST(on_day + column1 AS DATE) AS day, on_day, school, grade, class, symptom_group, TRUE AS whole, student, size,
    school AS at_school, class AS at_class
  FROM grouped CROSS JOIN (VALUES (INTERVAL '0 days'), (INTERVAL '1 days'), (INTERVAL '2 days'))
),
marked AS (
  SELECT
    spread.*,
    row_number() OVER (PARTITION BY {{by - day}} whole, day, at_school, at_class ORDER BY student, on_day) AS place
  FROM spread CROSS JOIN bounds
  WHERE day <= last_day AND ($from IS NULL OR day >= $from)
),
windows AS (
  SELECT
    {{by - day}} TRUE AS whole, day,
    count(DISTINCT CASE WHEN on_day = day THEN student END) AS cases_1_day,
    count(DISTINCT student) AS cases_3_days,
    sum(size) FILTER (WHERE place = 1) AS students
  FROM marked
  GROUP BY {{by - day}} TRUE, day
),
sums AS (
  SELECT {{by}} TRUE AS whole, max(students) AS students, max(cases_1_day) AS cases_1_day, max(cases_3_days) AS cases_3_days
  FROM windows
  GROUP BY {{by}} TRUE
)
SELECT {{by}} students, cases_1_day, cases_3_days
FROM sums
ORDER BY {{by}} whole
