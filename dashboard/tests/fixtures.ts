/** Small answers and resources for the tests. */
import type { Answer, Row } from "../src/api";
import { Problem } from "../src/api";
import { emptyResource, type Resource } from "../src/composables/useResource";
import type {
  Attendance,
  DailyMinutes,
  Submission,
  SubjectMinutes,
  Tonight,
  TonightPiece,
} from "../src/model/rows";

export function answer<R extends Row>(rows: R[]): Answer<R> {
  const title = { zh: "指标", en: "Metric" };
  return { metric: "a/b", title, unit: null, by: [], params: {}, as_of: {}, columns: [], rows };
}

export function ready<R extends Row>(rows: R[]): Resource<Answer<R>> {
  return Object.assign(emptyResource<Answer<R>>(), { state: "ready", data: answer(rows) });
}

export function failed<R extends Row>(): Resource<Answer<R>> {
  const title = { zh: "查询超时", en: "The query took too long" };
  const problem = new Problem(503, "query_timeout", title, "ran longer than 30 s");
  return Object.assign(emptyResource<Answer<R>>(), { state: "error", problem });
}

export const daily = (change: Partial<DailyMinutes> = {}): DailyMinutes => ({
  students: 40,
  student_days: 40,
  mean_minutes: 72.5,
  median_minutes: 70,
  p90_minutes: 95.25,
  limit_minutes: 90,
  over_limit_share: 0.125,
  written_share: 0.9,
  measured_share: 0.5,
  reported_share: 0.25,
  estimated_share: 0.25,
  coverage: 0.9,
  ...change,
});

export const subject = (name: string, minutes: number | null): SubjectMinutes => ({
  subject: name,
  minutes_per_student_day: minutes,
  share: 0.5,
  pieces: 1,
  coverage: 1,
});

export const tonight = (change: Partial<Tonight> = {}): Tonight => ({
  students: 40,
  assignments: 2,
  without_estimate: 0,
  estimated_minutes: 45,
  expected_minutes: 64.5,
  low_minutes: 52,
  high_minutes: 78.25,
  student_low_minutes: 40,
  student_high_minutes: 92,
  written_minutes: 60,
  limit_minutes: 90,
  over_limit_probability: 0.02,
  over_limit_share: 0.05,
  warning: "none",
  basis: "teacher",
  past_assignments: 320,
  teacher_assignments: 14,
  coverage: 0.9,
  ...change,
});

export const piece = (assignment: string, change: Partial<TonightPiece> = {}): TonightPiece => ({
  ...tonight({ limit_minutes: null, warning: null, over_limit_probability: null }),
  subject: "math",
  assignment,
  title: null,
  estimated_minutes: 20,
  expected_minutes: 31.25,
  low_minutes: 24,
  high_minutes: 39,
  ...change,
});

export const submission = (change: Partial<Submission> = {}): Submission => ({
  subject: "math",
  expected: 40,
  submitted: 36,
  late: 2,
  missing: 2,
  exempt: 0,
  submission_rate: 0.95,
  on_time_rate: 0.9,
  ...change,
});

export const attendance = (change: Partial<Attendance> = {}): Attendance => ({
  students: 40,
  checkpoints: 320,
  present: 316,
  attendance_rate: 0.9875,
  late_rate: 0.01,
  chronic_students: 2,
  chronic_absence_share: 0.05,
  ...change,
});
