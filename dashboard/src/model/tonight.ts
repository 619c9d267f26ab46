/**
 * Tonight's homework before it happens: what is expected, how sure that is, and whether the limit is likely to be broken.
 *
 * The verdict is the figure's own warning; the page never judges by itself. The limit is of written homework, the bar holds all
 * of it, so the written part is marked in the bar and the line is for it.
 */
import type { Tonight, TonightPiece } from "./rows";
import { isNumber } from "./state";

export type Outlook = "over" | "risk" | "none" | "no_limit" | "no_written" | "unknown";

export function outlook(row: Tonight): Outlook {
  const { warning, limit_minutes: limit, written_minutes: written } = row;
  if (warning === "none" && limit === 0 && written === 0) return "no_written";
  if (warning === "over" || warning === "risk" || warning === "none") return warning;
  return isNumber(row.expected_minutes) && limit === null ? "no_limit" : "unknown";
}

/** Whether the page warns. */
export const warns = (value: Outlook): boolean => value === "over" || value === "risk";

/** Places in the bar, in per cent of its width. */
export interface Bar {
  written: number;
  rest: number;
  low: number | null;
  high: number | null;
  limit: number | null;
}

export function bar(row: Tonight): Bar | null {
  const { expected_minutes: expected, written_minutes: written, limit_minutes: limit } = row;
  if (!isNumber(expected)) return null;
  const known = [expected, row.high_minutes, limit, 10].filter(isNumber);
  const end = Math.max(...known) * 1.08;
  const place = (value: number | null): number | null =>
    isNumber(value) ? (100 * value) / end : null;
  const part = Math.min(written ?? 0, expected);
  return {
    written: place(part) ?? 0,
    rest: place(expected - part) ?? 0,
    low: place(row.low_minutes),
    high: place(row.high_minutes),
    limit: place(limit),
  };
}

/** Pieces in the order in which they weigh; what is not known comes last. */
export const byWeight = (pieces: readonly TonightPiece[]): TonightPiece[] =>
  [...pieces].sort(
    (a, b) =>
      (b.expected_minutes ?? -1) - (a.expected_minutes ?? -1) ||
      a.assignment.localeCompare(b.assignment),
  );
