/**
 * The policymaker's page and the catalogue in a real browser: both languages, phone and desktop.
 *
 * Fails on any console error but for refused statistics, on a page wider than its window or one that cannot be used within a second, and
 * when a number on the page is not the API's to the last digit.
 *
 *   BASE_URL=http://127.0.0.1:8080 [CHROMIUM=/usr/bin/chromium] [SHOTS=folder] node other_pages.mjs
 */
import assert from "node:assert/strict";
import { mkdirSync } from "node:fs";
import { join } from "node:path";
import { chromium } from "playwright-core";

const BASE = process.env.BASE_URL;
const SHOTS = process.env.SHOTS;
assert.ok(BASE, "BASE_URL is missing: give the address that `xueqing serve` prints");
if (SHOTS) mkdirSync(SHOTS, { recursive: true });

const ARGS = ["--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-background-networking", "--disable-sync"];
const SIZES = { phone: { width: 360, height: 780 }, desktop: { width: 1440, height: 1000 } };
const LANGUAGES = { zh: "双减监测", en: "Double reduction" };
/** Statistics that the data cannot support are refused with 422: an answer, which the page shows. */
const REFUSED = /status of 422/;

async function ask(path) {
  const response = await fetch(new URL(path, BASE));
  return { status: response.status, body: await response.json() };
}

async function open(browser, path, size, lang, colorScheme = "light") {
  const context = await browser.newContext({ viewport: SIZES[size], colorScheme });
  const page = await context.newPage();
  const faults = [];
  page.on("console", (message) => {
    if (message.type() === "error" && !REFUSED.test(message.text())) faults.push(message.text());
  });
  page.on("pageerror", (error) => faults.push(String(error)));
  const began = Date.now();
  await page.goto(new URL(path + (lang === "zh" ? "" : `${path.includes("?") ? "&" : "?"}lang=${lang}`), BASE).href);
  return { page, faults, began, close: () => context.close() };
}

async function fits(page, where) {
  const [wide, window] = await page.evaluate(() => [document.documentElement.scrollWidth, innerWidth]);
  assert.ok(wide <= window, `${where}: the page is ${wide} px wide in a window of ${window}`);
}

const shot = async (page, name) => {
  if (SHOTS) await page.screenshot({ path: join(SHOTS, `${name}.png`), fullPage: true });
};

/** The tiles of the first card and the variation between schools are the API's numbers. */
async function glanceIsTheApis(page, scope) {
  for (const [name, metric, column] of [
    ["glance-mean", "workload/daily_minutes", "mean_minutes"],
    ["glance-over", "workload/daily_minutes", "over_limit_share"],
    ["glance-class-days", "workload/compliance", "class_days_within_share"],
    ["glance-late", "homework/late_night", "late_share"],
    ["glance-published", "homework/publication", "publication_rate"],
    ["glance-no-homework", "homework/no_homework_days", "kept_share"],
    ["glance-exams", "exam/frequency", "mean_exams"],
    ["glance-after-school", "after_school/service", "participation"],
    ["between-cv", "workload/equity", "school_cv"],
  ]) {
    const { status, body } = await ask(`/v1/metrics/${metric}?by=all${scope}`);
    assert.equal(status, 200, metric);
    const value = body.rows[0]?.[column] ?? null;
    await page.waitForFunction(
      ([id, wanted]) => document.querySelector(`[data-testid="${id}"]`)?.dataset.value === wanted,
      [name, value === null ? "" : String(value)],
      { timeout: 20_000 },
    );
  }
}

async function levelsAreTheApis(page, level, scope, source = null) {
  const by = source ? `${level},minutes_source` : level;
  const { body } = await ask(`/v1/metrics/workload/daily_minutes?by=${by}${scope}`);
  const rows = body.rows.filter((row) => !row.suppressed && (row.minutes_source ?? null) === source);
  assert.ok(rows.length > 0, `${by}: no rows`);
  for (const row of rows) {
    const cells = page.locator(`[data-testid="levels"] tr[data-code="${row[level]}"] td[data-value]`);
    const shown = await cells.evaluateAll((all) => all.map((cell) => cell.dataset.value));
    const wanted = [row.mean_minutes, row.over_limit_share, row.coverage].map((value) => (value === null ? "" : String(value)));
    assert.deepEqual(shown, wanted, `${level} ${row[level]}`);
  }
}

