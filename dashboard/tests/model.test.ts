import { describe, expect, test } from "vitest";
import { schoolDays } from "../src/model/attendance";
import { addDays, daysUpTo, isDay, isWeekend } from "../src/model/days";
import { sentences } from "../src/model/definition";
import { axisEnd, isOver, segments, totalOf, verdict } from "../src/model/load";
import { colourVariable, COLOURS } from "../src/model/subjects";
import { attendance, daily, subject } from "./fixtures";

const FRIDAY = "2026-11-20";
const SATURDAY = "2026-11-21";

describe("the load against the limit", () => {
  test("a total on the limit is within it", () => {
    const result = verdict(daily({ mean_minutes: 90 }), "21", FRIDAY);
    expect(result).toEqual({ kind: "within", limit: 90, spare: 0 });
    expect(isOver(result)).toBe(false);
  });

  test("a total above the limit is over by the difference", () => {
    const result = verdict(daily({ mean_minutes: 90.5 }), "21", FRIDAY);
    expect(result).toEqual({ kind: "over", limit: 90, excess: 0.5 });
    expect(isOver(result)).toBe(true);
  });

  test("where none is allowed, reading aloud is not over, written work is", () => {
    const reading = daily({ limit_minutes: null, mean_minutes: 12, written_share: 0 });
    expect(verdict(reading, "11", FRIDAY)).toEqual({ kind: "no_written" });
    const written = daily({ limit_minutes: null, mean_minutes: 12, written_share: 0.4 });
    expect(verdict(written, "11", FRIDAY)).toEqual({ kind: "written", share: 0.4 });
  });

  test.each([
    ["31", FRIDAY, "senior"],
    ["31", SATURDAY, "senior"],
    ["21", SATURDAY, "weekend"],
    ["21", FRIDAY, "not_school_day"],
  ])("grade %s on %s without a limit: %s", (grade, day, reason) => {
    const result = verdict(daily({ limit_minutes: null }), grade, day);
    expect(result).toEqual({ kind: "no_limit", reason });
  });

  test("an unknown total is unknown, not within", () => {
    expect(verdict(daily({ mean_minutes: null }), "21", FRIDAY)).toEqual({ kind: "unknown" });
  });

  test("segments are the subjects with minutes, the largest first, and add up", () => {
    const parts = segments([
      subject("math", 10.25),
      subject("art", 0),
      subject("english", 20),
      subject("pe", null),
    ]);
    expect(parts.map((part) => part.subject)).toEqual(["english", "math"]);
    expect(totalOf(parts)).toBe(30.25);
  });

  test("the axis holds the bar and the line", () => {
    expect(axisEnd(20, 90)).toBeGreaterThan(90);
    expect(axisEnd(140, 90)).toBeGreaterThan(140);
    expect(axisEnd(0, null)).toBeGreaterThan(0);
  });
});

describe("days", () => {
  test("cross months, years and leap days", () => {
    expect(addDays("2026-03-01", -1)).toBe("2026-02-28");
    expect(addDays("2028-02-28", 1)).toBe("2028-02-29");
    expect(daysUpTo("2026-01-02", 3)).toEqual(["2025-12-31", "2026-01-01", "2026-01-02"]);
  });

  test("are only real calendar days", () => {
    expect(isDay("2026-11-20")).toBe(true);
    for (const text of ["2026-02-30", "2026-1-2", "today", null]) expect(isDay(text)).toBe(false);
    expect(isWeekend(SATURDAY)).toBe(true);
    expect(isWeekend(FRIDAY)).toBe(false);
  });
});

test("the last twenty school days leave out days without records", () => {
  const rows = daysUpTo(FRIDAY, 40).map((day) =>
    attendance({ day, checkpoints: isWeekend(day) ? 0 : 300 }),
  );
  const days = schoolDays(rows);
  expect(days).toHaveLength(20);
  expect(days[0]?.day).toBe("2026-10-26");
  expect(days.at(-1)?.day).toBe(FRIDAY);
});

test("each subject has a colour of the style sheet, always the same", () => {
  for (const code of ["chinese", "math", "a district's own", "音乐"]) {
    const index = Number(colourVariable(code).replace("--subject-", ""));
    expect(index).toBeLessThan(COLOURS);
    expect(colourVariable(code)).toBe(colourVariable(code));
  }
});

describe("a definition as sentences", () => {
  test("Chinese lines that were wrapped flow together", () => {
    expect(sentences("甲为一，\n乙为二。丙为\n三。\n", "zh")).toEqual([
      "甲为一，乙为二。",
      "丙为三。",
    ]);
  });

  test("English lines are joined by a space", () => {
    expect(sentences("a is one\nthing. b_c = 1.5 times a.\n", "en")).toEqual([
      "a is one thing.",
      "b_c = 1.5 times a.",
    ]);
  });
});
