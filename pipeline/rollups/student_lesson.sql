/*---
title.zh = "学生课次"
title.en = "Student lesson"
description.zh = "每名学生每节有互动记录的课：互动次数与其中有对错判定的、判为正确的次数。面向全班的操作没有学生。"
description.en = "Per student and lesson with recorded interaction: the acts, and of them those judged and those judged correct. Acts addressed to the whole class have no student."
from = ["interaction"]
key = ["day", "school", "grade", "class", "subject", "lesson", "student"]
---*/
SELECT
  day, school, grade, class, subject, lesson, student,
  count(*) AS acts,
  count(*) FILTER (WHERE correct IS NOT NULL) AS judged,
  count(*) FILTER (WHERE correct) AS correct
FROM interaction
GROUP BY day, school, grade, class, subject, lesson, student