async function heatIsTheApis(page, scope) {
  const { body } = await ask(`/v1/metrics/workload/subject_minutes?by=school,subject${scope}`);
  const wanted = body.rows.map((row) => row.minutes_per_student_day).filter((value) => value !== null).map(String).sort();
  const cells = page.locator('[data-testid="heat"] td[data-value]:not([data-value=""])');
  await cells.first().waitFor();
  assert.deepEqual((await cells.evaluateAll((all) => all.map((cell) => cell.dataset.value))).sort(), wanted);
}

async function policyPage(browser, size, lang) {
  const where = `policy ${size} ${lang}`;
  const { page, faults, began, close } = await open(browser, "/policy", size, lang);
  await page.getByTestId("policy-title").waitFor();
  await page.getByTestId("pick-grade").waitFor();
  assert.ok(Date.now() - began < 1000, `${where}: usable after ${Date.now() - began} ms`);
  assert.match(await page.getByTestId("policy-title").textContent(), new RegExp(LANGUAGES[lang]));
  await page.locator('[data-testid="card-levels"][data-state="ready"]').waitFor();
  await levelsAreTheApis(page, "grade", "");
  await heatIsTheApis(page, "");
  await glanceIsTheApis(page, "");
  await page.locator('[data-testid="card-days"][data-state="ready"] svg').first().waitFor();
  await fits(page, where);
  await shot(page, `policy-${size}-${lang}`);

  // One source of minutes alone.
  const oneSource = page.waitForResponse((response) => response.url().includes("by=grade%2Cminutes_source"));
  await page.getByTestId("source-measured").click();
  await oneSource;
  await page.locator('[data-testid="card-levels"][data-state="ready"]').waitFor();
  await levelsAreTheApis(page, "grade", "", "measured");
  await page.getByTestId("source-all").click();

  // Into a grade, at a date: the estimate is the door's.
  const days = (await ask("/v1/metrics/workload/daily_minutes?by=day&grade=16")).body.rows.map((row) => row.day);
  const date = days[Math.floor(days.length / 2)];
  await page.getByTestId("pick-grade").selectOption("16");
  await page.getByTestId("pick-date").fill(date);
  await page.waitForURL(/grade=16.*date=/);
  const asked = `/v1/policy/interrupted?metric=workload/daily_minutes&grade=16&date=${date}`;
  const found = await ask(asked);
  if (found.status === 200) {
    const level = page.getByTestId("effect-level");
    await level.waitFor();
    assert.equal(await level.getAttribute("data-value"), String(found.body.result.level_change.value));
  } else {
    await page.getByTestId("effect-refused").waitFor();
  }
  await glanceIsTheApis(page, "&grade=16");
  await shot(page, `policy-grade-${size}-${lang}`);

  // A date without days after it is refused in the language of the page.
  await page.getByTestId("pick-date").fill("2099-01-01");
  const refused = page.getByTestId("effect-refused");
  await refused.waitFor();
  const reason = await refused.textContent();
  assert.ok(!reason.includes("few_days_after") && !reason.includes(" · "), `${where}: ${reason}`);
  assert.equal(/\p{Script=Han}/u.test(reason), lang === "zh", `${where}: ${reason}`);
  await page.goBack();

  // A number opens its definition; "back" leads out of the grade again.
  await page.getByTestId("define-glance-mean").click();
  await page.getByTestId("definition").waitFor();
  await page.keyboard.press("Escape");
  await page.goBack();
  await page.goBack();
  await page.waitForFunction(() => !location.search.includes("grade="));
  assert.deepEqual(faults, [], where);
  await close();
  return found.status;
}

