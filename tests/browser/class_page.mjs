/**
 * The class page in a real browser: both languages, phone and desktop.
 *
 * Fails on any console error, failed request or answer of 400 and above, on a page wider than its window, and
 * when a figure on the page is not the API's figure to the last digit.
 *
 *   BASE_URL=http://127.0.0.1:8080 [CHROMIUM=/usr/bin/chromium] [SHOTS=folder] node class_page.mjs
 */
import assert from "node:assert/strict";
import { mkdirSync } from "node:fs";
import { join } from "node:path";
import { chromium } from "playwright-core";

const BASE = process.env.BASE_URL;
const SHOTS = process.env.SHOTS;
assert.ok(BASE, "BASE_URL is missing: give the address that `xueqing serve` prints");

const ARGS = [
  "--no-sandbox",
  "--disable-gpu",
  "--disable-quic",
  "--no-first-run",
  "--disable-background-networking",
  "--disable-component-update",
  "--disable-sync",
];
const SIZES = {
  phone: { width: 360, height: 780 },
  desktop: { width: 1440, height: 1000 },
};
const LANGUAGES = {
  zh: { html: "zh-CN", load: "作业时长" },
  en: { html: "en", load: "Homework load" },
};

async function figure(name, params) {
  const address = new URL(`/v1/metrics/${name}?${new URLSearchParams(params)}`, BASE);
  const response = await fetch(address);
  assert.equal(response.status, 200, `${address} answered ${response.status}`);
  return (await response.json()).rows;
}

/** One class of each stage that has homework to show, so that grades with and without a limit are seen. */
async function classesToVisit() {
  const stages = new Map();
  for (const row of await figure("directory/classes", {})) {
    if (!row.latest_day || stages.has(row.grade[0])) continue;
    const [load] = await daily(row);
    if (load && !load.suppressed && load.mean_minutes !== null) stages.set(row.grade[0], row);
  }
  assert.ok(stages.size > 0, "no class has homework minutes on its latest day: is there data?");
  return [...stages.values()];
}

const on = (row) => ({ school: row.school, class: row.class, from: row.latest_day, to: row.latest_day });
const daily = (row) => figure("workload/daily_minutes", { by: "class", ...on(row) });

function address(row, lang) {
  const params = new URLSearchParams({ school: row.school, class: row.class });
  if (lang) params.set("lang", lang);
  return new URL(`/?${params}`, BASE).href;
}

/** Collects everything that must not happen. */
function watch(page) {
  const faults = [];
  page.on("console", (message) => {
    if (message.type() === "error") faults.push(`console: ${message.text()}`);
  });
  page.on("pageerror", (error) => faults.push(`page: ${error.message}`));
  page.on("requestfailed", (request) => {
    // Going to another page ends the live feed and the answers that are on their way.
    const left = request.url().includes("/v1/metrics/") && request.failure()?.errorText === "net::ERR_ABORTED";
    if (!left && !request.url().includes("/v1/live")) faults.push(`request: ${request.url()} ${request.failure()?.errorText}`);
  });
  page.on("response", (response) => {
    if (response.status() >= 400) faults.push(`answer ${response.status()}: ${response.url()}`);
  });
  return faults;
}

async function open(page, row, lang) {
  await page.goto(address(row, lang));
  await page.locator('[data-testid="card-load"][data-state="ready"]').waitFor({ timeout: 20_000 });
  await page.locator('[data-testid="card-load"] svg').first().waitFor();
  await page.waitForFunction(() => !document.querySelector('[data-state="loading"]'));
}

const valueOf = (page, name) => page.locator(`[data-testid="${name}"]`).getAttribute("data-value");

async function checkLoad(page, row) {
  const [load] = await daily(row);
  const subjects = await figure("workload/subject_minutes", { by: "subject", ...on(row) });
  assert.equal(Number(await valueOf(page, "load-total")), load.mean_minutes, "load total");
  assert.equal(Number(await valueOf(page, "load-median")), load.median_minutes, "load median");
  const bar = Number(await valueOf(page, "load-bar"));
  const sum = subjects.reduce((total, one) => total + (one.minutes_per_student_day ?? 0), 0);
  assert.ok(Math.abs(bar - sum) < 1e-9, `the bar holds ${bar} minutes, its subjects ${sum}`);
  assert.ok(Math.abs(bar - load.mean_minutes) < 1e-6, `the bar holds ${bar}, the figure is ${load.mean_minutes}`);
  const limit = await page.locator('[data-testid="load-bar"]').getAttribute("data-limit");
  assert.equal(limit, load.limit_minutes === null ? "" : String(load.limit_minutes), "limit");
}

async function checkAttendance(page, row) {
  const [today] = await figure("attendance/rate", { by: "class", ...on(row) });
  if (!today || today.suppressed || !today.checkpoints) return;
  assert.equal(Number(await valueOf(page, "attendance-rate")), today.attendance_rate, "attendance rate");
}

