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
minutes = 学校在该年级的学科作业已知时长之和 ÷ 该年级学生日数（学生日见 workload/daily_minutes）。quality = 该校该年级该学科考试标准分的均值：每次考试每学科每年级内 z = (分数 − 均值) ÷ 总体标准差（分数取到千分之一，至多 10000 分），缺考、免考、作弊不计；只取 exam、term 参数所选的考试。
只有时长与成绩都有的学校 × 年级 × 学科进入；students = 有已知时长学生数（单日最多）与有成绩学生数（参加人数最多的一次）中较小者之和。组的 minutes、quality 为其各学校 × 年级 × 学科的学生加权均值（权 = 有成绩的学生数）。
minutes_middle、quality_middle = 比较基准：所选范围内全部学校 × 年级 × 学科的学生加权均值。quadrant：时长与质量高于（含相差不到 1e-9）或低于基准：heavy-high、heavy-low、light-high、light-low。描述而非因果；不是排名；成绩年级与作业年级按记录上的年级匹配。
minutes_error = 时长均值的标准误，以有学生日的日子为抽样单位，因为一天的作业是全班同时布置的（比值估计的线性化方差：n ÷ (n − 1) × Σ(yᵢ − R·xᵢ)² ÷ (Σxᵢ)²，y = 该日学科时长，x = 该日学生日，n = 天数），少于两天为空。
quality_error = 标准分均值的标准误，以学生为抽样单位；几次考试多是同一批学生，其误差按完全相关相加；有一次考试少于两名学生为空。组内各学校 × 年级 × 学科视为独立，一个组含多个学科时两者偏小。students_timed = 该年级有已知时长（任何学科）的学生数，students_scored = 有成绩的学生数；days = 有学生日的天数，取各学校 × 年级 × 学科中最少者。
"""
en = """
minutes = known homework minutes of the subject in a grade of a school / the grade's student-days (see workload/daily_minutes). quality = mean standard score of that school, grade and subject: within each exam, subject and grade z = (score - mean) / population standard deviation (scores to a thousandth, 10000 at the most); absent, exempt and cheating are left out; only exams that the parameters exam and term choose.
Only school x grade x subject with both enter; students = the smaller of pupils with known minutes (on the day that has most) and pupils with scores (in the exam that most sat), added up. A group's minutes and quality are means over its school x grade x subject, weighted by pupils with scores.
minutes_middle, quality_middle = what is compared with: the same means over everything that the parameters choose. quadrant: load and quality at or above (to 1e-9), or below: heavy-high, heavy-low, light-high, light-low. It describes and proves no cause; it is no ranking; results and homework are matched by the grade on the record.
minutes_error = standard error of the mean minutes with days that have student-days as the units drawn, as a day's homework is set for whole classes at once (linearised variance of a ratio: n / (n - 1) x sum of (y - R x)^2 / (sum of x)^2 with y = the subject's minutes of a day, x = its student-days, n = days); empty for fewer than two days.
quality_error = standard error of the mean score with pupils as the units drawn; several exams are mostly sat by the same pupils, so their errors are added up as if they went together; empty where an exam has fewer than two pupils. School x grade x subject of a group count as independent, so both are too small for a group of several subjects. students_timed = pupils of the grade with known minutes in any subject, students_scored = pupils with scores; days = days with student-days, of the school x grade x subject that has fewest.
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

# Of a grade's days: each once with its student-days (`subject` is null), and once for each subject that has work; never over several schools or grades,
# as squares of what these have together would be others.
[grains.load_days]
class = """
SELECT
  d.day, d.school, d.grade, CAST(NULL AS VARCHAR) AS subject, 1 AS days, d.load_students AS students, histogram_of({{on_day d}}, d.load_students) AS students_by_day,
  CAST(NULL AS BIGINT) AS seconds, d.load_students * d.load_students AS squares, CAST(NULL AS BIGINT) AS products
FROM school_grade_day AS d
WHERE d.load_students > 0
UNION ALL
SELECT
  s.day, s.school, s.grade, s.subject, CAST(NULL AS BIGINT), CAST(NULL AS BIGINT), CAST(NULL AS BYTEA), s.seconds, s.seconds * s.seconds, s.seconds * d.load_students
FROM (SELECT day, school, grade, subject, seconds_measured + seconds_reported + seconds_estimated AS seconds FROM school_grade_subject_day) AS s
JOIN school_grade_day AS d ON d.day = s.day AND d.school = s.school AND d.grade = s.grade
WHERE d.load_students > 0
"""

# Whole scores of an exam, in thousandths; one that no exam can give must not outgrow the sum of squares.
[grains.results]
class = """
SELECT day, school, grade, subject, exam, term, count(*) AS pupils, sum(points) AS points, sum(points * points) AS squares
FROM (SELECT day, school, grade, subject, exam, term, CAST(round(LEAST(score, 10000) * 1000) AS BIGINT) AS points FROM assessment WHERE COALESCE(item, '') = '' AND status = 'scored')
GROUP BY day, school, grade, subject, exam, term
"""

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
title = { zh = "有时长学生数（单日最多）", en = "Pupils with minutes (most on one day)" }
unit = "1"

[[columns]]
name = "students_scored"
title = { zh = "有成绩学生数（一次最多）", en = "Pupils with scores (most in one exam)" }
unit = "1"

