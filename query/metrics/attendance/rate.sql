/*---
title = { zh = "出勤率与长期缺勤", en = "Attendance and chronic absence" }
unit = "share"
n = "students"
dimensions = ["day", "week", "month", "school", "grade", "class"]
default_by = ["day"]
grain = { zh = "一名学生在一个考勤点；长期缺勤按学生计", en = "one student at one checkpoint; chronic absence per student" }
source = { zh = "长期缺勤 ≥ 10 %（含），不分原因：RULES F [F49]；考勤状态：RULES C9", en = "chronic absence of 10 % or more of the days, whatever the reason: RULES F [F49]; statuses: RULES C9" }

[description]
zh = """
只用完整记录到位情况的考勤（recording = all）；只记异常的来源不能得出出勤率。checkpoints = 状态已知的考勤点次数（不详不计）。
present = 到场次数（正常、迟到、早退）。attendance_rate = present ÷ checkpoints。late_rate = 迟到次数 ÷ checkpoints。
出勤率会掩盖长期缺勤，故并列：一天中没有任何一次到场即为缺勤日（病假、事假、公假、旷课不分原因）；
chronic_students = 组内记录天数 ≥ min_days 且 缺勤日 × 10 ≥ 记录天数 的学生数（整数比较，含 10 %）；
judged_students = 记录天数 ≥ min_days 的学生数；chronic_absence_share = chronic_students ÷ judged_students。按日、按周分组时天数通常不足，值为空。
"""
en = """
Only attendance that records everybody (recording = all); sources that note exceptions alone give no rate. checkpoints = student checkpoints with a known status (unknown ones are not counted).
present = times there (on time, late or left early). attendance_rate = present / checkpoints. late_rate = times late / checkpoints.
A rate hides chronic absence, so both are given: a day without any checkpoint attended is a day of absence (sick, personal, official leave and truancy alike);
chronic_students = students of the group with at least min_days recorded days and days of absence x 10 >= recorded days (whole numbers, 10 % included);
judged_students = students with at least min_days recorded days; chronic_absence_share = chronic_students / judged_students. Grouped by day or week there are too few days as a rule and the share is empty.
"""

[params]
from = {}
to = {}
school = {}
grade = {}
class = {}
min_days = { type = "integer", default = 10, title = { zh = "判定长期缺勤所需的最少记录天数", en = "Fewest recorded days to judge chronic absence" } }

[[columns]]
name = "students"

[[columns]]
name = "checkpoints"
title = { zh = "考勤点次数", en = "Checkpoints" }
unit = "1"

[[columns]]
name = "present"
title = { zh = "到场次数（含迟到、早退）", en = "Times there (late and left early included)" }
unit = "1"

[[columns]]
name = "attendance_rate"
title = { zh = "出勤率", en = "Attendance rate" }
unit = "share"

[[columns]]
name = "late_rate"
title = { zh = "迟到率", en = "Lateness rate" }
unit = "share"

[[columns]]
name = "judged_students"
title = { zh = "可判定学生数", en = "Students with enough days" }
unit = "1"

[[columns]]
name = "chronic_students"
title = { zh = "长期缺勤学生数", en = "Chronically absent students" }
unit = "1"

[[columns]]
name = "chronic_absence_share"
title = { zh = "长期缺勤占比", en = "Share chronically absent" }
unit = "share"
---*/
WITH recorded AS (
  SELECT
    day, CAST(date_trunc('week', day) AS DATE) AS week, to_char(day, '%Y-%m') AS month, school, grade, class,
    TRUE AS whole, day AS on_day, student, late,
    present + late + early_leave AS attended,
    present + late + early_leave + sick_leave + personal_leave + official_leave + truant AS known
  FROM student_day
  WHERE ($from IS NULL OR day >= $from) AND ($to IS NULL OR day <= $to)
    AND ($school IS NULL OR school = $school) AND ($grade IS NULL OR grade = $grade) AND ($class IS NULL OR class = $class)
),
student_days AS (
  SELECT {{by}} TRUE AS whole, student, on_day, sum(known) AS known, sum(attended) AS attended, sum(late) AS late
  FROM recorded
  WHERE known > 0
  GROUP BY {{by}} TRUE, student, on_day
),
students AS (
  SELECT
    {{by}} TRUE AS whole, student, count(*) AS days, count(*) FILTER (WHERE attended = 0) AS absent_days,
    sum(known) AS known, sum(attended) AS attended, sum(late) AS late
  FROM student_days
  GROUP BY {{by}} TRUE, student
),
sums AS (
  SELECT
    {{by}} TRUE AS whole, count(*) AS students, sum(known) AS checkpoints, sum(attended) AS present, sum(late) AS late,
    count(*) FILTER (WHERE days >= $min_days) AS judged_students,
    count(*) FILTER (WHERE days >= $min_days AND absent_days * 10 >= days) AS chronic_students
  FROM students
  GROUP BY {{by}} TRUE
)
SELECT
  {{by}}
  students, checkpoints, present,
  CAST(present AS DOUBLE) / checkpoints AS attendance_rate,
  CAST(late AS DOUBLE) / checkpoints AS late_rate,
  judged_students, chronic_students,
  CAST(chronic_students AS DOUBLE) / NULLIF(judged_students, 0) AS chronic_absence_share
FROM sums
ORDER BY {{by}} whole
