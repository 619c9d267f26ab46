/** Calendar days as `YYYY-MM-DD` texts. */

const DAY = /^\d{4}-\d{2}-\d{2}$/;

export function isDay(text: unknown): text is string {
  if (typeof text !== "string" || !DAY.test(text)) return false;
  const date = new Date(`${text}T00:00:00Z`);
  return !Number.isNaN(date.getTime()) && date.toISOString().slice(0, 10) === text;
}

export function addDays(day: string, days: number): string {
  const date = new Date(`${day}T00:00:00Z`);
  date.setUTCDate(date.getUTCDate() + days);
  return date.toISOString().slice(0, 10);
}

/** The `length` days that end with `day`, oldest first. */
export function daysUpTo(day: string, length: number): string[] {
  return Array.from({ length }, (_, index) => addDays(day, index - length + 1));
}

export function isWeekend(day: string): boolean {
  const weekday = new Date(`${day}T00:00:00Z`).getUTCDay();
  return weekday === 0 || weekday === 6;
}
