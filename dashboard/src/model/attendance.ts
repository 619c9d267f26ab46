/** Chronic absence looks back over school days, not calendar days. */
import type { Attendance } from "./rows";

/** School days that the figure looks back over. */
export const WINDOW = 20;

/** Calendar days to search for them: a long holiday lies in between. */
export const SEARCH_DAYS = 75;

/** The last `WINDOW` days with recorded checkpoints, oldest first. */
export function schoolDays(rows: readonly Attendance[]): Attendance[] {
  return rows
    .filter(
      (row) => row.day !== undefined && (row.suppressed === true || (row.checkpoints ?? 0) > 0),
    )
    .sort((a, b) => (a.day ?? "").localeCompare(b.day ?? ""))
    .slice(-WINDOW);
}
