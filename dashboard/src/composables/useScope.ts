/**
 * What the policy page looks at: `?county=…&school=…&stage=…&grade=…&school_type=…&area=…&public=…&term=…&from=…&to=…&date=…&source=…&level=…`.
 * A term stands for its days: figures are asked for those.
 */
import { computed } from "vue";
import type { Query } from "../api";
import { isDay } from "../model/days";
import { LEVELS, SOURCES, type Level, type Source, type TermRow } from "../model/policy";
import { useAddress } from "./useAddress";

export type Scope = {
  county: string | null;
  school: string | null;
  stage: string | null;
  grade: string | null;
  school_type: string | null;
  /** 城区, 镇区 or 乡村 */
  area: string | null;
  public: string | null;
  /** whose first and last day are in `from` and `to` */
  term: string | null;
  from: string | null;
  to: string | null;
  /** the first day after a change, such as a rule coming into force */
  date: string | null;
  source: Source;
  level: Level;
};

export function scopeFrom(search: string): Scope {
  const params = new URLSearchParams(search);
  const day = (name: string): string | null => {
    const value = params.get(name);
    return isDay(value) ? value : null;
  };
  const text = (name: string): string | null => params.get(name) || null;
  const among = <T extends string>(name: string, all: readonly T[], usual: T): T =>
    all.find((one) => one === params.get(name)) ?? usual;
  return {
    county: text("county"),
    school: text("school"),
    stage: text("stage"),
    grade: text("grade"),
    school_type: text("school_type"),
    area: text("area"),
    public: text("public"),
    term: text("term"),
    from: day("from"),
    to: day("to"),
    date: day("date"),
    source: among("source", SOURCES, "all"),
    level: among("level", LEVELS, "grade"),
  };
}

/** What every figure on the page is asked for. */
const ASKED = [
  "county",
  "school",
  "stage",
  "grade",
  "school_type",
  "area",
  "public",
  "from",
  "to",
] as const;

/** A term's days, as the calendar has them; none: all days. */
export const daysOf = (
  term: string | null,
  terms: readonly TermRow[],
): Pick<Scope, "term" | "from" | "to"> => {
  const found = terms.find((one) => one.term === term);
  return { term, from: found?.first_day ?? null, to: found?.last_day ?? null };
};

export function useScope() {
  const { chosen, choose } = useAddress(scopeFrom);
  const query = computed<Query>(() => {
    const asked: Query = {};
    for (const name of ASKED) {
      const value = chosen[name];
      if (value) asked[name] = value;
    }
    return asked;
  });
  return { scope: chosen, choose, query };
}