/** Kinds of schools and a term are chosen, stay in the address, and every figure is asked for them. */
async function filters(browser, lang) {
  const where = `filters ${lang}`;
  const { page, faults, close } = await open(browser, "/policy", "desktop", lang);
  const pick = (name) => page.getByTestId(`pick-${name}`);
  const { body } = await ask("/v1/metrics/directory/terms");
  const term = body.rows.at(-1);
  assert.ok(term, "the calendar has a term");
  await page.locator(`[data-testid="pick-term"] option[value="${term.term}"]`).waitFor({ state: "attached" });
  await pick("term").selectOption(term.term);
  assert.equal(await pick("from").inputValue(), term.first_day);
  assert.equal(await pick("to").inputValue(), term.last_day);
  let scope = `&from=${term.first_day}&to=${term.last_day}`;
  for (const name of ["stage", "school_type", "area", "public"]) {
    const codes = await pick(name).locator("option").evaluateAll((all) => all.map((one) => one.value));
    const texts = await pick(name).locator("option").allTextContents();
    assert.ok(codes.length > 1, `${where}: nothing to choose for ${name}`);
    if (lang === "en") assert.ok(!/\p{Script=Han}/u.test(texts.join("")), `${where}: ${texts}`);
    await pick(name).selectOption(codes[1]);
    scope += `&${name}=${encodeURIComponent(codes[1])}`;
    await page.waitForFunction(([key, value]) => new URLSearchParams(location.search).get(key) === value, [name, codes[1]]);
    await glanceIsTheApis(page, scope);
  }
  await page.locator('[data-testid="card-levels"][data-state="ready"]').waitFor();
  await levelsAreTheApis(page, "grade", scope);
  await shot(page, `policy-filters-${lang}`);
  // The address alone brings the same page, also where it only names the term.
  const address = new URL(page.url());
  await page.reload();
  await glanceIsTheApis(page, scope);
  address.searchParams.delete("from");
  address.searchParams.delete("to");
  await page.goto(address.href);
  await page.waitForURL(/from=/);
  assert.equal(await pick("to").inputValue(), term.last_day);
  // Other days are no term.
  await pick("to").fill(term.first_day);
  await page.waitForFunction(() => !location.search.includes("term="));
  assert.deepEqual(faults, [], where);
  await close();
}

/** What is estimated of the minutes themselves is what the doors say. */
async function minutesAreTheDoors(browser, lang) {
  const { page, faults, close } = await open(browser, "/policy", "desktop", lang);
  await page.locator('[data-testid="card-minutes"][data-state="ready"]').waitFor();
  const { status, body } = await ask("/v1/policy/censored");
  assert.equal(status, 200, "the demo has a school whose system closes");
  const { restricted_mean, median, cut_off_share } = body.result;
  for (const [name, value] of [
    ["unclosed-mean", restricted_mean.value],
    ["unclosed-median", median.found.value],
    ["cut-off-share", cut_off_share],
  ]) {
    assert.equal(await page.getByTestId(name).getAttribute("data-value"), String(value), name);
  }
  const { pairs } = (await ask("/v1/policy/agreement")).body.result;
  for (const { one, other, agreement } of pairs) {
    const row = page.locator(`[data-pair="${one}-${other}"]`);
    if (agreement.found) {
      assert.equal(await row.locator("td[data-value]").first().getAttribute("data-value"), String(agreement.found.bias.value));
    } else {
      assert.ok((await row.textContent()).includes(agreement.refused[lang]), `${one}-${other}`);
    }
  }
  await page.getByTestId("define-unclosed").click();
  await page.getByTestId("definition").waitFor();
  assert.deepEqual(faults, [], `minutes ${lang}`);
  await close();
}

