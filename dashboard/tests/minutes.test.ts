import { mount } from "@vue/test-utils";
import { describe, expect, test, vi } from "vitest";
import { Problem } from "../src/api";
import MinutesCard from "../src/components/policy/MinutesCard.vue";
import ScopePicker from "../src/components/policy/ScopePicker.vue";
import { emptyResource } from "../src/composables/useResource";
import { scopeFrom } from "../src/composables/useScope";
import { setLang, type Lang } from "../src/i18n";
import { placeOf } from "../src/model/policy";
import type { Estimate, Found, Sources, Unclosed } from "../src/policy";

const estimate = (value: number): Estimate => ({
  value,
  standard_error: 1,
  low: value - 2,
  high: value + 2,
  p_value: 0.01,
});
const found = <T>(result: T) => ({ result }) as unknown as Found<T>;

const UNCLOSED: Unclosed = {
  confidence: 0.95,
  n: 120,
  cut_off: 30,
  cut_off_share: 0.25,
  recorded_mean: 52,
  restricted_mean: estimate(57.5),
  restricted_to: 84,
  median: { found: estimate(55), refused: null },
  p90: {
    found: null,
    refused: { code: "not_reached", zh: "系统关闭过早", en: "closed too early" },
  },
};
const SOURCES: Sources = {
  confidence: 0.95,
  pairs: [
    {
      one: "measured",
      other: "reported",
      agreement: { found: null, refused: { code: "small_group", zh: "人数过少", en: "too few" } },
    },
    {
      one: "measured",
      other: "estimated",
      agreement: {
        found: {
          n: 40,
          coverage: 0.8,
          bias: estimate(-3.2),
          lower_limit: estimate(-20),
          upper_limit: estimate(13.6),
          concordance: { ...estimate(0.4), low: 0.3, high: 0.5 },
        },
        refused: null,
      },
    },
  ],
};

function card(lang: Lang, refusal: Problem | null = null) {
  setLang(lang);
  const censored = emptyResource<Found<Unclosed>>();
  if (refusal) Object.assign(censored, { state: "error", problem: refusal });
  else Object.assign(censored, { state: "ready", data: found(UNCLOSED) });
  const agreement = emptyResource<Found<Sources>>();
  Object.assign(agreement, { state: "ready", data: found(SOURCES) });
  return mount(MinutesCard, { props: { agreement, censored } });
}

describe("minutes that were cut off", () => {
  test("are an estimate with its interval, its share and its reason where there is none", () => {
    const shown = card("zh");
    expect(shown.get('[data-testid="unclosed-mean"]').attributes("data-value")).toBe("57.5");
    expect(shown.get('[data-testid="cut-off-share"]').text()).toBe("25%");
    expect(shown.get('[data-testid="unclosed-p90"]').text()).toBe("—");
    expect(shown.text()).toContain("系统关闭过早");
    expect(shown.text()).toContain("95% 区间 55.5 … 59.5");
    expect(shown.findAll("em").map((one) => one.text())).toEqual(["估计", "估计"]);
    expect(card("en").text()).toContain("closed too early");
  });

  test("that cannot be estimated say why, and leave the sources on the page", () => {
    const problem = new Problem(
      422,
      "not_answerable",
      { zh: "无法回答", en: "No answer" },
      "small_group: 3 values · 只有 3 个值",
    );
    const shown = card("zh", problem);
    expect(shown.get('[data-testid="unclosed-refused"]').text()).toContain("只有 3 个值");
    expect(shown.findAll('[data-testid="agreement"] tbody tr')).toHaveLength(2);
  });
});

test("sources that agree, and those of which nothing can be said", () => {
  const rows = card("en").findAll('[data-testid="agreement"] tbody tr');
  expect(rows[0]?.text()).toContain("too few");
  const cells = rows[1]?.findAll("td[data-value]").map((one) => one.attributes("data-value"));
  expect(cells).toEqual(["-3.2", "0.4", "40"]);
});

test("choosing a term chooses its days, a grade leaves its stage, other days leave the term", async () => {
  setLang("zh");
  const chosen = vi.fn();
  const row = { county: "1", school: "a", school_type: "211", area: "城区", public: "public" };
  const picker = mount(ScopePicker, {
    props: {
      scope: scopeFrom("?stage=primary&area=山区"),
      places: [placeOf({ ...row, stage: "primary" })],
      grades: ["13"],
      terms: [
        { term: "t1", first_day: "2026-09-01", last_day: "2027-01-22", school_days: 98 },
        { term: "t2", first_day: "2027-02-20", last_day: "2027-07-01", school_days: 90 },
      ],
      nameOf: (_: string, code: string) => code,
      onChoose: chosen,
    },
  });
  const pick = (name: string) => picker.get(`[data-testid="pick-${name}"]`);
  expect(
    pick("term")
      .findAll("option")
      .map((one) => one.text()),
  ).toEqual(["全部", "t2", "t1"]);
  await pick("term").setValue("t1");
  await pick("grade").setValue("13");
  await pick("from").setValue("2026-10-01");
  expect(chosen.mock.calls.map(([change]) => change)).toEqual([
    { term: "t1", from: "2026-09-01", to: "2027-01-22" },
    { grade: "13", stage: null },
    { from: "2026-10-01", term: null },
  ]);
  // What the address names is shown as chosen, whether or not there is such a school.
  expect((pick("area").element as HTMLSelectElement).value).toBe("山区");
});
