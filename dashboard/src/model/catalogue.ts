/** What the catalogue makes of the server's list of figures. */
import type { Cell, CodeTitle, Metric, Text } from "../api";
import { asText } from "../api";
import { count, decimal, minutes, percent, UNKNOWN } from "../format";

/** Figures whose names, words or columns have all the words that are looked for, in any language. */
export function matching(metrics: readonly Metric[], search: string): Metric[] {
  const words = search.toLowerCase().split(/\s+/).filter(Boolean);
  const textOf = (text: Text | null): string => (text ? `${text.zh} ${text.en}` : "");
  return metrics.filter((metric) => {
    const columns = metric.columns.map((column) => `${column.name} ${textOf(column.title)}`);
    const all = [
      metric.name,
      textOf(metric.title),
      textOf(metric.description),
      textOf(metric.source),
    ];
    const text = [...all, ...columns].join(" ").toLowerCase();
    return words.every((word) => text.includes(word));
  });
}

/** Figures by their folder, in the order in which the folders come. */
export function grouped(metrics: readonly Metric[]): [string, Metric[]][] {
  const groups = new Map<string, Metric[]>();
  for (const metric of metrics) {
    const group = metric.name.split("/")[0] ?? "";
    groups.set(group, [...(groups.get(group) ?? []), metric]);
  }
  return [...groups];
}

/** The code sets with limits that a figure's SQL reads. */
export function limitSets(sql: string): string[] {
  const named = [...sql.matchAll(/code_(\w*limits|bedtimes|pe_lessons|first_lessons)\b/g)];
  return [...new Set(named.map((match) => match[1] ?? ""))];
}

export interface Limit {
  title: Text;
  value: string;
  since: string;
  certainty: string;
  document: string;
}

const ABOUT = ["certainty", "document"];

/** The first day from which any of the limits holds; empty where none says it. */
export const sinceOf = (limits: readonly Limit[]): string =>
  limits
    .map((limit) => limit.since)
    .filter(Boolean)
    .sort()[0] ?? "";

/** The entries of a set of limits with what they say beside their titles. */
export function limitsOf(codes: readonly CodeTitle[]): Limit[] {
  return codes.map(({ title, more }) => {
    const attributes = (more.attributes ?? {}) as Record<string, unknown>;
    const values = Object.entries(attributes).filter(([name]) => !ABOUT.includes(name));
    const [only] = values;
    const document = asText(attributes.document);
    return {
      title,
      value:
        values.length === 1 && only
          ? String(only[1])
          : values.map(([name, value]) => `${name} ${String(value)}`).join(" · "),
      since: typeof more.valid_from === "string" ? more.valid_from : "",
      certainty: String(attributes.certainty ?? ""),
      document: document?.zh ?? "",
    };
  });
}

/** A cell as it is shown in an example. */
export function cellText(value: Cell | undefined, unit: string | null): string {
  if (value === null || value === undefined) return UNKNOWN;
  if (typeof value !== "number") return String(value);
  if (unit === "share") return percent(value);
  if (unit === "min") return minutes(value);
  return unit === "1" && Number.isInteger(value) ? count(value) : decimal(value);
}