/** The card of tonight holds the figure's numbers: the class's, each piece's estimate and what is expected of it. */
async function checkTonight(page, row) {
  const [tonight] = await figure("workload/tonight", { by: "class", ...on(row) });
  const pieces = await figure("workload/tonight", { by: "subject,assignment", ...on(row) });
  const card = page.locator('[data-testid="card-tonight"]');
  if (!tonight || tonight.suppressed) return assert.notEqual(await card.getAttribute("data-state"), "ready");
  const bar = page.locator('[data-testid="tonight-bar"]');
  const near = (text, value, what) => assert.ok(Math.abs(Number(text) - value) <= 1e-9 * Math.abs(value), `${what}: ${text}, ${value}`);
  near(await valueOf(page, "tonight-expected"), tonight.expected_minutes, "expected");
  near(await bar.getAttribute("data-low"), tonight.low_minutes, "low end");
  near(await bar.getAttribute("data-high"), tonight.high_minutes, "high end");
  const limit = await bar.getAttribute("data-limit");
  assert.equal(limit, tonight.limit_minutes === null ? "" : String(tonight.limit_minutes), "tonight's limit");
  const verdict = await page.locator('[data-testid="tonight-verdict"]').getAttribute("data-verdict");
  if (verdict !== "no_written") assert.equal(verdict, tonight.warning ?? "no_limit", "tonight's warning");
  assert.equal(await card.locator("tbody tr").count(), pieces.length, "tonight's pieces");
  for (const piece of pieces) {
    const cells = page.locator(`[data-testid="tonight-piece-${piece.assignment}"]`);
    const cell = (part) => cells.locator(`[data-part="${part}"]`).getAttribute("data-value");
    assert.equal(await cell("estimate"), String(piece.estimated_minutes ?? ""), `estimate of ${piece.assignment}`);
    near(await cell("expected"), piece.expected_minutes, `expected of ${piece.assignment}`);
  }
  return tonight;
}

/** A piece that is checked changes nothing; set, it shows by itself, is what was said, and is warned of. */
async function checkPlanned(page, row) {
  const before = await checkTonight(page, row);
  const planned = {
    assignment: `planned-${Date.now()}`, school: row.school, class: row.class, grade: row.grade, subject: "math", title: "加练",
    assigned_at: `${row.latest_day}T16:00:00+08:00`, estimated_minutes: 200, form: "written",
  };
  const post = (path, type, body) =>
    fetch(new URL(path, BASE), { method: "POST", headers: { "content-type": type }, body: JSON.stringify(body) });
  const checked = await (await post("/v1/assignments/check", "application/json", planned)).json();
  assert.equal(checked.verdict, "over", JSON.stringify(checked));
  assert.equal((await checkTonight(page, row)).assignments, before.assignments, "checking stores nothing");
  const began = Date.now();
  await post("/v1/events/assignment", "application/x-ndjson", planned);
  await page.locator(`[data-testid="tonight-piece-${planned.assignment}"]`).waitFor({ timeout: 15_000 });
  await page.locator('[data-testid="tonight-verdict"][data-verdict="over"]').waitFor({ timeout: 15_000 });
  console.log(`ok tonight: shown ${Date.now() - began} ms after it was set`);
  const after = await checkTonight(page, row);
  assert.ok(Math.abs(after.expected_minutes - checked.after.expected_minutes) < 1e-6, "what was said is what came");
  if (SHOTS) await page.screenshot({ path: join(SHOTS, "tonight-over.png"), fullPage: true });
}

async function checkPage(page, lang) {
  const words = LANGUAGES[lang];
  assert.equal(await page.locator("html").getAttribute("lang"), words.html);
  assert.equal(await page.locator('[data-testid="card-load"] h2').textContent(), words.load);
  const wider = await page.evaluate(() => document.documentElement.scrollWidth - window.innerWidth);
  assert.ok(wider <= 0, `the page is ${wider} px wider than its window`);
}

async function checkDefinition(page) {
  await page.locator('[data-testid="define-load-total"]').click();
  const description = page.locator('[data-testid="definition-description"]');
  await description.waitFor();
  assert.ok((await description.textContent()).length > 20, "the definition is empty");
  await page.keyboard.press("Escape");
  await description.waitFor({ state: "detached" });
}

async function checkTable(page) {
  const toggle = page.locator('[data-testid="toggle-load"]');
  await toggle.focus();
  await page.keyboard.press("Enter");
  await page.locator('[data-testid="card-load"] tbody tr').first().waitFor();
  await page.keyboard.press("Enter");
}

/** The language is switched on the page, is in the URL and is remembered. */
async function checkSwitch(page, row) {
  await open(page, row, "zh");
  await page.locator('[data-testid="lang-en"]').click();
  await page.waitForURL(/lang=en/);
  await checkPage(page, "en");
  await open(page, row, null);
  await checkPage(page, "en");
  await page.locator('[data-testid="lang-zh"]').click();
  await checkPage(page, "zh");
}

