import { flushPromises, mount } from "@vue/test-utils";
import { afterEach, beforeEach, expect, test, vi } from "vitest";
import { alertsPath, fetchAlerts, type Alert } from "../src/alerts";
import AlertsPanel from "../src/components/AlertsPanel.vue";
import { emptyResource, type Resource } from "../src/composables/useResource";
import { setLang } from "../src/i18n";

const alert = (change: Partial<Alert> = {}): Alert => ({
  id: "7",
  rule: "attendance/illness_cluster",
  title: { zh: "病假聚集", en: "Illness cluster" },
  reason: { zh: "三例", en: "three cases" },
  severity: "critical",
  class: "c1",
  raised: "2026-11-20T10:00:00Z",
  acknowledged: null,
  ...change,
});

const ready = (alerts: Alert[]): Resource<Alert[]> =>
  Object.assign(emptyResource<Alert[]>(), { state: "ready", data: alerts });

const panel = (alerts: Alert[]) => mount(AlertsPanel, { props: { alerts: ready(alerts) } });

beforeEach(() => {
  setLang("zh");
  localStorage.clear();
});
afterEach(() => vi.unstubAllGlobals());

test("alerts are asked for by class, unseen and grave ones first", async () => {
  const seen = { at: "2026-11-20T11:00:00Z", who: "王老师", note: "" };
  const json = (id: string, severity: string, acknowledged: unknown = null) => ({
    id,
    rule: "r",
    title: { zh: "标", en: "t" },
    reason: { zh: "因", en: "w" },
    severity,
    raised_at: "2026-11-20T10:00:00Z",
    acknowledged,
  });
  const body = { alerts: [json("1", "critical", seen), json("2", "info"), json("3", "critical")] };
  const asked = vi.fn(async (_path: string) => new Response(JSON.stringify(body)));
  vi.stubGlobal("fetch", asked);
  const alerts = await fetchAlerts(alertsPath("s1", "五 1"));
  expect(asked.mock.calls[0]?.[0]).toBe("/v1/alerts?open=true&school=s1&class=%E4%BA%94+1");
  expect(alerts.map((one) => one.id)).toEqual(["3", "2", "1"]);
  expect(alerts[2]?.acknowledged).toEqual(seen);
});

test("the bell counts, and opens the list in both languages", async () => {
  const one = panel([
    alert(),
    alert({ id: "8", severity: "info", acknowledged: { at: "", who: "李", note: "" } }),
  ]);
  const bell = one.get("[data-testid=alerts-bell]");
  expect(bell.text()).toBe("2 条预警，1 条未确认");
  expect(bell.attributes("data-grave")).toBe("true");
  expect(one.find("[data-testid=alert-7]").exists()).toBe(false);
  await bell.trigger("click");
  expect(one.get("[data-testid=alert-7]").text()).toContain("紧急");
  expect(one.get("[data-testid=alert-8] [data-testid=alert-acknowledged]").text()).toContain("李");
  setLang("en");
  await flushPromises();
  expect(one.get("[data-testid=alert-7]").text()).toContain("three cases");
  expect(panel([]).get("[data-testid=alerts-bell]").text()).toBe("No open alerts");
});

test("an alert is acknowledged by somebody, who is remembered", async () => {
  const sent = vi.fn(async (_path: string, _init: RequestInit) => new Response("{}"));
  vi.stubGlobal("fetch", sent);
  const one = panel([alert()]);
  await one.get("[data-testid=alerts-bell]").trigger("click");
  await one.get("[data-testid=alert-acknowledge]").trigger("click");
  await one.get("[data-testid=alert-who]").setValue("王老师");
  await one.get("form").trigger("submit");
  await flushPromises();
  const [path, init] = sent.mock.calls[0] ?? [];
  expect(path).toBe("/v1/alerts/7/acknowledge");
  expect([init?.method, init?.body]).toEqual(["POST", '{"who":"王老师"}']);
  expect(one.emitted("changed")).toHaveLength(1);
  expect(localStorage.getItem("xueqing.who")).toBe("王老师");
});

test("a refusal is said", async () => {
  const body = {
    title_zh: "预警已解除",
    title_en: "the alert is resolved",
    code: "alert_resolved",
  };
  vi.stubGlobal("fetch", async () => new Response(JSON.stringify(body), { status: 409 }));
  const one = panel([alert()]);
  await one.get("[data-testid=alerts-bell]").trigger("click");
  await one.get("[data-testid=alert-acknowledge]").trigger("click");
  await one.get("[data-testid=alert-who]").setValue("王老师");
  await one.get("form").trigger("submit");
  await flushPromises();
  expect(one.get("[role=alert]").text()).toBe("预警已解除");
  expect(one.emitted("changed")).toBeUndefined();
});
