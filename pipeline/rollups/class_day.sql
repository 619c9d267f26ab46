/*---
title.zh = "班级日"
title.en = "Class day"
description.zh = "每个班级每个上课日：有记录的学生数，以及其学生日各项之和。"
description.en = "Per class and school day: the students with any record and the sums of their student days."
from = ["student_day"]
key = ["day", "school", "grade", "class"]
---*/
SELECT
  day, school, grade, class,
  count(*) AS students,
  sum(homework_expected) AS homework_expected,
  sum(homework_submitted) AS homework_submitted,
  sum(homework_late) AS homework_late,
  sum(homework_missing) AS homework_missing,
  sum(homework_exempt) AS homework_exempt,
  sum(timed_measured) AS timed_measured,
  sum(timed_reported) AS timed_reported,
  sum(timed_estimated) AS timed_estimated,
  sum(seconds_measured) AS seconds_measured,
  sum(seconds_reported) AS seconds_reported,
  sum(seconds_estimated) AS seconds_estimated,
  sum(written_seconds) AS written_seconds,
  sum(checkpoints) AS checkpoints,
  sum(present) AS present,
  sum(late) AS late,
  sum(early_leave) AS early_leave,
  sum(sick_leave) AS sick_leave,
  sum(personal_leave) AS personal_leave,
  sum(official_leave) AS official_leave,
  sum(truant) AS truant,
  sum(acts) AS acts,
  sum(answers) AS answers,
  sum(answers_correct) AS answers_correct
FROM student_day
GROUP BY day, school, grade, class
