/*---
title.zh = "学生日"
title.en = "Student day"
description.zh = "每名学生每个上课日：当天布置的作业及其按来源区分的用时、完整记录的考勤节点、课堂行为。缺失的年级取该生当天其他记录的年级，否则取其班级唯一的年级。"
description.en = "Per student and school day: the homework set for that day with its minutes by where they come from, the checkpoints of complete attendance records, and the acts in lessons. A missing grade is that of the student's other rows of the day, else that of the class if it has only one."
from = ["student_record_day"]
key = ["day", "school", "grade", "class", "student"]
together = { by = ["day", "school", "class"], when_missing = "grade" }
---*/
WITH placed AS (
  SELECT *, grade AS known_grade FROM student_record_day WHERE grade IS NOT NULL
  UNION ALL
  SELECT r.*, COALESCE(s.grade, CASE WHEN c.lowest = c.highest THEN c.lowest END)
  FROM student_record_day AS r
  LEFT JOIN (
    SELECT day, school, class, student, max(grade) AS grade
    FROM student_record_day WHERE grade IS NOT NULL GROUP BY day, school, class, student
  ) AS s ON s.day = r.day AND s.school = r.school AND s.class = r.class AND s.student = r.student
  LEFT JOIN (
    SELECT day, school, class, min(grade) AS lowest, max(grade) AS highest
    FROM student_record_day WHERE grade IS NOT NULL GROUP BY day, school, class
  ) AS c ON c.day = r.day AND c.school = r.school AND c.class = r.class
  WHERE r.grade IS NULL
)
SELECT
  day, school, known_grade AS grade, class, student,
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
FROM placed
GROUP BY day, school, known_grade, class, student
