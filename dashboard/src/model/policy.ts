/** What the policy page makes of the server's rows: it places them, and computes no figure of its own. */
import type { Row } from "../api";
import type { ClassRow } from "./rows";

export const SOURCES = ["all", "measured", "reported", "estimated"] as const;
export type Source = (typeof SOURCES)[number];

export const LEVELS = [
  "grade",
  "stage",
  "county",
  "school_type",
  "area",
  "public",
  "school",
] as const;
export type Level = (typeof LEVELS)[number];

type Figure = number | null;

/** workload/daily_minutes by any dimension */
export interface LoadRow extends Row {
  day?: string;
  minutes_source?: string;
  students: Figure;
  mean_minutes: Figure;
  median_minutes: Figure;
  p90_minutes: Figure;
  limit_minutes: Figure;
  over_limit_share: Figure;
  written_share: Figure;
  coverage: Figure;
}

/** directory/terms */
export interface TermRow extends Row {
  term: string;
  first_day: string;
  last_day: string;
  school_days: Figure;
}

/** The areas of the code set urban_rural, which names them in Chinese only. */
export const AREAS: Readonly<Record<string, "city" | "town" | "village">> = {
  城区: "city",
  镇区: "town",
  乡村: "village",
};

/** A stage of a school, and by what it can be chosen. */
export interface Place {
  county: string;
  school: string;
  school_type: string;
  area: string;
  public: string;
  stage: string;
}
export const PLACE = ["county", "school", "school_type", "area", "public", "stage"] as const;

export const placeOf = (row: Row): Place => {
  const texts = PLACE.map((name) => [name, String(row[name] ?? "")]);
  return Object.fromEntries(texts) as unknown as Place;
};

/** The values of a property among the schools that the other choices leave, in the order of their codes. */
export function choices(
  places: readonly Place[],
  chosen: Readonly<Partial<Record<keyof Place, string | null>>>,
  of: keyof Place,
): string[] {
  const left = places.filter((place) =>
    PLACE.every((name) => name === of || !chosen[name] || place[name] === chosen[name]),
  );
  return [...new Set(left.map((place) => place[of]))].filter(Boolean).sort();
}

/** workload/subject_minutes by school and subject */
export interface SubjectRow extends Row {
  school: string;
  subject: string;
  minutes_per_student_day: Figure;
}

export interface DayPoint {
  day: string;
  mean: Figure;
  limit: Figure;
  coverage: Figure;
  suppressed: boolean;
}

/** The rows of one source of minutes: each source apart, or all three together. */
export const ofSource = (rows: readonly LoadRow[], source: Source): LoadRow[] =>
  rows.filter((row) => (row.minutes_source ?? "all") === source);

/** The days of one source of minutes, in their order. */
export function dayPoints(rows: readonly LoadRow[], source: Source): DayPoint[] {
  return ofSource(rows, source)
    .filter((row) => row.day !== undefined)
    .map((row) => ({
      day: row.day ?? "",
      mean: row.mean_minutes,
      limit: row.limit_minutes,
      coverage: row.coverage,
      suppressed: row.suppressed === true,
    }))
    .sort((a, b) => a.day.localeCompare(b.day));
}

/** The limit that all days with a limit share; null when they differ, as between grades. */
export function commonLimit(points: readonly DayPoint[]): number | null {
  const limits = new Set(points.flatMap((point) => (point.limit === null ? [] : [point.limit])));
  const [only] = limits;
  return limits.size === 1 && only !== undefined ? only : null;
}

export interface HeatTable {
  subjects: string[];
  schools: { school: string; cells: { value: Figure; suppressed: boolean; depth: number }[] }[];
  highest: number;
}

/** Schools in the order of their codes; a cell's depth is its part of the highest value, for its colour. */
export function heatTable(rows: readonly SubjectRow[]): HeatTable {
  const subjects = [...new Set(rows.map((row) => row.subject))].sort();
  const schools = [...new Set(rows.map((row) => row.school))].sort();
  const found = new Map(rows.map((row) => [`${row.school} ${row.subject}`, row]));
  const highest = Math.max(0, ...rows.map((row) => row.minutes_per_student_day ?? 0));
  const cell = (school: string, subject: string) => {
    const row = found.get(`${school} ${subject}`);
    const value = row?.minutes_per_student_day ?? null;
    return {
      value,
      suppressed: row?.suppressed === true,
      depth: value === null || highest === 0 ? 0 : value / highest,
    };
  };
  return {
    subjects,
    schools: schools.map((school) => ({
      school,
      cells: subjects.map((subject) => cell(school, subject)),
    })),
    highest,
  };
}

/** The names of schools by their codes. */
export const schoolNames = (rows: readonly ClassRow[]): Map<string, string> =>
  new Map(rows.map((row) => [row.school, row.school_name ?? row.school]));
