import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { nextTick } from "vue";
import { expect, test } from "vitest";
import { fill, langFrom, messages, setLang, t } from "../src/i18n";

const places = (message: string): string[] =>
  [...message.matchAll(/\{(\w+)\}/g)].map((m) => m[0]).sort();

test("both languages have the same keys, none empty", () => {
  expect(Object.keys(messages.en).sort()).toEqual(Object.keys(messages.zh).sort());
  for (const text of [...Object.values(messages.zh), ...Object.values(messages.en)]) {
    expect(text.trim()).not.toBe("");
  }
});

test("both languages fill the same places", () => {
  for (const key of Object.keys(messages.zh) as (keyof typeof messages.zh)[]) {
    expect([key, places(messages.en[key])]).toEqual([key, places(messages.zh[key])]);
  }
});

const folder = join(import.meta.dirname, "../src");
const sources = readdirSync(folder, { recursive: true, encoding: "utf8" })
  .filter((name) => /\.(vue|ts)$/.test(name) && !name.startsWith("i18n"))
  .map((name) => ({ name, text: readFileSync(join(folder, name), "utf8") }));

test("every key is used", () => {
  const all = sources.map((file) => file.text.replaceAll("'", '"')).join("\n");
  const composed = [
    "load.noLimit.",
    "theme.",
    "submission.",
    "tonight.",
    "alerts.severity.",
    "page.",
  ];
  composed.push("policy.", "catalogue.group.", "catalogue.certainty.");
  const unused = Object.keys(messages.zh).filter(
    (key) => !all.includes(`"${key}"`) && !composed.some((start) => key.startsWith(start)),
  );
  expect(unused).toEqual([]);
});

test("no component speaks a language of its own", () => {
  const speaking = sources
    .filter(
      ({ name, text }) => name.endsWith(".vue") && /[\u4e00-\u9fff]/.test(text.replace("中文", "")),
    )
    .map(({ name }) => name);
  expect(speaking).toEqual([]);
});

test("the URL decides the language, then memory, then Chinese", () => {
  localStorage.clear();
  expect(langFrom("")).toBe("zh");
  expect(langFrom("?lang=en")).toBe("en");
  expect(langFrom("?lang=xx")).toBe("zh");
  setLang("en");
  expect(langFrom("")).toBe("en");
  expect(langFrom("?lang=zh")).toBe("zh");
  setLang("zh");
});

test("the document says its language", async () => {
  setLang("en");
  await nextTick();
  expect(document.documentElement.lang).toBe("en");
  expect(t("state.suppressed")).toBe("Too few pupils to show");
  setLang("zh");
  await nextTick();
  expect(document.documentElement.lang).toBe("zh-CN");
  expect(t("state.suppressed")).toBe("人数过少，不显示");
});

test("a place without a value stays visible", () => {
  expect(fill("{a} of {b}", { a: 1 })).toBe("1 of {b}");
});
