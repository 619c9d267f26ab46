/**
 * The load of one class on one day against the limit of its grade.
 *
 * The limit speaks of written homework only, the total counts every form. So a total within the limit proves
 * that the limit is kept; a total above it is shown as what it is: the total above the line. Grades that are set
 * no written homework have no limit; there the share of pupils with written work decides.
 */
import type { DailyMinutes, SubjectMinutes } from "./rows";
import { isWeekend } from "./days";

export type Verdict =
  | { kind: "within"; limit: number; spare: number }
  | { kind: "over"; limit: number; excess: number }
  | { kind: "written"; share: number }
  | { kind: "no_written" }
  | { kind: "no_limit"; reason: "senior" | "weekend" | "not_school_day" }
  | { kind: "unknown" };

/** Senior grades are coded 31, 32 and 33. */
export const isSenior = (grade: string): boolean => grade.startsWith("3");

/** Grades 1 and 2 are coded 11 and 12. */
const isEarly = (grade: string): boolean => grade === "11" || grade === "12";

export function verdict(row: DailyMinutes, grade: string, day: string): Verdict {
  const { mean_minutes: total, limit_minutes: limit, written_share: written } = row;
  if (isEarly(grade)) {
    if (written === null || written === undefined) return { kind: "unknown" };
    return written > 0 ? { kind: "written", share: written } : { kind: "no_written" };
  }
  if (limit === null || limit === undefined) {
    if (isSenior(grade)) return { kind: "no_limit", reason: "senior" };
    return { kind: "no_limit", reason: isWeekend(day) ? "weekend" : "not_school_day" };
  }
  if (total === null || total === undefined) return { kind: "unknown" };
  return total > limit
    ? { kind: "over", limit, excess: total - limit }
    : { kind: "within", limit, spare: limit - total };
}

/** Whether a day is shown as over the limit; the same answer in every chart. */
export const isOver = (result: Verdict): boolean =>
  result.kind === "over" || result.kind === "written";

export interface Segment {
  subject: string;
  minutes: number;
  share: number | null;
  pieces: number | null;
}

/** One segment for each subject with minutes, the largest first. */
export function segments(rows: readonly SubjectMinutes[]): Segment[] {
  return rows
    .filter((row) => (row.minutes_per_student_day ?? 0) > 0)
    .map((row) => ({
      subject: row.subject,
      minutes: row.minutes_per_student_day ?? 0,
      share: row.share,
      pieces: row.pieces,
    }))
    .sort((a, b) => b.minutes - a.minutes || a.subject.localeCompare(b.subject));
}

export const totalOf = (parts: readonly Segment[]): number =>
  parts.reduce((sum, part) => sum + part.minutes, 0);

/** The upper end of the axis: room for the bar and the line, on a round number. */
export function axisEnd(total: number, limit: number | null): number {
  const needed = Math.max(total, limit ?? 0, 10) * 1.12;
  return Math.ceil(needed / 10) * 10;
}
