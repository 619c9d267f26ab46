/*---
title.zh = "班级日"
title.en = "Class day"
description.zh = "每个班级每个上课日：有记录的学生数，其学生日各项之和，以及作业时长已知的学生数与其分钟数（向上取整）的分布。"
description.en = "Per class and school day: the students with any record, the sums of their student days, and those with known homework minutes with the histograms of their minutes (rounded up)."
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
  sum(answers_correct) AS answers_correct,
  count(*) FILTER (WHERE timed_measured + timed_reported + timed_estimated > 0) AS load_students,
  histogram((seconds_measured + seconds_reported + seconds_estimated + 59) / 60)
    FILTER (WHERE timed_measured + timed_reported + timed_estimated > 0) AS load_minutes,
  histogram((seconds_measured + 59) / 60) FILTER (WHERE timed_measured > 0) AS measured_minutes,
  histogram((seconds_reported + 59) / 60) FILTER (WHERE timed_reported > 0) AS reported_minutes,
  histogram((seconds_estimated + 59) / 60) FILTER (WHERE timed_estimated > 0) AS estimated_minutes,
  histogram((written_seconds + 59) / 60) FILTER (WHERE timed_measured + timed_reported + timed_estimated > 0) AS written_minutes
FROM student_day
GROUP BY day, school, grade, class
