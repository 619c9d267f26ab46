import { describe, expect, test } from "vitest";
import { count, decimal, exact, longDay, minutes, percent, shortDay, weekday } from "../src/format";

describe("figures as text", () => {
  test.each([
    [52.44, "52.4"],
    [60, "60"],
    [0, "0"],
    [59.96, "60"],
    [null, "—"],
    [undefined, "—"],
    [Number.NaN, "—"],
  ])("minutes(%s) is %s", (value, text) => expect(minutes(value)).toBe(text));

  test.each([
    [0.965, "96.5%"],
    [1, "100%"],
    [0, "0%"],
    [0.9999, ">99.9%"],
    [0.0001, "<0.1%"],
    [null, "—"],
  ])("percent(%s) is %s", (value, text) => expect(percent(value)).toBe(text));

  test.each([
    [3.2, "3.2"],
    [3.25, "3.25"],
    [3, "3"],
    [null, "—"],
  ])("decimal(%s) is %s", (value, text) => expect(decimal(value)).toBe(text));

  test("counts are grouped", () => expect(count(12345)).toBe("12,345"));

  test("the exact figure keeps every digit, and unknown is empty", () => {
    expect(exact(52.43333333333333)).toBe("52.43333333333333");
    expect(exact(null)).toBe("");
  });
});

describe("days as text", () => {
  test("in Chinese", () => {
    expect(longDay("2026-11-20", "zh")).toBe("11月20日 星期五");
    expect(weekday("2026-11-20", "zh")).toBe("周五");
    expect(shortDay("2026-11-02", "zh")).toBe("11/2");
  });

  test("in English", () => {
    expect(longDay("2026-11-20", "en")).toBe("Fri 20 Nov");
    expect(weekday("2026-11-20", "en")).toBe("Fri");
    expect(shortDay("2026-11-02", "en")).toBe("2 Nov");
  });
});
