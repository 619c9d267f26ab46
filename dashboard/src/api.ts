/**
 * The one door to the figures: `GET /v1/metrics` and `GET /v1/metrics/{name}`.
 *
 * Promises: a figure is handed on exactly as the server gave it; every failure arrives as a `Problem`
 * (RFC 9457), also when the network fails or the answer is not JSON. Code titles come from `/v1/codes/{set}`.
 */

export interface Text {
  zh: string;
  en: string;
}

export interface Column {
  name: string;
  title: Text;
  unit: string | null;
}

/** One cell; `null` is "unknown" or "suppressed", never zero. */
export type Cell = string | number | boolean | null;

export interface Row {
  suppressed?: boolean;
  [column: string]: Cell | undefined;
}

export interface Answer<R extends Row = Row> {
  metric: string;
  title: Text;
  unit: string | null;
  by: string[];
  params: Record<string, Cell>;
  as_of: Record<string, number>;
  columns: Column[];
  rows: R[];
}

/** A metric's metadata, as listed by `GET /v1/metrics`. */
export interface Metric {
  name: string;
  title: Text;
  description: Text;
  unit: string | null;
  /** what one value stands for before it is summed up */
  grain: Text | null;
  /** the document or method that it follows */
  source: Text | null;
  dimensions: Named[];
  defaultBy: string[];
  params: Param[];
  columns: Column[];
  sql: string;
}

export interface Named {
  name: string;
  title: Text;
}

export interface Param extends Named {
  /** `text`, `date`, `integer` or `number` */
  type: string;
  /** what it is when the request does not say */
  default: string | null;
}

export interface CodeTitle {
  code: string;
  title: Text;
  /** what else the set says of the code */
  more: Json;
}

const PARAMS = [
  "county",
  "school",
  "stage",
  "grade",
  "class",
  "school_type",
  "area",
  "public",
  "from",
  "to",
] as const;

export type Query = { by?: readonly string[] } & Partial<Record<(typeof PARAMS)[number], string>>;

/** RFC 9457, with the title in both languages. */
export class Problem extends Error {
  constructor(
    readonly status: number,
    readonly code: string,
    readonly title: Text,
    readonly detail: string | null,
  ) {
    super(detail ?? title.en);
    this.name = "Problem";
  }
}

const UNREACHABLE: Text = { zh: "无法连接服务", en: "The service cannot be reached" };
const UNREADABLE: Text = { zh: "无法读取服务的回答", en: "The service's answer could not be read" };

export type Json = Record<string, unknown>;

const isObject = (value: unknown): value is Json =>
  typeof value === "object" && value !== null && !Array.isArray(value);

const asString = (value: unknown): string | null =>
  typeof value === "string" && value !== "" ? value : null;

/** Reads `{zh, en}`, or one text for both languages. */
export function asText(value: unknown): Text | null {
  if (typeof value === "string" && value !== "") return { zh: value, en: value };
  if (!isObject(value)) return null;
  const zh = asString(value.zh);
  const en = asString(value.en);
  return zh || en ? { zh: zh ?? en ?? "", en: en ?? zh ?? "" } : null;
}

function problemFrom(status: number, body: unknown): Problem {
  const fallback: Text = { zh: `服务返回错误 ${status}`, en: `The service answered ${status}` };
  if (!isObject(body)) return new Problem(status, "http", fallback, null);
  const title = asText(body.title) ?? fallback;
  const zh = asString(body.title_zh) ?? title.zh;
  const en = asString(body.title_en) ?? title.en;
  const detail = asString(body.detail);
  return new Problem(status, asString(body.code) ?? "http", { zh, en }, detail);
}

export const getJson = (path: string): Promise<unknown> => askJson(path, {});

export const postJson = (path: string, body: unknown): Promise<unknown> =>
  askJson(path, {
    method: "POST",
    headers: { "content-type": "application/json" },
    body: JSON.stringify(body),
  });

async function askJson(path: string, init: RequestInit): Promise<unknown> {
  let response: Response;
  try {
    response = await fetch(path, {
      ...init,
      headers: { accept: "application/json", ...init.headers },
    });
  } catch {
    throw new Problem(0, "unreachable", UNREACHABLE, null);
  }
  const body: unknown = await response.json().catch(() => undefined);
  if (!response.ok) throw problemFrom(response.status, body);
  if (body === undefined) throw new Problem(response.status, "unreadable", UNREADABLE, path);
  return body;
}

/** Where the server tells of changes in a class. */
export const livePath = (school: string, klass: string): string =>
  `/v1/live?${new URLSearchParams({ school, class: klass })}`;

/** The address of a figure; the same address opens it outside this page. */
export function metricPath(name: string, query: Query): string {
  const search = new URLSearchParams();
  if (query.by?.length) search.set("by", query.by.join(","));
  for (const key of PARAMS) {
    const value = query[key];
    if (value !== undefined) search.set(key, value);
  }
  const text = search.toString();
  return `/v1/metrics/${name}${text ? `?${text}` : ""}`;
}

export async function fetchMetric<R extends Row>(name: string, query: Query): Promise<Answer<R>> {
  const path = metricPath(name, query);
  const body = await getJson(path);
  if (!isObject(body) || !Array.isArray(body.rows) || !Array.isArray(body.columns)) {
    throw new Problem(200, "unreadable", UNREADABLE, path);
  }
  return body as unknown as Answer<R>;
}

export const listIn = (body: unknown, key: string): Json[] => {
  const list = Array.isArray(body) ? body : isObject(body) ? body[key] : undefined;
  return Array.isArray(list) ? list.filter(isObject) : [];
};

const namedFrom = (json: Json): Named => {
  const name = asString(json.name) ?? "";
  return { name, title: asText(json.title) ?? { zh: name, en: name } };
};

const paramFrom = (json: Json): Param => ({
  ...namedFrom(json),
  type: asString(json.type) ?? "text",
  default: asString(json.default),
});

const columnFrom = (json: Json): Column => ({ ...namedFrom(json), unit: asString(json.unit) });

export async function fetchMetrics(): Promise<Metric[]> {
  return listIn(await getJson("/v1/metrics"), "metrics").map((json) => {
    const name = asString(json.name) ?? asString(json.metric) ?? "";
    const title = asText(json.title) ?? { zh: name, en: name };
    return {
      name,
      title,
      description: asText(json.description) ?? title,
      unit: asString(json.unit),
      grain: asText(json.grain),
      source: asText(json.source),
      dimensions: listIn(json.dimensions, "dimensions").map(namedFrom),
      defaultBy: Array.isArray(json.default_by) ? json.default_by.map(String) : [],
      params: listIn(json.params, "params").map(paramFrom),
      columns: listIn(json.columns, "columns").map(columnFrom),
      sql: asString(json.sql) ?? "",
    };
  });
}

export async function fetchCodes(set: string): Promise<CodeTitle[]> {
  return listIn(await getJson(`/v1/codes/${set}`), "entries").map((json) => {
    const code = asString(json.code) ?? "";
    return { code, title: asText(json.title) ?? { zh: code, en: code }, more: json };
  });
}
