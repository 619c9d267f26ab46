/*---
title = { zh = "每名学生一个学生日的实测时长", en = "One student-day of measured minutes for each pupil" }
unit = "min"
grain = { zh = "时长与是否截断相同的学生", en = "pupils with the same minutes, cut off or not" }
source = { zh = "见 workload/cut_off", en = "see workload/cut_off" }

[description]
zh = "workload/cut_off 的学生日中，每名学生按固定方式抽取一个。"
en = "Of the student-days of workload/cut_off one for each pupil, drawn by a fixed lot."

[params]
from = {}
to = {}
region = {}
county = {}
school_type = {}
urban_rural = {}
area = {}
public = {}
school = {}
stage = {}
grade = {}
class = {}
subject = {}

[[columns]]
name = "minutes"
title = { zh = "实测时长", en = "Measured minutes" }
unit = "min"

[[columns]]
name = "cut_off"
title = { zh = "被截断", en = "Cut off" }

[[columns]]
name = "students"
---*/
WITH student_days AS (
  SELECT
    h.student, h.day, bool_or({{cut_off h}}) AS cut_off,
    sum(CASE WHEN h.minutes_source = 'measured' THEN CAST(round(h.minutes * 60) AS BIGINT) END) AS seconds
  FROM homework AS h
  {{closing h}}
  WHERE {{filters h}}
  GROUP BY h.student, h.day
),
-- The lot: pseudonyms are as good as random, and each day looks at another part of them.
drawn AS (
  SELECT
    cut_off, seconds,
    row_number() OVER (PARTITION BY student ORDER BY substr(student, 1 + CAST(date_part('epoch', day) / 86400 AS BIGINT) % 24, 8), day) AS place
  FROM student_days
  WHERE seconds IS NOT NULL
)
SELECT seconds / 60.0 AS minutes, cut_off, count(*) AS students
FROM drawn
WHERE place = 1
GROUP BY seconds, cut_off
ORDER BY seconds, cut_off
