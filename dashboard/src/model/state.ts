/** What a card shows: its figures, or why it has none. */
import type { Answer, Row } from "../api";
import type { Resource } from "../composables/useResource";

export type CardState = "loading" | "error" | "empty" | "suppressed" | "ready";

export function stateOf<R extends Row>(
  resource: Resource<Answer<R>>,
  hasFigures: (row: R) => boolean = () => true,
): CardState {
  if (resource.state !== "ready" || !resource.data) {
    return resource.state === "error" ? "error" : "loading";
  }
  const { rows } = resource.data;
  if (rows.some((row) => row.suppressed !== true && hasFigures(row))) return "ready";
  return rows.some((row) => row.suppressed === true) ? "suppressed" : "empty";
}

export const isNumber = (value: unknown): value is number =>
  typeof value === "number" && Number.isFinite(value);
