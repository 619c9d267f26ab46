/*---
title.zh = "学生作业日"
title.en = "Student load day"
description.zh = "每名学生在一个学校、一个年级的每个上课日，不分班级：当天布置的作业及其按来源区分的用时。"
description.en = "Per student, school, grade and school day, whatever the classes: the homework set for that day with its minutes by where they come from."
from = ["student_day"]
key = ["day", "school", "grade", "student"]
stored = false
---*/
SELECT
  day, school, grade, student,
  sum(timed_measured) AS timed_measured,
  sum(timed_reported) AS timed_reported,
  sum(timed_estimated) AS timed_estimated,
  sum(seconds_measured) AS seconds_measured,
  sum(seconds_reported) AS seconds_reported,
  sum(seconds_estimated) AS seconds_estimated,
  sum(written_seconds) AS written_seconds
FROM student_day
GROUP BY day, school, grade, student
