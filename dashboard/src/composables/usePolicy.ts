/** What the policy page asks for: one figure each, all at once, in the scope and days that are chosen. */
import { computed, type ComputedRef } from "vue";
import { fetchMetric, metricPath, type Answer, type Query, type Row } from "../api";
import { PLACE, type LoadRow, type SubjectRow, type TermRow } from "../model/policy";
import {
  fetchFound,
  policyPath,
  type Changes,
  type Door,
  type Forecast,
  type Found,
  type Interrupted,
  type Picture,
  type Sources,
  type Unclosed,
} from "../policy";
import type { Scope } from "./useScope";
import { useResource, type Resource } from "./useResource";

const LOAD = "workload/daily_minutes";
/** Looks at the schools of a scope together, whatever school is chosen. */
export const BETWEEN = "workload/equity";

export type GlanceRow = Row & Record<string, number | null | boolean | undefined>;

/** A number of the page's first card: which column of which figure, and how it reads. */
export interface Tile {
  name: string;
  label:
    | "policy.mean"
    | "policy.overShare"
    | "policy.classDays"
    | "policy.noHomework"
    | "policy.exams"
    | "policy.late"
    | "policy.afterSchool"
    | "policy.published"
    | "policy.cv";
  metric: string;
  column: string;
  kind: "minutes" | "share" | "decimal";
  coverage: string | null;
}

const tile = (
  name: string,
  label: Tile["label"],
  metric: string,
  column: string,
  kind: Tile["kind"],
  coverage: string | null,
): Tile => ({ name, label, metric, column, kind, coverage });

export const TILES: Tile[] = [
  tile("glance-mean", "policy.mean", LOAD, "mean_minutes", "minutes", "coverage"),
  tile("glance-over", "policy.overShare", LOAD, "over_limit_share", "share", "coverage"),
  tile(
    "glance-class-days",
    "policy.classDays",
    "workload/compliance",
    "class_days_within_share",
    "share",
    "coverage",
  ),
  tile("glance-late", "policy.late", "homework/late_night", "late_share", "share", "coverage"),
  tile(
    "glance-published",
    "policy.published",
    "homework/publication",
    "publication_rate",
    "share",
    "coverage",
  ),
  tile(
    "glance-no-homework",
    "policy.noHomework",
    "homework/no_homework_days",
    "kept_share",
    "share",
    null,
  ),
  tile("glance-exams", "policy.exams", "exam/frequency", "mean_exams", "decimal", null),
  tile(
    "glance-after-school",
    "policy.afterSchool",
    "after_school/service",
    "participation",
    "share",
    "hours_coverage",
  ),
  tile("glance-cv", "policy.cv", "workload/equity", "school_cv", "decimal", "coverage"),
];

export function usePolicy(scope: Scope, query: ComputedRef<Query>) {
  const metric = <R extends Row>(name: string, by: readonly string[], asked = query) =>
    useResource<Answer<R>>(() => {
      const full = { ...asked.value, by };
      return { key: metricPath(name, full), load: () => fetchMetric<R>(name, full) };
    });
  const found = <T>(door: Door, more: () => Record<string, string> | null) =>
    useResource<Found<T>>(() => {
      const asked = more();
      if (!asked) return null;
      const key = policyPath(door, query.value, asked);
      return { key, load: () => fetchFound<T>(key) };
    });

  /** the variation is one between schools, whatever school is looked at */
  const between = computed<Query>(() => {
    const { school: _, ...rest } = query.value;
    return rest;
  });
  /** of all sources together, or of each apart */
  const bySource = (dimension: () => string) =>
    useResource<Answer<LoadRow>>(() => {
      const by = scope.source === "all" ? [dimension()] : [dimension(), "minutes_source"];
      const full = { ...query.value, by };
      return { key: metricPath(LOAD, full), load: () => fetchMetric<LoadRow>(LOAD, full) };
    });
  const days = bySource(() => "day");
  const levels = bySource(() => scope.level);
  const schools = metric<LoadRow>(LOAD, ["school"], between);
  const heat = metric<SubjectRow>("workload/subject_minutes", ["school", "subject"]);
  const everything = computed<Query>(() => ({}));
  /** every school with what it can be chosen by, whatever is chosen */
  const places = metric<LoadRow>(LOAD, PLACE, everything);
  const terms = metric<TermRow>("directory/terms", [], everything);

  const study = { metric: LOAD };
  const interrupted = found<Interrupted>("interrupted", () =>
    scope.date ? { ...study, date: scope.date } : null,
  );
  const changes = found<Changes>("changes", () => study);
  const forecast = found<Forecast>("forecast", () => ({ ...study, ahead: "15" }));
  const quadrants = found<Picture>("quadrants", () => (scope.term ? { term: scope.term } : {}));
  // Last: some of them take the longest, and a browser asks for a few things at a time.
  const glance = new Map<string, ReturnType<typeof metric<GlanceRow>>>();
  for (const { metric: name } of TILES) {
    if (!glance.has(name)) {
      glance.set(name, metric<GlanceRow>(name, ["all"], name === BETWEEN ? between : query));
    }
  }

  // These read single pupils' records, and take longer still.
  const agreement = found<Sources>("agreement", () => ({}));
  const censored = found<Unclosed>("censored", () => ({}));

  const all = [
    ...glance.values(),
    days,
    levels,
    schools,
    heat,
    interrupted,
    changes,
    forecast,
    quadrants,
    agreement,
    censored,
  ];
  const resources: Record<string, Resource<Answer<GlanceRow>>> = {};
  for (const [name, one] of glance) resources[name] = one.resource;
  return {
    glance: resources,
    days: days.resource,
    levels: levels.resource,
    schools: schools.resource,
    heat: heat.resource,
    interrupted: interrupted.resource,
    changes: changes.resource,
    forecast: forecast.resource,
    quadrants: quadrants.resource,
    agreement: agreement.resource,
    censored: censored.resource,
    reload: () => void Promise.all(all.map((one) => one.reload())),
    places: places.resource,
    terms: terms.resource,
  };
}
