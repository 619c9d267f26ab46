/** What the policy page looks at: `?county=…&school=…&grade=…&from=…&to=…&date=…&source=…&level=…`. */
import { computed } from "vue";
import type { Query } from "../api";
import { isDay } from "../model/days";
import { LEVELS, SOURCES, type Level, type Source } from "../model/policy";
import { useAddress } from "./useAddress";

export type Scope = {
  county: string | null;
  school: string | null;
  grade: string | null;
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
  const among = <T extends string>(name: string, all: readonly T[], usual: T): T =>
    all.find((one) => one === params.get(name)) ?? usual;
  return {
    county: params.get("county") || null,
    school: params.get("school") || null,
    grade: params.get("grade") || null,
    from: day("from"),
    to: day("to"),
    date: day("date"),
    source: among("source", SOURCES, "all"),
    level: among("level", LEVELS, "grade"),
  };
}

export function useScope() {
  const { chosen, choose } = useAddress(scopeFrom);
  /** what every figure on the page is asked for */
  const query = computed<Query>(() => {
    const asked: Query = {};
    for (const name of ["county", "school", "grade", "from", "to"] as const) {
      const value = chosen[name];
      if (value) asked[name] = value;
    }
    return asked;
  });
  return { scope: chosen, choose, query };
}
