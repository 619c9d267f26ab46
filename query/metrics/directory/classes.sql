/*---
title = { zh = "班级名录", en = "Directory of classes" }
unit = "1"
grain = { zh = "一个班级", en = "one class" }
source = { zh = "学校、班级、学生参考表与班级日汇总", en = "the reference tables of schools, classes and students, and the class-day rollup" }

[description]
zh = """
列出班级表、学生名册或日汇总中出现过的每个班级。latest_day = 该班有作业、完整考勤或课堂互动数据的最近一天（仅限日汇总）。
students = 名册中在 latest_day 有效的学生数（没有 latest_day 时取名册中未离校者）；没有名册的班级取 latest_day 当天有记录的学生数。
"""
en = """
Every class that the class table, the student roster or the daily rollup knows. latest_day = the latest day with homework, complete attendance or classroom data of the class (as in the daily rollup).
students = students on the roster on latest_day (without a latest_day: those on the roster who have not left); classes without a roster: students with a record on latest_day.
"""

[params]
school = {}
grade = {}
class = {}

[[columns]]
name = "school"
title = { zh = "学校代码", en = "School code" }

[[columns]]
name = "school_name"
title = { zh = "学校", en = "School" }

[[columns]]
name = "class"
title = { zh = "班级", en = "Class" }

[[columns]]
name = "class_name"
title = { zh = "班级名称", en = "Class name" }

[[columns]]
name = "grade"
title = { zh = "年级代码", en = "Grade code" }

[[columns]]
name = "students"

[[columns]]
name = "latest_day"
title = { zh = "最近数据日", en = "Latest day with data" }
---*/
WITH seen AS (
  SELECT
    school AS in_school, class AS in_class, max(day) AS latest_day,
    first_value(grade ORDER BY day DESC, grade) AS seen_grade,
    first_value(students ORDER BY day DESC, grade) AS seen_students
  FROM class_day
  GROUP BY school, class
),
roster AS (
  SELECT s.school AS in_school, s.class AS in_class, max(s.grade) AS roster_grade, count(DISTINCT s.student) AS roster_students
  FROM student AS s LEFT JOIN seen ON s.school = in_school AND s.class = in_class
  WHERE COALESCE(s.valid_from <= latest_day, TRUE) AND COALESCE(latest_day <= s.valid_to, NOT COALESCE(s.left, FALSE))
  GROUP BY s.school, s.class
),
listed AS (SELECT school AS in_school, class AS in_class, name AS class_name, grade AS listed_grade FROM class),
known AS (
  SELECT in_school, in_class FROM seen
  UNION SELECT in_school, in_class FROM roster
  UNION SELECT in_school, in_class FROM listed
),
joined AS (
  SELECT
    k.in_school AS school, s.name AS school_name, k.in_class AS class, l.class_name,
    COALESCE(l.listed_grade, r.roster_grade, d.seen_grade) AS grade,
    COALESCE(r.roster_students, d.seen_students, 0) AS students, d.latest_day
  FROM known AS k
  LEFT JOIN listed AS l ON l.in_school = k.in_school AND l.in_class = k.in_class
  LEFT JOIN roster AS r ON r.in_school = k.in_school AND r.in_class = k.in_class
  LEFT JOIN seen AS d ON d.in_school = k.in_school AND d.in_class = k.in_class
  LEFT JOIN school AS s ON s.school = k.in_school
)
SELECT school, school_name, class, class_name, grade, students, latest_day
FROM joined
WHERE ($school IS NULL OR school = $school) AND ($grade IS NULL OR grade = $grade) AND ($class IS NULL OR class = $class)
ORDER BY school, grade, class
