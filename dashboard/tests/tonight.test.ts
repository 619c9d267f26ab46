import { mount } from "@vue/test-utils";
import { beforeEach, describe, expect, test } from "vitest";
import TonightCard from "../src/components/TonightCard.vue";
import { setLang } from "../src/i18n";
import type { Tonight, TonightPiece } from "../src/model/rows";
import { bar, byWeight, outlook } from "../src/model/tonight";
import { failed, piece, ready, tonight } from "./fixtures";

const card = (row: Tonight, pieces: TonightPiece[] = []) =>
  mount(TonightCard, {
    props: { tonight: ready([row]), pieces: ready(pieces), subjectName: (code: string) => code },
  });

beforeEach(() => setLang("zh"));

describe("what is said of the evening", () => {
  test("is the figure's own warning", () => {
    for (const warning of ["over", "risk", "none"] as const) {
      expect(outlook(tonight({ warning }))).toBe(warning);
    }
  });

  test("without a limit there is nothing to judge, and without a forecast nothing to say", () => {
    expect(outlook(tonight({ warning: null, limit_minutes: null }))).toBe("no_limit");
    const nothing = tonight({ warning: null, expected_minutes: null, written_minutes: null });
    expect(outlook(nothing)).toBe("unknown");
  });

  test("where none may be written and none is, the rule is kept", () => {
    expect(outlook(tonight({ limit_minutes: 0, written_minutes: 0 }))).toBe("no_written");
    expect(outlook(tonight({ limit_minutes: 0, written_minutes: 8, warning: "over" }))).toBe(
      "over",
    );
  });
});

describe("the bar", () => {
  test("holds the written part and the rest, with interval and limit inside", () => {
    const at = bar(tonight());
    expect(at).not.toBeNull();
    if (!at?.low || !at.high || !at.limit) throw new Error("all parts are known");
    expect(at.written / (at.written + at.rest)).toBeCloseTo(60 / 64.5);
    expect(at.low).toBeLessThan(at.written + at.rest);
    expect(at.high).toBeGreaterThan(at.written + at.rest);
    expect(at.limit).toBeLessThan(100);
  });

  test("is not drawn of what is not known", () => {
    expect(bar(tonight({ expected_minutes: null }))).toBeNull();
    const plain = bar(tonight({ low_minutes: null, high_minutes: null, limit_minutes: null }));
    expect(plain).toMatchObject({ low: null, high: null, limit: null });
  });
});

test("pieces come by weight, unknown ones last", () => {
  const rows = [
    piece("a", { expected_minutes: null }),
    piece("b", { expected_minutes: 10 }),
    piece("c", { expected_minutes: 30 }),
  ];
  expect(byWeight(rows).map((row) => row.assignment)).toEqual(["c", "b", "a"]);
});

describe("the card", () => {
  test("shows the exact figures and each piece's estimate beside what is expected", () => {
    const shown = card(tonight(), [
      piece("m1", { title: "练习册" }),
      piece("m2", { suppressed: true }),
    ]);
    expect(shown.get("[data-testid=tonight-expected]").attributes("data-value")).toBe("64.5");
    expect(shown.get("[data-testid=tonight-bar]").attributes("data-limit")).toBe("90");
    expect(shown.get("[data-testid=tonight-interval]").text()).toContain("52–78.3 分钟");
    const row = shown.get("[data-testid=tonight-piece-m1]");
    expect(row.get("[data-part=estimate]").attributes("data-value")).toBe("20");
    expect(row.get("[data-part=expected]").attributes("data-value")).toBe("31.25");
    expect(row.text()).toContain("练习册");
    expect(row.text()).toContain("该教师往日 14 份作业");
    expect(shown.find("[data-testid=tonight-piece-m2]").exists()).toBe(false);
    expect(shown.get("[data-testid=tonight-note]").text()).toContain("全校往日 320 份作业");
  });

  test("warns before the limit is broken", () => {
    const row = tonight({ warning: "over", expected_minutes: 101, over_limit_probability: 0.82 });
    const chip = card(row).get("[data-testid=tonight-verdict]");
    expect(chip.attributes()).toMatchObject({ "data-verdict": "over", role: "status" });
    expect(chip.text()).toBe("很可能超过上限，还可以调整");
    expect(card(row).get("[data-testid=tonight-chance]").attributes("data-value")).toBe("0.82");
  });

  test("without a past there is no interval, and it says so", () => {
    const change = { low_minutes: null, high_minutes: null, student_low_minutes: null };
    const row = tonight({ ...change, student_high_minutes: null, basis: "estimate" });
    const shown = card({ ...row, over_limit_probability: null, over_limit_share: null });
    expect(shown.get("[data-testid=tonight-interval]").text()).toBe("往日数据不足，没有区间");
    expect(shown.find("[data-testid=tonight-chance]").exists()).toBe(false);
    expect(shown.find(".interval").exists()).toBe(false);
    expect(shown.get("[data-testid=tonight-note]").text()).toContain("教师估计之和");
  });

  test("an unknown total is a dash, not a zero", () => {
    const row = tonight({ expected_minutes: null, warning: null, basis: "nothing" });
    const shown = card(row, [piece("x", { expected_minutes: null, basis: "nothing" })]);
    expect(shown.get("[data-testid=tonight-expected]").text()).toBe("—");
    expect(shown.find("[data-testid=tonight-bar]").exists()).toBe(false);
    expect(shown.get("[data-testid=tonight-piece-x] [data-part=expected]").text()).toContain("—");
  });

  test("says why there is nothing: no homework, too few pupils, a problem", () => {
    const props = { pieces: ready<TonightPiece>([]), subjectName: (code: string) => code };
    const none = mount(TonightCard, { props: { tonight: ready<Tonight>([]), ...props } });
    expect(none.get("[data-testid=state-empty]").text()).toContain("没有记录");
    const small = card(tonight({ suppressed: true, expected_minutes: null }));
    expect(small.get("[data-testid=state-suppressed]").text()).toContain("人数过少");
    const broken = mount(TonightCard, { props: { tonight: failed<Tonight>(), ...props } });
    expect(broken.get("[role=alert]").text()).toContain("查询超时");
  });

  test("speaks English", () => {
    setLang("en");
    const shown = card(tonight({ warning: "risk" }));
    expect(shown.text()).toContain("Possibly over the limit");
    expect(shown.text()).toContain("80% interval of the class's mean: 52–78.3 min");
  });
});
