/** The rows of the published figures that this page reads. Shares are 0..1, minutes are minutes. */
import type { Row } from "../api";

type Figure = number | null;

export interface ClassRow extends Row {
  school: string;
  school_name: string | null;
  class: string;
  class_name: string | null;
  grade: string;
  students: Figure;
  latest_day: string | null;
}

/** workload/daily_minutes */
export interface DailyMinutes extends Row {
  day?: string;
  students: Figure;
  student_days: Figure;
  mean_minutes: Figure;
  median_minutes: Figure;
  p90_minutes: Figure;
  limit_minutes: Figure;
  over_limit_share: Figure;
  written_share: Figure;
  measured_share: Figure;
  reported_share: Figure;
  estimated_share: Figure;
  coverage: Figure;
}

/** workload/subject_minutes by subject */
export interface SubjectMinutes extends Row {
  subject: string;
  minutes_per_student_day: Figure;
  share: Figure;
  pieces: Figure;
  coverage: Figure;
}

export type TonightBasis = "teacher" | "school" | "past_minutes" | "estimate" | "nothing";

/** workload/tonight */
export interface Tonight extends Row {
  students: Figure;
  assignments: Figure;
  without_estimate: Figure;
  estimated_minutes: Figure;
  expected_minutes: Figure;
  low_minutes: Figure;
  high_minutes: Figure;
  student_low_minutes: Figure;
  student_high_minutes: Figure;
  written_minutes: Figure;
  limit_minutes: Figure;
  over_limit_probability: Figure;
  over_limit_share: Figure;
  warning: string | null;
  basis: TonightBasis | null;
  past_assignments: Figure;
  teacher_assignments: Figure;
  coverage: Figure;
}

/** workload/tonight by subject and assignment */
export interface TonightPiece extends Tonight {
  subject: string;
  assignment: string;
  title: string | null;
}

/** homework/submission_rate by subject */
export interface Submission extends Row {
  subject: string;
  expected: Figure;
  submitted: Figure;
  late: Figure;
  missing: Figure;
  exempt: Figure;
  submission_rate: Figure;
  on_time_rate: Figure;
}

/** attendance/rate */
export interface Attendance extends Row {
  day?: string;
  students: Figure;
  checkpoints: Figure;
  present: Figure;
  attendance_rate: Figure;
  late_rate: Figure;
  chronic_students: Figure;
  chronic_absence_share: Figure;
}

/** classroom/participation by subject */
export interface Participation extends Row {
  subject: string;
  lessons: Figure;
  participants: Figure;
  participation_rate: Figure;
  acts: Figure;
  acts_per_student_lesson: Figure;
  answer_correct_rate: Figure;
}
