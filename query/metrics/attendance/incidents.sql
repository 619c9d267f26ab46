/*---
title = { zh = "考勤事件", en = "Attendance incidents" }
unit = "1"
dimensions = ["day", "month", "school", "grade", "class", "incident"]
default_by = ["incident"]
grain = { zh = "一条考勤事件记录", en = "one recorded incident" }
source = { zh = "电子班牌与考勤终端的事件记录：RULES C9；事件代码见数据标准 incidents", en = "records of class boards and attendance terminals: RULES C9; codes as in the data standard, incidents" }

[description]
zh = """
incidents = 填有事件代码的考勤记录数（同一学生、同一天、同一地点、同一时段只算最新一条）。students = 涉及的不同学生数。
事件是例外记录，没有分母，不能换算为率。
"""
en = """
incidents = attendance records that carry an incident code (of one student, day, place and period the latest record counts). students = different students concerned.
Incidents are exceptions without a denominator and cannot be turned into a rate.
"""

[params]
from = {}
to = {}
term = {}
school = {}
grade = {}
class = {}
incident = {}

[[columns]]
name = "incidents"
title = { zh = "事件数", en = "Incidents" }
unit = "1"

[[columns]]
name = "students"
---*/
WITH records AS (
  SELECT day, to_char(day, '%Y-%m') AS month, school, grade, class, incident, TRUE AS whole, student
  FROM attendance
  WHERE incident IS NOT NULL
    AND ($from IS NULL OR day >= $from) AND ($to IS NULL OR day <= $to) AND ($term IS NULL OR term = $term)
    AND ($school IS NULL OR school = $school) AND ($grade IS NULL OR grade = $grade) AND ($class IS NULL OR class = $class)
    AND ($incident IS NULL OR incident = $incident)
),
sums AS (
  SELECT {{by}} TRUE AS whole, count(*) AS incidents, count(DISTINCT student) AS students
  FROM records
  GROUP BY {{by}} TRUE
)
SELECT {{by}} incidents, students
FROM sums
ORDER BY {{by}} whole
