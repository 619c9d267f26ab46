/*---
title = { zh = "负担与质量四象限", en = "Load and quality: four quadrants" }
unit = "ratio"
n = "students"
dimensions = [
  "region", "county", "school_type", "urban_rural", "area", "public", "school", "stage", "grade", "subject",
]
default_by = ["school", "subject"]
grain = { zh = "一所学校一个年级一个学科：学生日均作业时长与标准分均值", en = "one school, grade and subject: homework minutes per student-day and mean standard score" }
source = { zh = "负担—质量四象限：RULES B3 第 19 项 [D]；各校各学科作业与质量监测：JS23 §8(1)、§16(3)", en = "load and quality quadrant: indicator 19 of RULES B3 [D]; homework and quality of each school and subject: JS23 §8(1), §16(3)" }

[description]
zh = """
minutes = 学校在该年级的学科作业已知时长之和 ÷ 该年级学生日数（学生日见 workload/daily_minutes）。quality = 该校该年级该学科考试标准分的均值：每次考试每学科每年级内 z = (分数 − 均值) ÷ 总体标准差，缺考、免考、作弊不计；只取 exam、term 参数所选的考试。
只有时长与成绩都有的学校 × 年级 × 学科进入；students = 有已知时长学生数与有成绩学生数中较小者之和。组的 minutes、quality 为其各学校 × 年级 × 学科的学生加权均值（权 = 有成绩的学生数）。
minutes_middle、quality_middle = 全学区所选范围内同一维度值之外的比较基准：所选范围内全部学校 × 年级 × 学科的学生加权均值。quadrant：时长与质量高于（含相差不到 1e-9）或低于基准：heavy-high、heavy-low、light-high、light-low。描述而非因果；不是排名；成绩年级与作业年级按记录上的年级匹配。
minutes_error、quality_error = 两轴均值的标准误，以学生为抽样单位（比值估计的线性化方差：n ÷ (n − 1) × Σ(yᵢ − R·xᵢ)² ÷ (Σxᵢ)²；组内各学校 × 年级 × 学科视为独立，一个组含多个学科时偏小），单元中少于两名学生为空。students_timed、students_scored = 两轴各自的学生数。
"""
en = """
minutes = known homework minutes of the subject in a grade of a school / the grade's student-days (see workload/daily_minutes). quality = mean standard score of that school, grade and subject: within each exam, subject and grade z = (score - mean) / population standard deviation; absent, exempt and cheating are left out; only exams that the parameters exam and term choose.
Only school x grade x subject with both enter; students = the smaller of pupils with known minutes and pupils with scores, added up. A group's minutes and quality are means over its school x grade x subject, weighted by pupils with scores.
minutes_middle, quality_middle = what is compared with: the same means over everything that the parameters choose. quadrant: load and quality at or above (to 1e-9), or below: heavy-high, heavy-low, light-high, light-low. It describes and proves no cause; it is no ranking; results and homework are matched by the grade on the record.
minutes_error, quality_error = standard errors of both means with pupils as the units drawn (linearised variance of a ratio: n / (n - 1) x sum of (y - R x)^2 / (sum of x)^2; school x grade x subject of a group count as independent, so it is too small for a group of several subjects); empty where one of them has fewer than two pupils. students_timed, students_scored = the pupils behind each axis.
"""

[params]
from = {}
to = {}
region = {}
county = {}
school = {}
grade = {}
subject = {}
exam = {}
term = {}

[[columns]]
name = "students"
title = { zh = "学生数", en = "Pupils" }
unit = "1"

[[columns]]
name = "minutes"
title = { zh = "学科时长", en = "Minutes of the subject" }
unit = "min"

[[columns]]
name = "quality"
title = { zh = "标准分均值", en = "Mean standard score" }
unit = "1"

[[columns]]
name = "minutes_error"
title = { zh = "时长标准误", en = "Standard error of minutes" }
unit = "min"

[[columns]]
name = "quality_error"
title = { zh = "标准分标准误", en = "Standard error of scores" }
unit = "1"

[[columns]]
name = "students_timed"
title = { zh = "有时长学生数", en = "Pupils with minutes" }
unit = "1"

[[columns]]
name = "students_scored"
title = { zh = "有成绩学生数", en = "Pupils with scores" }
unit = "1"

[[columns]]
name = "minutes_middle"
title = { zh = "时长基准", en = "Minutes compared with" }
unit = "min"

[[columns]]
name = "quality_middle"
title = { zh = "质量基准", en = "Quality compared with" }
unit = "1"

[[columns]]
name = "quadrant"
title = { zh = "象限", en = "Quadrant" }
---*/
WITH pupil_days AS (
  SELECT d.school, d.grade, d.student, d.day
  FROM student_day AS d
  WHERE d.timed_measured + d.timed_reported + d.timed_estimated > 0 AND {{filters - subject d}}
),
pupils AS (SELECT school, grade, student, CAST(count(DISTINCT day) AS DOUBLE) AS days FROM pupil_days GROUP BY school, grade, student),
days AS (SELECT school, grade, count(*) AS pupils, sum(days) AS days, sum(days * days) AS squares FROM pupils GROUP BY school, grade),
load AS (
  SELECT c.school, c.grade, c.subject, sum(c.seconds_measured + c.seconds_reported + c.seconds_estimated) AS seconds
  FROM class_subject_day AS c
  WHERE {{filters c}}
  GROUP BY c.school, c.grade, c.subject
),
-- How the pupils' minutes of a subject scatter around what their days let expect.
of_pupil AS (
  SELECT h.school, h.grade, h.subject, h.student, sum(CAST(round(h.minutes * 60) AS BIGINT)) / 60.0 AS minutes
  FROM homework AS h
  WHERE h.minutes IS NOT NULL AND {{filters h}}
  GROUP BY h.school, h.grade, h.subject, h.student
),
scatter AS (
  SELECT o.school, o.grade, o.subject, sum(o.minutes * o.minutes) AS squares, sum(o.minutes * p.days) AS products
  FROM of_pupil AS o JOIN pupils AS p ON p.school = o.school AND p.grade = o.grade AND p.student = o.student
  GROUP BY o.school, o.grade, o.subject
),
results AS (
  SELECT
    school, grade, subject, student,
    (score - avg(score) OVER (PARTITION BY exam, subject, grade)) / NULLIF(stddev_pop(score) OVER (PARTITION BY exam, subject, grade), 0) AS z
  FROM assessment
  WHERE COALESCE(item, '') = '' AND status = 'scored' AND ($exam IS NULL OR exam = $exam) AND ($term IS NULL OR term = $term)
),
scored AS (
  SELECT school, grade, subject, student, COALESCE(sum(z), 0) AS z, CAST(count(z) AS DOUBLE) AS exams FROM results GROUP BY school, grade, subject, student
),
quality AS (
  SELECT
    school, grade, subject, count(*) AS pupils, sum(z) / NULLIF(sum(exams), 0) AS z,
    sum(exams) AS exams, sum(z * z) AS squares, sum(z * exams) AS products, sum(exams * exams) AS exam_squares
  FROM scored GROUP BY school, grade, subject
),
units AS (
  SELECT
    l.school, l.grade, l.subject, LEAST(d.pupils, q.pupils) AS students, CAST(q.pupils AS DOUBLE) AS weight, d.pupils AS timed, q.pupils AS scored,
    l.seconds / 60.0 / d.days AS minutes, q.z,
    CASE WHEN d.pupils > 1 THEN
      GREATEST(s.squares - 2 * (l.seconds / 60.0 / d.days) * s.products + power(l.seconds / 60.0 / d.days, 2) * d.squares, 0)
        * d.pupils / (d.pupils - 1) / power(d.days, 2)
    END AS minutes_variance,
    CASE WHEN q.pupils > 1 THEN
      GREATEST(q.squares - 2 * q.z * q.products + q.z * q.z * q.exam_squares, 0) * q.pupils / (q.pupils - 1) / power(q.exams, 2)
    END AS z_variance
  FROM load AS l
  JOIN days AS d ON d.school = l.school AND d.grade = l.grade
  JOIN quality AS q ON q.school = l.school AND q.grade = l.grade AND q.subject = l.subject
  LEFT JOIN scatter AS s ON s.school = l.school AND s.grade = l.grade AND s.subject = l.subject
  WHERE q.z IS NOT NULL
),
middle AS (SELECT sum(weight * minutes) / NULLIF(sum(weight), 0) AS minutes_middle, sum(weight * z) / NULLIF(sum(weight), 0) AS quality_middle FROM units),
sums AS (
  SELECT
    {{by}} TRUE AS whole, sum(students) AS students, sum(weight * minutes) / sum(weight) AS minutes, sum(weight * z) / sum(weight) AS quality,
    CASE WHEN count(minutes_variance) = count(*) THEN sqrt(sum(weight * weight * minutes_variance)) / sum(weight) END AS minutes_error,
    CASE WHEN count(z_variance) = count(*) THEN sqrt(sum(weight * weight * z_variance)) / sum(weight) END AS quality_error,
    sum(timed) AS students_timed, sum(scored) AS students_scored
  FROM (
    SELECT {{dimensions u}} TRUE AS whole, u.students, u.weight, u.minutes, u.z, u.minutes_variance, u.z_variance, u.timed, u.scored
    FROM units AS u {{joins u}}
  ) AS placed
  GROUP BY {{by}} TRUE
)
SELECT
  {{by}}
  students, minutes, quality, minutes_error, quality_error, students_timed, students_scored, minutes_middle, quality_middle,
  concat(CASE WHEN round(minutes - minutes_middle, 9) >= 0 THEN 'heavy' ELSE 'light' END, '-', CASE WHEN round(quality - quality_middle, 9) >= 0 THEN 'high' ELSE 'low' END) AS quadrant
FROM sums CROSS JOIN middle
ORDER BY {{by}} whole
