/*---
title.zh = "学校年级日"
title.en = "School grade day"
description.zh = "每个学校每个年级每个上课日：有记录的学生数（一名学生在几个班有记录即计几次），其学生日各项之和；作业时长已知的学生数与其分钟数（向上取整，一名学生一个值）的分布，以及各班书面作业人均分钟数（向上取整）的分布。"
description.en = "Per grade of a school and school day: the students with any record, counted in each of their classes, and the sums of their student days; the students with known homework minutes, each once, with the histograms of their minutes (rounded up); and that of the classes by their mean of written minutes (rounded up)."
from = ["student_day", "student_load_day", "class_day"]
key = ["day", "school", "grade"]
---*/
SELECT
  day, school, grade,
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
GROUP BY day, school, grade
UNION ALL BY NAME
SELECT
  day, school, grade,
  count(*) FILTER (WHERE timed_measured + timed_reported + timed_estimated > 0) AS load_students,
  histogram((seconds_measured + seconds_reported + seconds_estimated + 59) / 60)
    FILTER (WHERE timed_measured + timed_reported + timed_estimated > 0) AS load_minutes,
  histogram((seconds_measured + 59) / 60) FILTER (WHERE timed_measured > 0) AS measured_minutes,
  histogram((seconds_reported + 59) / 60) FILTER (WHERE timed_reported > 0) AS reported_minutes,
  histogram((seconds_estimated + 59) / 60) FILTER (WHERE timed_estimated > 0) AS estimated_minutes,
  histogram((written_seconds + 59) / 60) FILTER (WHERE timed_measured + timed_reported + timed_estimated > 0) AS written_minutes
FROM student_load_day
GROUP BY day, school, grade
UNION ALL BY NAME
SELECT
  day, school, grade,
  histogram((written_seconds + 60 * load_students - 1) / NULLIF(60 * load_students, 0)) AS class_minutes
FROM class_day
GROUP BY day, school, grade
