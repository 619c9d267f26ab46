/**
 * One answer of the server and its state. A newer request always wins over an older one that arrives later; a
 * refresh of the same thing keeps the figures on the page until the new ones are there.
 */
import { shallowReactive, watch } from "vue";
import { Problem } from "../api";

export interface Resource<T> {
  state: "loading" | "ready" | "error";
  data: T | null;
  problem: Problem | null;
  /** the address that was asked for, to be opened outside the page */
  address: string | null;
}

export interface Request<T> {
  /** says what is asked for: an equal key is a refresh */
  key: string;
  load: () => Promise<T>;
}

const UNEXPECTED = { zh: "页面出错", en: "Something went wrong on this page" };

const asProblem = (error: unknown): Problem =>
  error instanceof Problem ? error : new Problem(0, "page", UNEXPECTED, String(error));

export const emptyResource = <T>(): Resource<T> =>
  shallowReactive<Resource<T>>({ state: "loading", data: null, problem: null, address: null });

export function useResource<T>(request: () => Request<T> | null) {
  const resource = emptyResource<T>();
  let latest = 0;

  async function run(asked: Request<T>, refresh: boolean): Promise<void> {
    const mine = ++latest;
    if (!refresh) Object.assign(resource, { state: "loading", data: null, problem: null });
    resource.address = asked.key;
    try {
      const data = await asked.load();
      if (mine === latest) Object.assign(resource, { state: "ready", data, problem: null });
    } catch (error) {
      if (mine === latest) Object.assign(resource, { state: "error", problem: asProblem(error) });
    }
  }

  async function reload(): Promise<void> {
    const asked = request();
    if (asked) await run(asked, resource.state === "ready");
  }

  watch(
    () => request()?.key ?? null,
    () => {
      const asked = request();
      if (asked) void run(asked, false);
      else latest += 1;
    },
    { immediate: true },
  );

  return { resource, reload };
}
