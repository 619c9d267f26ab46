/*---
title = { zh = "今晚作业预测", en = "Tonight's homework" }
unit = "min"
n = "students"
dimensions = ["day", "school", "grade", "class", "subject", "assignment"]
default_by = ["day", "class"]
grain = { zh = "一个班一个晚上（按学科或作业分组时：一份作业）", en = "one class's evening (grouped by subject or assignment: one piece of homework)" }
source = { zh = "按已布置作业预警总量：JS23 §8(1)、RULES B1、B2（教师估计与实际之比、每日各学科相加）；上限：“双减”意见 2021-07-24。方法：Henderson (1953) 方法一估计方差分量、混合模型方程求最佳线性无偏预测、Fenton–Wilkinson 对数正态求和", en = "a warning from what is set: JS23 §8(1), RULES B1, B2 (estimates against minutes, subjects added up); the limit: the double-reduction opinions of 2021-07-24. Method: variance components by Henderson's method 1 (1953), best linear unbiased prediction by the mixed-model equations, sums of lognormals by Fenton–Wilkinson" }

[description]
zh = """
依据已布置且未撤回的作业，预测当晚时长；假定每名学生完成布置给自己的全部作业。不给日期时取最近有作业的一天；某晚的预测只用该晚之前 90 天的数据，所以可与事后的 workload/daily_minutes 对照（后者只加已知时长）。
expected_minutes：班级人均的期望值；low_minutes、high_minutes：班级人均的 80% 区间；student_low_minutes、student_high_minutes：十名学生中八名所在的范围；均只在一组恰为一个班的一晚（或一份作业）时给出。多班或多晚：期望值按学生数加权平均。
方法：全校往日每份作业取 ln（学生平均用时 ÷ 教师估计），用时取实测与填报，至少 3 名学生；分解为总平均、教师、学科、班级与其余，各有方差，数据少者向平均收缩；方差估计为负者取零并退出方程（最负者先）；没有估计的作业用往日用时同样处理。
学生快慢：往日全部作业用时已知的日子里，本人总时长 ÷ 做同样份数作业的同学（至少 5 人）均值的对数，同样收缩。分层作业按该层往日覆盖本班的比例计入。学生取名册；没有名册的班取 30 天内有作业的学生。
basis：teacher 该教师有至少 5 份往日作业；school 教师往日作业太少，按学科、班级与全校；past_minutes 没有估计，按往日用时；estimate 全校可用的往日作业不足 10 份，直接相加教师估计，无区间；nothing 有作业既无估计也无往日用时，总量未知（不按零计）。一晚取其中最弱的。
past_assignments：全校可用的往日作业份数；teacher_assignments：其中该教师的（一晚取最少者）；coverage：往日作业中时长与估计均可用的占比；measured_share：往日时长中实测的占比，其余为填报。
limit_minutes：书面作业上限（规则同 workload/daily_minutes）；written_minutes：其中书面作业的期望时长；over_limit_probability：班级人均书面时长超过上限的概率（多晚：其平均）；over_limit_share：预计超限学生占比。
warning：over 概率至少 50%；risk 至少 10%（区间上端越过上限）；none 其余；无上限为空。没有预测区间时看教师估计之和是否超过上限。
平台外的作业不在内；同一晚各份作业的偏差假定只通过教师、学科、班级相关。
"""
en = """
From what is set and not withdrawn, how long the evening will take if every student does all that is set for them. Without dates: the latest day with homework. The forecast of an evening uses the 90 days before it alone, so it can be held against workload/daily_minutes afterwards (which adds up known minutes only).
expected_minutes: the expected mean of the class; low_minutes, high_minutes: its interval of 80 %; student_low_minutes, student_high_minutes: where eight of ten students will lie; given where a group is one evening of one class (or one piece). Several: expected values weighted by students.
Method: of each past piece of the school, ln (mean minutes of the students / the teacher's estimate), minutes measured or reported, of at least 3 students; split into mean, teacher, subject, class and rest, each with a variance, drawn to the mean where there are few (a variance estimated as negative is zero and leaves the equations, the most negative first); pieces without an estimate: past minutes in the same way.
A student's pace: on past days on which all minutes are known, ln (own total / mean of the classmates with as many pieces, at least 5), shrunken too. Pieces of a layer count by the share of the class that the layer has reached. Students are those of the roster; of a class without one, those with homework within 30 days.
basis: teacher – at least 5 past pieces of the teacher; school – fewer, so by subject, class and school; past_minutes – no estimate, by past minutes; estimate – fewer than 10 past pieces in the school can be used: the estimates added up, without an interval; nothing – a piece has neither estimate nor past: the total is unknown, not smaller. An evening has the weakest of its pieces.
past_assignments: past pieces of the school that are used; teacher_assignments: the teacher's among them (of an evening the fewest); coverage: past pieces with usable minutes and estimate / past pieces; measured_share: the part of past minutes that was measured, the rest was reported.
limit_minutes: of written homework, as in workload/daily_minutes; written_minutes: expected minutes of written pieces; over_limit_probability: that the class's mean of written homework exceeds the limit (of several evenings: the mean); over_limit_share: the share of students expected over it.
warning: over – probability at least 50 %; risk – at least 10 % (the interval reaches over the limit); none; empty without a limit. Without an interval it looks at the sum of the estimates.
Homework outside the platform is not in it; pieces of one evening are taken to err together only through teacher, subject and class.
"""

[params]
from = {}
to = {}
school = {}
grade = {}
class = {}

[dimension_titles]
assignment = { zh = "作业", en = "Assignment" }

[[columns]]
name = "students"

[[columns]]
name = "evenings"
title = { zh = "班晚数", en = "Evenings of classes" }
unit = "1"

[[columns]]
name = "assignments"
title = { zh = "作业份数", en = "Assignments" }
unit = "1"

[[columns]]
name = "without_estimate"
title = { zh = "无估计的作业", en = "Assignments without an estimate" }
unit = "1"

[[columns]]
name = "estimated_minutes"
title = { zh = "教师估计之和", en = "Teachers' estimates" }
unit = "min"

[[columns]]
name = "expected_minutes"
title = { zh = "预计人均时长", en = "Expected mean minutes" }
unit = "min"

[[columns]]
name = "low_minutes"
title = { zh = "人均 80% 区间下端", en = "Mean, low end of 80 %" }
unit = "min"

[[columns]]
name = "high_minutes"
title = { zh = "人均 80% 区间上端", en = "Mean, high end of 80 %" }
unit = "min"

[[columns]]
name = "student_low_minutes"
title = { zh = "八成学生范围下端", en = "Eight of ten students, low end" }
unit = "min"

[[columns]]
name = "student_high_minutes"
title = { zh = "八成学生范围上端", en = "Eight of ten students, high end" }
unit = "min"

[[columns]]
name = "written_minutes"
title = { zh = "其中书面", en = "Written" }
unit = "min"

[[columns]]
name = "limit_minutes"

[[columns]]
name = "over_limit_probability"
title = { zh = "人均超限概率", en = "Probability that the mean is over the limit" }
unit = "share"

[[columns]]
name = "over_limit_share"
title = { zh = "预计超限学生占比", en = "Share of students expected over the limit" }
unit = "share"

[[columns]]
name = "warning"
title = { zh = "预警", en = "Warning" }

[[columns]]
name = "basis"
title = { zh = "依据", en = "Basis" }

[[columns]]
name = "past_assignments"
title = { zh = "往日作业份数", en = "Past assignments" }
unit = "1"

[[columns]]
name = "teacher_assignments"
title = { zh = "该教师往日作业份数", en = "The teacher's past assignments" }
unit = "1"

[[columns]]
name = "coverage"
title = { zh = "往日作业可用占比", en = "Share of past assignments that are used" }
unit = "share"

[[columns]]
name = "measured_share"
title = { zh = "往日时长实测占比", en = "Share of past minutes measured" }
unit = "share"

[[columns]]
name = "title"
title = { zh = "作业名称", en = "Name" }
---*/
WITH tonight AS (
  SELECT
    a.day, a.school, a.grade, a.class, a.subject, a.assignment, a.teacher, a.title, a.layer,
    COALESCE(a.form = 'written', TRUE) AS written, NULLIF(a.estimated_minutes, 0) AS estimated_minutes,
    {{limit_seconds a}} / 60 AS limit_minutes
  FROM assignment AS a
  {{limits a}}
  WHERE NOT COALESCE(a.withdrawn, FALSE) AND {{filters - grade a}}
    AND ($from IS NOT NULL OR $to IS NOT NULL OR a.day = (
      SELECT max(day) FROM assigned_day
      WHERE ($school IS NULL OR school = $school) AND ($class IS NULL OR class = $class)
    ))
),
classes AS (
  SELECT
    day AS night, school, class, count(*) AS assignments, count(*) - count(estimated_minutes) AS without_estimate,
    sum(estimated_minutes) AS estimated_minutes, CASE WHEN min(grade) = max(grade) THEN max(grade) END AS grade,
    CASE WHEN count(limit_minutes) = count(*) AND min(limit_minutes) = max(limit_minutes) THEN max(limit_minutes) END AS limit_minutes
  FROM tonight
  GROUP BY day, school, class
),
schools AS (SELECT DISTINCT night, school FROM classes),
-- What past pieces took.
timed AS (
  SELECT
    school, class, assignment, min(day) AS day, CAST(sum(students) AS DOUBLE) AS records,
    CAST(sum(timed_measured) AS DOUBLE) AS measured, CAST(sum(timed_measured + timed_reported) AS DOUBLE) AS timed,
    CAST(sum(seconds_measured + seconds_reported) AS DOUBLE) AS seconds
  FROM assignment_day
  WHERE ($from IS NULL OR day >= $from - INTERVAL '90 days') AND ($to IS NULL OR day < $to)
    AND ($school IS NULL OR school = $school)
  GROUP BY school, class, assignment
),
history AS (
  SELECT
    n.night, n.school, a.day, a.class, a.subject, a.teacher, a.layer, t.records, t.measured, t.timed,
    CASE WHEN t.timed >= 3 AND t.seconds > 0 THEN ln(t.seconds / t.timed) END AS seconds_log,
    CASE WHEN t.timed >= 3 AND t.seconds > 0 AND a.estimated_seconds > 0 THEN ln(t.seconds / t.timed / a.estimated_seconds) END AS ratio_log
  FROM schools AS n
  JOIN assigned_day AS a ON a.school = n.school AND a.day < n.night AND a.day >= n.night - INTERVAL '90 days'
  LEFT JOIN timed AS t ON t.school = a.school AND t.class = a.class AND t.assignment = a.assignment
),
pasts AS (
  SELECT
    night, school, class, subject, teacher, count(*) AS pieces, sum(measured) AS measured, sum(timed) AS timed,
    count(ratio_log) AS ratio_n, sum(ratio_log) AS ratio_sum, sum(ratio_log * ratio_log) AS ratio_squares,
    count(seconds_log) AS seconds_n, sum(seconds_log) AS seconds_sum, sum(seconds_log * seconds_log) AS seconds_squares
  FROM history
  GROUP BY night, school, class, subject, teacher
),
past_of AS (
  SELECT
    night, school, CAST(sum(ratio_n) AS DOUBLE) / sum(pieces) AS coverage, sum(measured) / NULLIF(sum(timed), 0) AS measured_share,
    array_agg(named_struct(
      'class', class, 'subject', subject, 'teacher', teacher, 'ratio_n', ratio_n, 'ratio_sum', ratio_sum, 'ratio_squares', ratio_squares,
      'seconds_n', seconds_n, 'seconds_sum', seconds_sum, 'seconds_squares', seconds_squares
    )) AS past
  FROM pasts
  GROUP BY night, school
),
-- The share of the class that a layer reaches, against the piece of the day that reached most.
reaches AS (
  SELECT night, school, class, layer, avg(reach) AS reach
  FROM (
    SELECT night, school, class, layer, records / max(records) OVER (PARTITION BY night, school, class, day) AS reach
    FROM history WHERE records > 0
  )
  WHERE layer IS NOT NULL
  GROUP BY night, school, class, layer
  HAVING count(*) >= 5
),
-- How much the largest pieces of a day outweigh the others: 1 for a single piece, 1 / n for n equal ones.
uneven AS (
  SELECT school, class, day, sum(mean * mean) / (sum(mean) * sum(mean)) AS weight
  FROM (SELECT school, class, day, seconds / timed AS mean FROM timed WHERE timed > 0 AND seconds > 0)
  GROUP BY school, class, day
),
-- Students' days of which everything is known, beside classmates with as many pieces.
complete AS (
  SELECT
    school, class, day, student, CAST(seconds_measured + seconds_reported AS DOUBLE) AS seconds,
    avg(CAST(seconds_measured + seconds_reported AS DOUBLE)) OVER same AS mean, count(*) OVER same AS mates
  FROM student_day
  WHERE homework_expected > 0 AND timed_measured + timed_reported = homework_expected AND seconds_measured + seconds_reported > 0
    AND ($from IS NULL OR day >= $from - INTERVAL '90 days') AND ($to IS NULL OR day < $to)
    AND ($school IS NULL OR school = $school) AND ($class IS NULL OR class = $class)
  WINDOW same AS (PARTITION BY school, class, day, homework_expected)
),
paces AS (
  SELECT
    n.night, n.school, n.class, c.student, count(*) AS days, sum(1 / u.weight) AS weight,
    sum(ln(c.seconds / c.mean) / u.weight) AS sum, sum(ln(c.seconds / c.mean) * ln(c.seconds / c.mean) / u.weight) AS squares
  FROM classes AS n
  JOIN complete AS c ON c.school = n.school AND c.class = n.class AND c.day < n.night AND c.day >= n.night - INTERVAL '90 days'
  JOIN uneven AS u ON u.school = c.school AND u.class = c.class AND u.day = c.day
  WHERE c.mates >= 5
  GROUP BY n.night, n.school, n.class, c.student
),
enrolled AS (
  SELECT DISTINCT n.night, n.school, n.class, s.student
  FROM classes AS n JOIN student AS s ON s.school = n.school AND s.class = n.class
  WHERE COALESCE(s.valid_from <= n.night, TRUE) AND COALESCE(n.night <= s.valid_to, NOT COALESCE(s.left, FALSE))
),
seen AS (
  SELECT DISTINCT n.night, n.school, n.class, d.student
  FROM classes AS n
  JOIN student_day AS d ON d.school = n.school AND d.class = n.class AND d.day < n.night AND d.day >= n.night - INTERVAL '30 days'
  WHERE d.homework_expected + d.homework_exempt > 0
    AND ($from IS NULL OR d.day >= $from - INTERVAL '30 days') AND ($to IS NULL OR d.day < $to)
    AND ($school IS NULL OR d.school = $school) AND ($class IS NULL OR d.class = $class)
),
members AS (
  SELECT night, school, class, student FROM enrolled
  UNION ALL
  SELECT s.night, s.school, s.class, s.student
  FROM seen AS s LEFT ANTI JOIN enrolled AS e ON e.night = s.night AND e.school = s.school AND e.class = s.class
),
pupils_of AS (
  SELECT
    m.night, m.school,
    array_agg(named_struct(
      'class', m.class, 'student', m.student, 'days', p.days, 'weight', p.weight, 'sum', p.sum, 'squares', p.squares
    )) AS pupils
  FROM members AS m
  LEFT JOIN paces AS p ON p.night = m.night AND p.school = m.school AND p.class = m.class AND p.student = m.student
  GROUP BY m.night, m.school
),
pieces_of AS (
  SELECT
    t.day AS night, t.school,
    array_agg(named_struct(
      'class', t.class, 'subject', t.subject, 'teacher', t.teacher, 'assignment', t.assignment, 'written', t.written,
      'estimated', t.estimated_minutes * 60, 'reach', r.reach, 'limit', t.limit_minutes * 60
    )) AS pieces
  FROM tonight AS t
  LEFT JOIN reaches AS r ON r.night = t.day AND r.school = t.school AND r.class = t.class AND r.layer = t.layer
  GROUP BY t.day, t.school
),
loads AS (
  SELECT p.night, p.school, h.coverage, h.measured_share, unnest(tonight_load(h.past, s.pupils, p.pieces)) AS load
  FROM pieces_of AS p
  LEFT JOIN past_of AS h ON h.night = p.night AND h.school = p.school
  LEFT JOIN pupils_of AS s ON s.night = p.night AND s.school = p.school
),
named AS (
  SELECT
    night, school, coverage, measured_share, load['class'] AS class, load['assignment'] AS assignment, load['student'] AS student,
    load['basis'] AS basis, load['past'] AS past, load['by_teacher'] AS by_teacher, load['expected'] / 60 AS expected,
    load['low'] / 60 AS low, load['high'] / 60 AS high, load['written'] / 60 AS written, load['over'] AS over,
    load['pupil_low'] / 60 AS pupil_low, load['pupil_high'] / 60 AS pupil_high, load['pupils_over'] AS pupils_over,
    max(load['pupils']) OVER (PARTITION BY night, school, load['class']) AS pupils
  FROM loads
),
-- One row per class and evening, or one per piece where pieces are asked for.
parts AS (
  SELECT
    n.night AS day, n.school, c.grade, n.class, CAST(NULL AS VARCHAR) AS subject, n.assignment, TRUE AS whole, CAST(NULL AS VARCHAR) AS title,
    n.night, n.school AS in_school, n.class AS in_class, c.assignments, c.without_estimate, c.estimated_minutes, c.limit_minutes,
    n.pupils, n.expected, n.low, n.high, n.written, n.over, n.pupil_low, n.pupil_high, n.pupils_over, n.basis, n.past, n.by_teacher,
    n.coverage, n.measured_share
  FROM named AS n JOIN classes AS c ON c.night = n.night AND c.school = n.school AND c.class = n.class
  WHERE n.assignment IS NULL AND n.student IS NULL AND NOT ($by_subject OR $by_assignment)
  UNION ALL
  SELECT
    n.night AS day, n.school, c.grade, n.class, t.subject, n.assignment, TRUE AS whole, t.title,
    n.night, n.school AS in_school, n.class AS in_class, 1 AS assignments, CAST(t.estimated_minutes IS NULL AS BIGINT) AS without_estimate,
    t.estimated_minutes, CAST(NULL AS BIGINT) AS limit_minutes,
    n.pupils, n.expected, n.low, n.high, n.written, n.over, n.pupil_low, n.pupil_high, n.pupils_over, n.basis, n.past, n.by_teacher,
    n.coverage, n.measured_share
  FROM named AS n
  JOIN classes AS c ON c.night = n.night AND c.school = n.school AND c.class = n.class
  JOIN tonight AS t ON t.day = n.night AND t.school = n.school AND t.class = n.class AND t.assignment = n.assignment
  WHERE $by_subject OR $by_assignment
),
evenings AS (
  SELECT
    {{by}} TRUE AS whole, night, in_school, in_class, max(pupils) AS pupils, count(*) AS parts,
    sum(assignments) AS assignments, sum(without_estimate) AS without_estimate, sum(estimated_minutes) AS estimated,
    CASE WHEN count(expected) = count(*) THEN sum(expected) END AS expected, max(low) AS low, max(high) AS high,
    CASE WHEN count(written) = count(*) THEN sum(written) END AS written, max(over) AS over, max(pupil_low) AS pupil_low,
    max(pupil_high) AS pupil_high, max(pupils_over) AS pupils_over, max(limit_minutes) AS limit_minutes,
    CASE WHEN min(basis) = max(basis) THEN max(basis) END AS basis, min(past) AS past, min(by_teacher) AS by_teacher,
    max(coverage) AS coverage, max(measured_share) AS measured_share, max(title) AS title
  FROM parts
  WHERE ($grade IS NULL OR grade = $grade)
  GROUP BY {{by}} TRUE, night, in_school, in_class
),
-- A class counts its students once, however many evenings there are.
counted AS (
  SELECT
    evenings.*,
    CASE WHEN row_number() OVER (PARTITION BY {{by}} whole, in_school, in_class ORDER BY pupils DESC NULLS LAST) = 1 THEN pupils END AS once
  FROM evenings
),
sums AS (
  SELECT
    {{by}} TRUE AS whole, sum(once) AS students, count(*) AS evenings, count(*) = 1 AND max(parts) = 1 AS single,
    sum(assignments) AS assignments, sum(without_estimate) AS without_estimate,
    sum(estimated * pupils) / NULLIF(sum(pupils) FILTER (WHERE estimated IS NOT NULL), 0) AS estimated,
    sum(expected * pupils) / NULLIF(sum(pupils) FILTER (WHERE expected IS NOT NULL), 0) AS expected,
    sum(written * pupils) / NULLIF(sum(pupils) FILTER (WHERE written IS NOT NULL), 0) AS written,
    sum(pupils_over * pupils) / NULLIF(sum(pupils) FILTER (WHERE pupils_over IS NOT NULL), 0) AS pupils_over,
    avg(over) AS over, max(low) AS low, max(high) AS high, max(pupil_low) AS pupil_low, max(pupil_high) AS pupil_high,
    CASE WHEN count(limit_minutes) = count(*) AND min(limit_minutes) = max(limit_minutes) THEN max(limit_minutes) END AS limit_minutes,
    CASE WHEN min(basis) = max(basis) THEN max(basis) END AS basis, min(past) AS past, min(by_teacher) AS by_teacher,
    max(coverage) AS coverage, max(measured_share) AS measured_share, max(title) AS title
  FROM counted
  GROUP BY {{by}} TRUE
)
SELECT
  {{by}}
  students, evenings, assignments, without_estimate,
  estimated AS estimated_minutes,
  expected AS expected_minutes,
  CASE WHEN single THEN low END AS low_minutes,
  CASE WHEN single THEN high END AS high_minutes,
  CASE WHEN single THEN pupil_low END AS student_low_minutes,
  CASE WHEN single THEN pupil_high END AS student_high_minutes,
  written AS written_minutes,
  limit_minutes,
  over AS over_limit_probability,
  pupils_over AS over_limit_share,
  CASE
    WHEN NOT single OR limit_minutes IS NULL THEN NULL
    WHEN COALESCE(over >= 0.5, written > limit_minutes) THEN 'over'
    WHEN over >= 0.1 THEN 'risk'
    WHEN COALESCE(over, written) IS NOT NULL THEN 'none'
  END AS warning,
  basis,
  CAST(past AS BIGINT) AS past_assignments,
  CAST(by_teacher AS BIGINT) AS teacher_assignments,
  coverage, measured_share,
  CASE WHEN single AND assignments = 1 THEN title END AS title
FROM sums
ORDER BY {{by}} whole