[[columns]]
name = "days"
title = { zh = "有时长的天数（最少的单元）", en = "Days with minutes (of the unit with fewest)" }
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
WITH load AS (
  SELECT
    d.school, d.grade, d.subject, sum(d.days) AS days, sum(d.students) AS students, histogram_most(histogram_sum(d.students_by_day)) AS pupils,
    sum(d.seconds) AS seconds, CAST(sum(d.squares) AS DOUBLE) AS squares, CAST(sum(d.products) AS DOUBLE) AS products
  FROM {{load_days by school grade}} AS d
  WHERE {{filters - subject d}}
  GROUP BY d.school, d.grade, d.subject
),
minutes AS (
  SELECT
    s.school, s.grade, s.subject, d.pupils, d.days, s.seconds / 60.0 / d.students AS minutes,
    CASE WHEN d.days > 1 THEN
      GREATEST(s.squares - 2 * (CAST(s.seconds AS DOUBLE) / d.students) * s.products + power(CAST(s.seconds AS DOUBLE) / d.students, 2) * d.squares, 0)
        / 3600 * d.days / (d.days - 1) / power(d.students, 2)
    END AS variance
  FROM load AS s JOIN load AS d ON d.school = s.school AND d.grade = s.grade AND d.subject IS NULL
  WHERE s.subject IS NOT NULL AND ($subject IS NULL OR s.subject = $subject)
),
results AS (
  SELECT r.school, r.grade, r.subject, r.exam, CAST(r.pupils AS DOUBLE) AS pupils, CAST(r.points AS DOUBLE) AS points, CAST(r.squares AS DOUBLE) AS squares
  FROM {{results by school grade}} AS r
  WHERE ($exam IS NULL OR r.exam = $exam) AND ($term IS NULL OR r.term = $term)
),
norms AS (
  SELECT grade, subject, exam, sum(points) / sum(pupils) AS mean, sqrt(sum(squares) / sum(pupils) - power(sum(points) / sum(pupils), 2)) AS deviation
  FROM results
  GROUP BY grade, subject, exam
  HAVING sum(squares) * sum(pupils) > power(sum(points), 2)
),
exams AS (
  SELECT school, grade, subject, exam, sum(pupils) AS pupils, sum(points) AS points, sum(squares) AS squares
  FROM results
  GROUP BY school, grade, subject, exam
),
scores AS (
  SELECT
    e.school, e.grade, e.subject, e.pupils, (e.points / e.pupils - n.mean) / n.deviation AS z,
    CASE WHEN e.pupils > 1 THEN sqrt(GREATEST(e.squares - e.points * e.points / e.pupils, 0) / (e.pupils - 1) / e.pupils) / n.deviation END AS error
  FROM exams AS e JOIN norms AS n ON n.grade = e.grade AND n.subject = e.subject AND n.exam = e.exam
),
quality AS (
  SELECT
    school, grade, subject, max(pupils) AS pupils, sum(pupils * z) / sum(pupils) AS z,
    CASE WHEN count(error) = count(*) THEN power(sum(pupils * error) / sum(pupils), 2) END AS variance
  FROM scores
  GROUP BY school, grade, subject
),
units AS (
  SELECT
    l.school, l.grade, l.subject, LEAST(l.pupils, CAST(q.pupils AS BIGINT)) AS students, q.pupils AS weight, l.pupils AS timed, l.days, CAST(q.pupils AS BIGINT) AS scored,
    l.minutes, q.z, l.variance AS minutes_variance, q.variance AS z_variance
  FROM minutes AS l
  JOIN quality AS q ON q.school = l.school AND q.grade = l.grade AND q.subject = l.subject
),
sums AS (
  SELECT
    {{by}} TRUE AS whole, sum(students) AS students, sum(weight) AS weight, sum(weight * minutes) / sum(weight) AS minutes, sum(weight * z) / sum(weight) AS quality,
    CASE WHEN count(minutes_variance) = count(*) THEN sqrt(sum(weight * weight * minutes_variance)) / sum(weight) END AS minutes_error,
    CASE WHEN count(z_variance) = count(*) THEN sqrt(sum(weight * weight * z_variance)) / sum(weight) END AS quality_error,
    sum(timed) AS students_timed, sum(scored) AS students_scored, min(days) AS days
  FROM (
    SELECT {{dimensions u}} TRUE AS whole, u.students, u.weight, u.minutes, u.z, u.minutes_variance, u.z_variance, u.timed, u.scored, u.days
    FROM units AS u {{joins u}}
  ) AS placed
  GROUP BY {{by}} TRUE
),
compared AS (
  SELECT
    sums.*, sum(weight * minutes) OVER () / sum(weight) OVER () AS minutes_middle, sum(weight * quality) OVER () / sum(weight) OVER () AS quality_middle
  FROM sums
)
SELECT
  {{by}}
  students, minutes, quality, minutes_error, quality_error, students_timed, students_scored, days, minutes_middle, quality_middle,
  concat(CASE WHEN round(minutes - minutes_middle, 9) >= 0 THEN 'heavy' ELSE 'light' END, '-', CASE WHEN round(quality - quality_middle, 9) >= 0 THEN 'high' ELSE 'low' END) AS quadrant
FROM compared
ORDER BY {{by}} whole
