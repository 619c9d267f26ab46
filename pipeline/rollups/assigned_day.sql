/*---
title.zh = "布置日"
title.en = "Homework set"
description.zh = "每份布置且未撤回的作业：由谁、给哪个班、教师预计的秒数（没有预计为零）。"
description.en = "Per piece of homework set and not withdrawn: by whom, for which class, and the seconds that the teacher estimates (zero for no estimate)."
from = ["assignment"]
key = ["day", "school", "grade", "class", "subject", "teacher", "layer", "assignment"]
---*/
SELECT
  day, school, grade, class, subject, teacher, layer, assignment,
  count(*) AS pieces,
  sum(CAST(round(estimated_minutes * 60) AS BIGINT)) AS estimated_seconds
FROM assignment
WHERE NOT COALESCE(withdrawn, FALSE)
GROUP BY day, school, grade, class, subject, teacher, layer, assignment
