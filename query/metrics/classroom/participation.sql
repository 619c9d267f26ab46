/*---
title = { zh = "课堂参与", en = "Classroom participation" }
unit = "share"
n = "students"
dimensions = ["day", "week", "month", "school", "grade", "class", "subject"]
default_by = ["subject"]
grain = { zh = "一名在册学生在一节有互动记录的课", en = "one student on the roster in one lesson with recorded interaction" }
source = { zh = "课堂互动工具事件：RULES C11；覆盖面（被叫到的不同学生 ÷ 在册学生）：RULES D [D]", en = "events of interaction tools: RULES C11; reach (different students involved / roster): RULES D [D]" }

[description]
zh = """
lessons = 有互动记录的课（同一课次编号、学校、班级）。acts = 指明学生的互动次数（面向全班的操作不计）。participants = 至少有一次此类互动的不同学生数。
在册学生取学生名册中该班在上课日有效的学生。participation_rate = 有互动的“学生×课” ÷ 在册的“学生×课”；acts_per_student_lesson = 互动次数 ÷ 在册的“学生×课”；
两者只取班级有名册的课，没有名册则为空。answer_correct_rate = 答对次数 ÷ 有对错判定的次数。students = 在册（或参与，取大者）的不同学生数。
只反映互动设备上的行为，不含口头交流，不能用作 S-T 或 FIAS 分析。
"""
en = """
lessons = lessons with recorded interaction (one lesson id, school and class). acts = acts that name a student (acts addressed to the whole class are not counted). participants = different students with at least one.
The roster is the students of the class in the student table on the day of the lesson. participation_rate = student-lessons with an act / student-lessons on the roster; acts_per_student_lesson = acts / student-lessons on the roster;
both over lessons whose class has a roster, empty without one. answer_correct_rate = acts judged correct / acts judged. students = different students on the roster (or taking part, whichever is more).
Only what happens on interactive devices is seen; speech is not, so this is no S-T or FIAS analysis.
"""

[params]
from = {}
to = {}
school = {}
grade = {}
class = {}
subject = {}

[[columns]]
name = "students"

[[columns]]
name = "lessons"
title = { zh = "课次", en = "Lessons" }
unit = "1"

[[columns]]
name = "participants"
title = { zh = "参与学生数", en = "Students taking part" }
unit = "1"

[[columns]]
name = "participation_rate"
title = { zh = "参与率", en = "Participation rate" }
unit = "share"

[[columns]]
name = "acts"
title = { zh = "互动次数", en = "Acts" }
unit = "1"

[[columns]]
name = "acts_per_student_lesson"
title = { zh = "人均每课互动次数", en = "Acts per student and lesson" }
unit = "1"

[[columns]]
name = "answer_correct_rate"
title = { zh = "答对率", en = "Share of correct answers" }
unit = "share"
---*/
WITH held AS (
  SELECT
    day, CAST(date_trunc('week', day) AS DATE) AS week, to_char(day, '%Y-%m') AS month, school, grade, class, subject,
    TRUE AS whole, day AS on_day, school AS in_school, class AS in_class, lesson, student,
    acts, judged, correct
  FROM student_lesson
  WHERE ($from IS NULL OR day >= $from) AND ($to IS NULL OR day <= $to)
    AND ($school IS NULL OR school = $school) AND ($grade IS NULL OR grade = $grade) AND ($class IS NULL OR class = $class)
    AND ($subject IS NULL OR subject = $subject)
),
-- Who was on the roster of which class on which day.
class_days AS (SELECT DISTINCT in_school, in_class, on_day FROM held),
enrolled AS (
  SELECT DISTINCT c.in_school, c.in_class, c.on_day, s.student AS pupil
  FROM class_days AS c JOIN student AS s ON s.school = c.in_school AND s.class = c.in_class
  WHERE COALESCE(s.valid_from <= c.on_day, TRUE) AND COALESCE(c.on_day <= s.valid_to, NOT COALESCE(s.left, FALSE))
),
roster AS (
  SELECT in_school, in_class, on_day, count(*) AS size FROM enrolled GROUP BY in_school, in_class, on_day
),
lessons AS (
  SELECT
    {{by}} TRUE AS whole, in_school, in_class, on_day, lesson,
    count(DISTINCT student) AS taking_part, COALESCE(sum(acts) FILTER (WHERE student IS NOT NULL), 0) AS acts,
    COALESCE(sum(judged) FILTER (WHERE student IS NOT NULL), 0) AS judged,
    COALESCE(sum(correct) FILTER (WHERE student IS NOT NULL), 0) AS correct
  FROM held
  GROUP BY {{by}} TRUE, in_school, in_class, on_day, lesson
),
sums AS (
  SELECT
    {{by}} TRUE AS whole, count(DISTINCT concat_ws(chr(31), in_school, in_class, lesson)) AS lessons,
    sum(acts) AS acts, sum(correct) AS correct, sum(judged) AS judged,
    sum(size) AS student_lessons,
    sum(CASE WHEN size IS NOT NULL THEN taking_part END) AS part_on_roster,
    sum(CASE WHEN size IS NOT NULL THEN acts END) AS acts_on_roster
  FROM lessons LEFT JOIN roster USING (in_school, in_class, on_day)
  GROUP BY {{by}} TRUE
),
named AS (
  SELECT {{by}} TRUE AS whole, count(DISTINCT student) AS participants FROM held GROUP BY {{by}} TRUE
),
pupils AS (
  SELECT {{by}} TRUE AS whole, count(DISTINCT pupil) AS pupils
  FROM lessons JOIN enrolled USING (in_school, in_class, on_day)
  GROUP BY {{by}} TRUE
),
joined AS (
  SELECT
    {{by}} TRUE AS whole, participants, lessons, acts, correct, judged, student_lessons, part_on_roster, acts_on_roster
  FROM sums JOIN named USING ({{by}} whole)
)
SELECT
  {{by}}
  GREATEST(COALESCE(pupils, 0), participants) AS students,
  lessons,
  participants,
  CAST(part_on_roster AS DOUBLE) / student_lessons AS participation_rate,
  acts,
  CAST(acts_on_roster AS DOUBLE) / student_lessons AS acts_per_student_lesson,
  CAST(correct AS DOUBLE) / NULLIF(judged, 0) AS answer_correct_rate
FROM joined LEFT JOIN pupils USING ({{by}} whole)
ORDER BY {{by}} whole
