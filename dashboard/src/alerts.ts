/** Alerts of a class and its school: `GET /v1/alerts`, and taking note of one. */
import { asText, getJson, listIn, postJson, type Json, type Text } from "./api";

export type Severity = "info" | "warning" | "critical";

export interface Acknowledged {
  at: string;
  who: string;
  note: string;
}

export interface Alert {
  id: string;
  rule: string;
  title: Text;
  reason: Text;
  severity: Severity;
  class: string | null;
  raised: string;
  acknowledged: Acknowledged | null;
}

const text = (value: unknown): string => (typeof value === "string" ? value : "");

const severityOf = (value: unknown): Severity =>
  value === "critical" || value === "info" ? value : "warning";

function acknowledgedFrom(json: unknown): Acknowledged | null {
  if (typeof json !== "object" || json === null) return null;
  const { at, who, note } = json as Json;
  return { at: text(at), who: text(who), note: text(note) };
}

const alertFrom = (json: Json): Alert => ({
  id: text(json.id),
  rule: text(json.rule),
  title: asText(json.title) ?? { zh: text(json.rule), en: text(json.rule) },
  reason: asText(json.reason) ?? { zh: "", en: "" },
  severity: severityOf(json.severity),
  class: text(json.class) || null,
  raised: text(json.raised_at),
  acknowledged: acknowledgedFrom(json.acknowledged),
});

export const alertsPath = (school: string, klass: string): string =>
  `/v1/alerts?${new URLSearchParams({ open: "true", school, class: klass })}`;

const RANK: Record<Severity, number> = { critical: 0, warning: 1, info: 2 };

/** The open alerts at an address: what nobody has taken note of first, then the gravest. */
export async function fetchAlerts(path: string): Promise<Alert[]> {
  const alerts = listIn(await getJson(path), "alerts").map(alertFrom);
  const order = (alert: Alert): number => (alert.acknowledged ? 10 : 0) + RANK[alert.severity];
  return alerts.sort((one, other) => order(one) - order(other));
}

export async function acknowledgeAlert(id: string, who: string): Promise<void> {
  await postJson(`/v1/alerts/${encodeURIComponent(id)}/acknowledge`, { who });
}
