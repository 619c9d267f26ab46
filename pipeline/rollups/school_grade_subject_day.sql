/*---
title.zh = "学校年级学科日"
title.en = "School grade subject day"
description.zh = "每个学校每个年级每个学科每个上课日：有记录的学生数（一名学生在几个班有记录即计几次）、布置的作业、完成情况、按来源区分的用时。"
description.en = "Per grade of a school, subject and school day: the students with a record, counted in each of their classes, the pieces of homework set, what became of them, and their minutes by where they come from."
from = ["class_subject_day"]
key = ["day", "school", "grade", "subject"]
---*/
SELECT
  day, school, grade, subject,
  sum(students) AS students,
  sum(pieces) AS pieces,
  sum(expected) AS expected,
  sum(submitted) AS submitted,
  sum(late) AS late,
  sum(missing) AS missing,
  sum(exempt) AS exempt,
  sum(timed_measured) AS timed_measured,
  sum(timed_reported) AS timed_reported,
  sum(timed_estimated) AS timed_estimated,
  sum(seconds_measured) AS seconds_measured,
  sum(seconds_reported) AS seconds_reported,
  sum(seconds_estimated) AS seconds_estimated,
  sum(written_seconds) AS written_seconds
FROM class_subject_day
GROUP BY day, school, grade, subject