async function cataloguePage(browser, size, lang) {
  const where = `catalogue ${size} ${lang}`;
  const { metrics } = (await ask("/v1/metrics")).body;
  const { page, faults, began, close } = await open(browser, "/catalogue", size, lang);
  await page.locator("[data-figure]").first().waitFor();
  assert.ok(Date.now() - began < 1000, `${where}: usable after ${Date.now() - began} ms`);
  const listed = await page.locator("[data-figure]").evaluateAll((all) => all.map((one) => one.dataset.figure));
  assert.deepEqual(listed.sort(), metrics.map((metric) => metric.name).sort());
  await fits(page, where);
  await shot(page, `catalogue-${size}-${lang}`);
  await page.getByTestId("search").fill("daily_minutes");
  await page.locator('[data-figure="workload/daily_minutes"]').click();
  await page.getByTestId("figure").waitFor();
  const text = await page.getByTestId("figure").textContent();
  const metric = metrics.find((one) => one.name === "workload/daily_minutes");
  assert.ok(text.includes(metric.title[lang]) && text.includes(metric.source[lang]), `${where}: words`);
  for (const { name } of [...metric.columns, ...metric.dimensions]) assert.ok(text.includes(name), `${where}: ${name}`);
  assert.ok(text.includes(metric.sql.trim().split("\n")[0]), `${where}: SQL`);
  await page.getByTestId("limits").waitFor();
  await page.getByTestId("run").click();
  await page.getByTestId("example").waitFor();
  await fits(page, where);
  await shot(page, `figure-${size}-${lang}`);
  assert.deepEqual(faults, [], where);
  await close();
}

/** Each figure has an address of its own that opens it, and says since when its limits hold. */
async function everyFigureOpens(browser, lang) {
  const { metrics } = (await ask("/v1/metrics")).body;
  const limits = (await ask("/v1/codes/exam_limits")).body.entries.map((entry) => entry.valid_from);
  const { page, faults, close } = await open(browser, "/catalogue", "phone", lang);
  for (const { name, title } of metrics) {
    await page.goto(new URL(`/catalogue/${name}?lang=${lang}`, BASE).href);
    const figure = page.locator(`[data-testid="figure"][data-name="${name}"]`);
    await figure.waitFor();
    assert.ok((await figure.textContent()).includes(title[lang]), `${name}: title`);
    if (name === "exam/frequency") assert.equal(await page.getByTestId("since").textContent(), limits.sort()[0]);
    await fits(page, name);
  }
  await page.goto(new URL(`/catalogue/workload/nothing?lang=${lang}`, BASE).href);
  assert.match(await page.getByRole("alert").textContent(), /workload\/nothing/);
  assert.deepEqual(faults, [], `every figure ${lang}`);
  await close();
}

/** The same pages in the dark, for the eye and for faults. */
async function inTheDark(browser) {
  for (const path of ["/policy", "/catalogue/workload/daily_minutes"]) {
    const { page, faults, close } = await open(browser, path, "desktop", "zh", "dark");
    await page.locator('[data-testid="card-days"][data-state="ready"] svg, [data-testid="limits"]').first().waitFor();
    if (path === "/policy") await glanceIsTheApis(page, "");
    const [red] = await page.evaluate(() => getComputedStyle(document.body).backgroundColor.match(/\d+/g).map(Number));
    assert.ok(red < 64, `${path}: the page is not dark`);
    await shot(page, `dark${path.replaceAll("/", "-")}`);
    assert.deepEqual(faults, [], path);
    await close();
  }
}

const browser = await chromium.launch({ executablePath: process.env.CHROMIUM ?? "/usr/bin/chromium", args: ARGS });
try {
  const answered = [];
  for (const lang of Object.keys(LANGUAGES)) {
    for (const size of Object.keys(SIZES)) {
      answered.push(await policyPage(browser, size, lang));
      await cataloguePage(browser, size, lang);
      console.log(`other pages: ${size} ${lang}`);
    }
  }
  for (const lang of Object.keys(LANGUAGES)) {
    await everyFigureOpens(browser, lang);
    await filters(browser, lang);
    await minutesAreTheDoors(browser, lang);
    console.log(`other pages: filters and minutes ${lang}`);
  }
  await inTheDark(browser);
  assert.ok(answered.includes(200), "no before and after was answered: are there enough days?");
} finally {
  await browser.close();
}
