/*---
title = { zh = "异常缺勤", en = "Unusual absence" }
unit = "share"
n = "students"
dimensions = ["school", "grade", "class"]
default_by = ["school", "class"]
grain = { zh = "一名学生在一天", en = "one student on one day" }
source = { zh = "与本班过去几周相比的贝塔—二项预测概率（Jeffreys 先验）；缺勤日的定义同 attendance/rate", en = "beta-binomial predictive probability against the class's own past weeks (Jeffreys prior); a day of absence as in attendance/rate" }

[description]
zh = """
只用完整记录到位情况的考勤（recording = all）。一天中没有任何一次到场即为缺勤（病假、事假、公假、旷课不分原因）。day 省略时取最近的有数据的一天。
absent、students = 当天缺勤与有记录的学生数；usual_absent、usual_days = 之前 weeks 周（不含当天）同组的缺勤人天与有记录人天；absence_rate、usual_rate 为两者之比。
chance = 若当天与过去相同，缺勤人数达到 absent 或更多的概率：缺勤率取后验 Beta(usual_absent + ½, usual_days − usual_absent + ½)，人数服从贝塔—二项分布，因此基准的抽样误差已计入。
usual_days 少于 min_days 时不判断，chance 为空。学生的缺勤并不相互独立（传染、集体活动），小概率只说明“与平时不同”，不说明原因；班级多时每天都会有少数小概率，判断应同时要求人数。
"""
en = """
Only attendance that records everybody (recording = all). A day without any checkpoint attended is a day of absence (sick, personal, official leave and truancy alike). Without day the latest day with data is taken.
absent, students = students absent, and recorded, on that day; usual_absent, usual_days = student-days absent, and recorded, of the same group in the weeks before it (the day itself left out); absence_rate and usual_rate are their ratios.
chance = how likely so many or more would be absent if the day were like the past: the rate has the posterior Beta(usual_absent + 1/2, usual_days - usual_absent + 1/2) and the number absent is beta-binomial, so that the sampling error of the past is counted in.
With fewer than min_days student-days nothing is judged and chance is empty. Absences are not independent (infection, outings): a small chance says that the day is unlike the past, not why; with many classes a few small chances occur every day, so a number should be asked for as well.
"""

[params]
day = { type = "date", title = { zh = "所看的一天", en = "The day looked at" } }
school = {}
grade = {}
class = {}
weeks = { type = "integer", default = 4, title = { zh = "作为基准的周数", en = "Weeks that it is compared with" } }
min_days = { type = "integer", default = 100, title = { zh = "判断所需的最少人天", en = "Fewest student-days to judge by" } }

[[columns]]
name = "students"

[[columns]]
name = "absent"
title = { zh = "缺勤学生数", en = "Students absent" }
unit = "1"

[[columns]]
name = "absence_rate"
title = { zh = "缺勤率", en = "Absence rate" }
unit = "share"

[[columns]]
name = "usual_days"
title = { zh = "基准人天", en = "Student-days before" }
unit = "1"

[[columns]]
name = "usual_absent"
title = { zh = "基准缺勤人天", en = "Student-days absent before" }
unit = "1"

[[columns]]
name = "usual_rate"
title = { zh = "平时缺勤率", en = "Usual absence rate" }
unit = "share"

[[columns]]
name = "chance"
title = { zh = "偶然出现的概率", en = "Chance of so many" }
unit = "share"
---*/
WITH bounds AS (
  SELECT this_day, CAST(CAST(CAST(this_day AS INT) - 7 * $weeks AS INT) AS DATE) AS first_day
  FROM (
    SELECT COALESCE($day, max(day)) AS this_day
    FROM class_day AS d
    WHERE present + late + early_leave + sick_leave + personal_leave + official_leave + truant > 0 AND {{filters d}}
  )
),
student_days AS (
  SELECT
    school, grade, class, TRUE AS whole, student, day = this_day AS is_this,
    present + late + early_leave AS attended, day AS on_day
  FROM student_day AS d CROSS JOIN bounds
  WHERE day >= first_day AND day <= this_day
    AND present + late + early_leave + sick_leave + personal_leave + official_leave + truant > 0 AND {{filters d}}
),
-- A student in several classes is one student, unless the classes are looked at apart.
once AS (
  SELECT {{by}} TRUE AS whole, student, on_day, is_this, sum(attended) = 0 AS away
  FROM student_days
  GROUP BY {{by}} TRUE, student, on_day, is_this
),
sums AS (
  SELECT
    {{by}} TRUE AS whole,
    count(*) FILTER (WHERE is_this) AS students,
    count(*) FILTER (WHERE is_this AND away) AS absent,
    count(*) FILTER (WHERE NOT is_this) AS usual_days,
    count(*) FILTER (WHERE NOT is_this AND away) AS usual_absent
  FROM once
  GROUP BY {{by}} TRUE
)
SELECT
  {{by}}
  students, absent,
  CAST(absent AS DOUBLE) / NULLIF(students, 0) AS absence_rate,
  usual_days, usual_absent,
  CAST(usual_absent AS DOUBLE) / NULLIF(usual_days, 0) AS usual_rate,
  CASE
    WHEN usual_days >= $min_days THEN beta_binomial_upper(absent, students, usual_absent + 0.5, usual_days - usual_absent + 0.5)
  END AS chance
FROM sums
WHERE students > 0
ORDER BY {{by}} whole
