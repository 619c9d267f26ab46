import { mount } from "@vue/test-utils";
import { beforeEach, describe, expect, test } from "vitest";
import AttendanceCard from "../src/components/AttendanceCard.vue";
import LoadCard from "../src/components/LoadCard.vue";
import SubmissionCard from "../src/components/SubmissionCard.vue";
import WeekCard from "../src/components/WeekCard.vue";
import { emptyResource, type Resource } from "../src/composables/useResource";
import type { Answer } from "../src/api";
import type { DailyMinutes } from "../src/model/rows";
import { setLang } from "../src/i18n";
import { attendance, daily, failed, ready, subject, submission } from "./fixtures";

const subjectName = (code: string): string => code;
const global = {
  stubs: { BaseChart: { props: ["label"], template: `<div role="img" :aria-label="label" />` } },
};
const subjects = ready([subject("math", 40.5), subject("chinese", 32)]);

const load = (resource: Resource<Answer<DailyMinutes>>, grade = "21", day = "2026-11-20") =>
  mount(LoadCard, { props: { load: resource, subjects, grade, day, subjectName }, global });

beforeEach(() => setLang("zh"));

describe("the load card", () => {
  test("shows the exact total, the bar's sum and the limit", () => {
    const card = load(ready([daily()]));
    expect(card.get("[data-testid=load-total]").attributes("data-value")).toBe("72.5");
    expect(card.get("[data-testid=load-bar]").attributes("data-value")).toBe("72.5");
    expect(card.get("[data-testid=load-bar]").attributes("data-limit")).toBe("90");
    expect(card.get("[data-testid=load-verdict]").text()).toBe("在上限以内，余 17.5 分钟");
    expect(card.get("[data-testid=load-sources]").text()).toContain("50% 实测");
    expect(card.get("[data-testid=load-coverage]").text()).toContain("覆盖率 90%");
  });

  test("says when the load is over the limit", () => {
    const card = load(ready([daily({ mean_minutes: 101 })]));
    const chip = card.get("[data-testid=load-verdict]");
    expect(chip.attributes("data-verdict")).toBe("over");
    expect(chip.text()).toBe("超过上限 11 分钟");
  });

  test("shows no limit for a grade without one, and says why", () => {
    const card = load(ready([daily({ limit_minutes: null, over_limit_share: null })]), "32");
    expect(card.get("[data-testid=load-bar]").attributes("data-limit")).toBe("");
    expect(card.get("[data-testid=load-note]").text()).toContain("高中没有统一的分钟上限");
    expect(card.find("[data-testid=load-over-share]").exists()).toBe(false);
  });

  test("offers the chart as a table", async () => {
    const card = load(ready([daily()]));
    await card.get("[data-testid=toggle-load]").trigger("click");
    const cells = card.findAll("tbody tr").map((row) => row.text());
    expect(cells).toHaveLength(2);
    expect(cells[0]).toContain("math");
  });

  test("speaks English", () => {
    setLang("en");
    expect(load(ready([daily()])).text()).toContain("Within the limit, 17.5 min to spare");
  });
});

describe("a card without figures says why", () => {
  test("loading", () => {
    expect(load(emptyResource()).get("[role=status]").text()).toBe("正在读取…");
  });

  test("nothing recorded", () => {
    expect(load(ready<DailyMinutes>([])).get("[data-testid=state-empty]").text()).toContain(
      "没有记录",
    );
  });

  test("too few pupils", () => {
    const row = daily({ suppressed: true, mean_minutes: null });
    const card = load(ready([row]));
    expect(card.get("[data-testid=state-suppressed]").text()).toContain("人数过少，不显示");
    expect(card.find("[data-testid=load-total]").exists()).toBe(false);
  });

  test("a problem, with its Chinese title and a way to try again", async () => {
    const card = load(failed());
    expect(card.get("[role=alert]").text()).toContain("查询超时");
    await card.get("[role=alert] button").trigger("click");
    expect(card.emitted("retry")).toHaveLength(1);
  });
});

test("submissions: a suppressed subject is named and not counted", () => {
  const rows = [submission(), submission({ subject: "art", suppressed: true, missing: null })];
  const card = mount(SubmissionCard, {
    props: { submissions: ready(rows), whole: ready([submission()]), subjectName },
    global,
  });
  expect(card.get("[data-testid=submission-rate]").attributes("data-value")).toBe("0.95");
  expect(card.get("[data-testid=submission-art]").text()).toContain("人数过少，不显示");
  expect(card.get("[data-testid=submission-math]").text()).toContain(
    "应交 40，按时 36，迟交 2，未交 2，免交 0",
  );
});

describe("attendance", () => {
  const days = [attendance({ day: "2026-11-19" }), attendance({ day: "2026-11-20" })];
  const card = (chronic: ReturnType<typeof attendance>) =>
    mount(AttendanceCard, {
      props: { today: ready([attendance()]), chronic: ready([chronic]), days },
      global,
    });

  test("counts chronic absence", () => {
    const text = card(attendance()).get("[data-testid=attendance-chronic-text]").text();
    expect(text).toBe("近 2 个上课日缺勤达到一成的学生：2 人");
  });

  test("does not judge it on too few days", () => {
    const few = card(attendance({ chronic_students: 0, chronic_absence_share: null }));
    expect(few.find("[data-testid=attendance-chronic]").exists()).toBe(false);
    expect(few.get("[data-testid=attendance-chronic-text]").text()).toContain("不足以判断");
  });
});

test("the week shows seven days; a day without figures has none, not zero", async () => {
  const card = mount(WeekCard, {
    props: { week: ready([daily({ day: "2026-11-20" })]), day: "2026-11-20", grade: "21" },
    global,
  });
  await card.get("[data-testid=toggle-week]").trigger("click");
  const rows = card.findAll("tbody tr").map((row) => row.findAll("td").map((cell) => cell.text()));
  expect(rows).toHaveLength(7);
  expect(rows[0]).toEqual(["无数据", "无"]);
  expect(rows[6]).toEqual(["72.5", "90"]);
});
