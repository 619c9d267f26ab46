/*---
title.zh = "学生学科日"
title.en = "Student subject day"
description.zh = "每名学生每个学科每个上课日：作业的份数。"
description.en = "Per student, subject and school day: the pieces of homework."
from = ["homework"]
key = ["day", "school", "grade", "class", "subject", "student"]
stored = false
---*/
SELECT day, school, grade, class, subject, student, count(*) AS pieces
FROM homework
GROUP BY day, school, grade, class, subject, student
