/*---
title = { zh = "未请假缺勤的阶梯", en = "The ladder of absence without leave" }
unit = "1"
n = "students"
dimensions = ["school", "grade", "class", "student"]
default_by = ["school", "class"]
grain = { zh = "一名学生在一天", en = "one student on one day" }
source = { zh = "控辍保学：未请假缺勤第 1 天班主任联系家庭，第 2 天学校家访，≥ 3 天报教育局（地方规定）：RULES F [F50]", en = "keeping pupils in school: absent without leave, day 1 the class teacher contacts the family, day 2 the school visits, 3 days or more a form goes to the education bureau (local rules): RULES F [F50]" }

[description]
zh = """
只用完整记录到位情况的考勤（recording = all）。未请假缺勤日 = 一天中没有任何一次到场且至少有一次旷课；有记录的日子首尾相接地数，没有记录的日子（周末、假日）不算也不中断。
连续天数截至学生的最后一个记录日，且只算该日就是本班最后一个记录日的学生；其余学生已转走或没有记录，不下判断。
absent = 正处于未请假缺勤中的学生数；day_1、day_2、day_3 = 其中连续 1 天、2 天、3 天以上的学生数；longest_days = 最长连续天数；last_day = 最后一个记录日。
students = 各班最后一个记录日有记录的人数。只有这样的学生的班级才有行；学生（假名）只与班级一起列出。
"""
en = """
Only attendance that records everybody (recording = all). A day of absence without leave is a day without any checkpoint attended and with at least one truant. Recorded days are counted one after the
other; days without a record (weekends, holidays) neither count nor break the run. A run ends on the student's last recorded day, and only students whose last recorded day is also that of their class are judged; the others have moved or are not recorded.
absent = students who are absent without leave now; day_1, day_2, day_3 = those of them for 1 day, 2 days, 3 days or more; longest_days = the longest run; last_day = the last recorded day.
students = students recorded on the last day of their classes. Only groups with such students have a row; students (pseudonyms) are listed together with their class only.
"""

[params]
from = {}
to = {}
school = {}
grade = {}
class = {}

[dimension_titles]
student = { zh = "学生（假名）", en = "Student (pseudonym)" }

[[columns]]
name = "students"
title = { zh = "班级人数", en = "Students of the classes" }
unit = "1"

[[columns]]
name = "absent"
title = { zh = "未请假缺勤的学生", en = "Students absent without leave" }
unit = "1"

[[columns]]
name = "day_1"
title = { zh = "第 1 天", en = "Day 1" }
unit = "1"

[[columns]]
name = "day_2"
title = { zh = "第 2 天", en = "Day 2" }
unit = "1"

[[columns]]
name = "day_3"
title = { zh = "第 3 天及以上", en = "Day 3 and later" }
unit = "1"

[[columns]]
name = "longest_days"
title = { zh = "最长连续天数", en = "Longest run of days" }
unit = "1"

[[columns]]
name = "last_day"
title = { zh = "最后记录日", en = "Last recorded day" }
---*/
WITH recorded AS (
  SELECT
    day AS on_day, school, grade, class, student,
    present + late + early_leave = 0 AND truant > 0 AS no_leave
  FROM student_day AS d
  WHERE present + late + early_leave + sick_leave + personal_leave + official_leave + truant > 0 AND {{filters d}}
),
latest AS (
  SELECT school AS at_school, class AS at_class, max(on_day) AS class_day FROM recorded GROUP BY school, class
),
sizes AS (
  SELECT at_school, at_class, class_day, count(DISTINCT student) AS size
  FROM recorded JOIN latest ON school = at_school AND class = at_class AND on_day = class_day
  GROUP BY at_school, at_class, class_day
),
suspects AS (SELECT DISTINCT school AS of_school, class AS of_class, student AS of_student FROM recorded WHERE no_leave),
histories AS (
  SELECT
    school, class, student, grade, on_day, no_leave,
    max(CASE WHEN NOT no_leave THEN on_day END) OVER (PARTITION BY school, class, student) AS last_there
  FROM recorded JOIN suspects ON school = of_school AND class = of_class AND student = of_student
),
runs AS (
  SELECT
    school, class, student, max(grade) AS grade, max(on_day) AS last_day,
    count(DISTINCT on_day) FILTER (WHERE last_there IS NULL OR on_day > last_there) AS days
  FROM histories
  GROUP BY school, class, student
),
standing AS (
  SELECT r.school, r.grade, r.class, r.student, TRUE AS whole, r.days, r.last_day, z.size, z.at_school, z.at_class
  FROM runs AS r JOIN sizes AS z ON r.school = z.at_school AND r.class = z.at_class AND r.last_day = z.class_day
  WHERE r.days > 0 AND (NOT $by_student OR $by_class)
),
marked AS (
  SELECT standing.*, row_number() OVER (PARTITION BY {{by}} whole, at_school, at_class ORDER BY student) AS place
  FROM standing
),
sums AS (
  SELECT
    {{by}} TRUE AS whole, sum(size) FILTER (WHERE place = 1) AS students, count(*) AS absent,
    count(*) FILTER (WHERE days = 1) AS day_1, count(*) FILTER (WHERE days = 2) AS day_2, count(*) FILTER (WHERE days >= 3) AS day_3,
    max(days) AS longest_days, max(last_day) AS last_day
  FROM marked
  GROUP BY {{by}} TRUE
)
SELECT {{by}} students, absent, day_1, day_2, day_3, longest_days, last_day
FROM sums
ORDER BY {{by}} whole
