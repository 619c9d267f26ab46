/** Which class and day the class page shows: `?school=…&class=…&day=…`. */
import { isDay } from "../model/days";
import { useAddress } from "./useAddress";

export type Selection = {
  school: string | null;
  class: string | null;
  /** null: the class's latest day */
  day: string | null;
};

export function selectionFrom(search: string): Selection {
  const params = new URLSearchParams(search);
  const day = params.get("day");
  return {
    school: params.get("school") || null,
    class: params.get("class") || null,
    day: isDay(day) ? day : null,
  };
}

export function useSelection() {
  const { chosen, choose } = useAddress(selectionFrom);
  return { selection: chosen, choose };
}