/** What comes in while the page is open shows by itself, long before the page would ask. */
async function checkLive(page, row) {
  await open(page, row, "zh");
  const before = await valueOf(page, "load-total");
  const homework = {
    assignment: `live-${Date.now()}`, school: row.school, class: row.class, grade: row.grade, subject: "math", student: "live",
    assigned_at: `${row.latest_day}T16:00:00+08:00`, status: "submitted", minutes: 400, minutes_source: "measured",
  };
  const began = Date.now();
  const posted = await fetch(new URL("/v1/events/homework", BASE), {
    method: "POST",
    headers: { "content-type": "application/x-ndjson" },
    body: JSON.stringify(homework),
  });
  assert.equal((await posted.json()).accepted, 1);
  await page.waitForFunction(
    (old) => document.querySelector('[data-testid="load-total"]')?.getAttribute("data-value") !== old,
    before,
    { timeout: 10_000 },
  );
  await page.waitForFunction(() => !document.querySelector('[data-state="loading"]'));
  await checkLoad(page, row);
  console.log(`ok live: shown ${Date.now() - began} ms after it was sent`);
}

/** A cluster of sick leaves rings the bell by itself; somebody takes note of it, in either language. */
async function checkAlerts(page, row) {
  // The page stays where it is: going there again would break off what it is asking for.
  const today = new Intl.DateTimeFormat("en-CA", { timeZone: "Asia/Shanghai" }).format(new Date());
  const one = (student) => ({
    school: row.school, class: row.class, grade: row.grade, student: `ill-${student}`, at: `${today}T08:20:00+08:00`,
    place: "lesson", period: "1", status: "sick_leave", symptom: "呕吐",
  });
  const began = Date.now();
  const posted = await fetch(new URL("/v1/events/attendance", BASE), {
    method: "POST",
    headers: { "content-type": "application/x-ndjson" },
    body: [1, 2, 3].map((student) => JSON.stringify(one(student))).join("\n"),
  });
  assert.equal((await posted.json()).accepted, 3);
  const address = new URL(`/v1/alerts?${new URLSearchParams({ open: true, school: row.school, class: row.class, rule: "attendance/illness_cluster" })}`, BASE);
  const bell = page.locator('[data-testid="alerts-bell"]');
  await page.locator('[data-testid="alerts"]:not([data-count="0"])').waitFor({ timeout: 60_000 });
  await bell.click();
  const alert = page.locator('[data-rule="attendance/illness_cluster"]').first();
  await alert.waitFor({ timeout: 60_000 });
  const [told] = (await (await fetch(address)).json()).alerts;
  assert.ok((await alert.textContent()).includes(told.reason.zh), "the page says the rule's reason");
  assert.ok(!(await alert.textContent()).includes("ill-"), "no student is named");
  console.log(`ok alerts: shown ${Date.now() - began} ms after it was sent`);
  await page.locator('[data-testid="lang-en"]').click();
  assert.ok((await alert.textContent()).includes(told.reason.en), "in English too");
  await alert.locator('[data-testid="alert-acknowledge"]').click();
  await alert.locator('[data-testid="alert-who"]').fill("王老师");
  await alert.locator('[data-testid="alert-confirm"]').click();
  await alert.locator('[data-testid="alert-acknowledged"]').waitFor();
  const [seen] = (await (await fetch(address)).json()).alerts;
  assert.equal(seen.acknowledged.who, "王老师");
  if (SHOTS) await page.screenshot({ path: join(SHOTS, "alerts.png"), fullPage: true });
  await page.locator('[data-testid="lang-zh"]').click();
}

async function visit(browser, size, row, lang, colorScheme) {
  const context = await browser.newContext({ viewport: SIZES[size], colorScheme, reducedMotion: "reduce" });
  const page = await context.newPage();
  const faults = watch(page);
  await open(page, row, lang);
  await checkPage(page, lang);
  await checkLoad(page, row);
  await checkAttendance(page, row);
  await checkTonight(page, row);
  const name = `${size}-${lang}-${colorScheme}-grade${row.grade}.png`;
  if (SHOTS) await page.screenshot({ path: join(SHOTS, name), fullPage: true });
  await checkDefinition(page);
  await checkTable(page);
  assert.deepEqual(faults, [], `${name}: the page must be free of errors`);
  await context.close();
  console.log(`ok ${name}`);
}

async function main() {
  if (SHOTS) mkdirSync(SHOTS, { recursive: true });
  const rows = await classesToVisit();
  const browser = await chromium.launch({ executablePath: process.env.CHROMIUM ?? "/usr/bin/chromium", args: ARGS });
  try {
    for (const row of rows) {
      for (const size of Object.keys(SIZES)) {
        for (const lang of Object.keys(LANGUAGES)) {
          await visit(browser, size, row, lang, lang === "zh" ? "light" : "dark");
        }
      }
    }
    const page = await browser.newPage();
    const faults = watch(page);
    await checkSwitch(page, rows[0]);
    assert.deepEqual(faults, []);
    console.log("ok language switch");
    await checkLive(page, rows[0]);
    await checkPlanned(page, rows[0]);
    await checkAlerts(page, rows[0]);
    assert.deepEqual(faults, []);
  } finally {
    await browser.close();
  }
}

await main();
