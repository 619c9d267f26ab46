/** The doors that say whether something worked: `GET /v1/policy/…`. Every answer is of one published figure. */
import { getJson, type Cell, type Column, type Query, type Text } from "./api";

export interface Estimate {
  value: number;
  standard_error: number;
  low: number;
  high: number;
  p_value: number;
}

export interface Found<T> {
  metric: string;
  title: Text;
  column: Column;
  params: Record<string, Cell>;
  as_of: Record<string, number>;
  result: T;
}

export interface StudyPoint {
  day: string;
  value: number;
  fitted: number;
  counterfactual: number | null;
  counterfactual_low: number | null;
  counterfactual_high: number | null;
}

export interface Interrupted {
  date: string;
  confidence: number;
  n_before: number;
  n_after: number;
  coverage: number;
  level_change: Estimate;
  slope_change: Estimate;
  mean_effect: Estimate;
  points: StudyPoint[];
}

export interface Changes {
  changes: { day: string; first_day: string; last_day: string; size: Estimate }[];
}

export interface Forecast {
  confidence: number;
  tried: number;
  held: number;
  days: { day: string; value: number; low: number; high: number }[];
}

/** What was found, or why nothing was. */
export interface Told<T> {
  found: T | null;
  refused: { code: string; zh: string; en: string } | null;
}

export interface Agreement {
  n: number;
  coverage: number;
  bias: Estimate;
  lower_limit: Estimate;
  upper_limit: Estimate;
  concordance: Estimate;
}

export type MinutesSource = "measured" | "reported" | "estimated";

export interface Sources {
  confidence: number;
  pairs: { one: MinutesSource; other: MinutesSource; agreement: Told<Agreement> }[];
}

/** How long a pupil's day would take if the homework system did not close: an estimate. */
export interface Unclosed {
  confidence: number;
  n: number;
  cut_off: number;
  cut_off_share: number;
  recorded_mean: number;
  restricted_mean: Estimate;
  restricted_to: number;
  median: Told<Estimate>;
  p90: Told<Estimate>;
}

export type Quadrant =
  "light_good" | "heavy_good" | "light_poor" | "heavy_poor" | "uncertain" | "withheld";

export interface Placed {
  names: string[];
  quadrant: Quadrant;
  place: {
    load: Estimate;
    quality: Estimate;
    shrunk_load: number;
    shrunk_quality: number;
    chance: number;
    load_students: number;
    quality_students: number;
  } | null;
}

export interface Picture {
  confidence: number;
  lines: { load: number; quality: number };
  n: number;
  coverage: number;
  rank_correlation: Estimate;
  units: Placed[];
}

export type Door = "interrupted" | "changes" | "forecast" | "quadrants" | "agreement" | "censored";

export function policyPath(door: Door, query: Query, more: Record<string, string> = {}): string {
  const search = new URLSearchParams(more);
  for (const [name, value] of Object.entries(query)) {
    if (typeof value === "string") search.set(name, value);
  }
  const text = search.toString();
  return `/v1/policy/${door}${text ? `?${text}` : ""}`;
}

export const fetchFound = async <T>(path: string): Promise<Found<T>> =>
  (await getJson(path)) as Found<T>;
