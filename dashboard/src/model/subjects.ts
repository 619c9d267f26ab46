/** Colours of subjects: the same subject has the same colour in every chart, whatever else is shown. */

const HUES: Record<string, number> = {
  chinese: 0,
  math: 1,
  english: 2,
  physics: 3,
  chemistry: 4,
  biology: 5,
  history: 6,
  geography: 7,
  politics: 8,
  science: 9,
};

/** Number of `--subject-N` colours in the style sheet. */
export const COLOURS = 12;

export function colourIndex(subject: string): number {
  const known = HUES[subject];
  if (known !== undefined) return known;
  let hash = 0;
  for (const letter of subject) hash = (hash * 31 + (letter.codePointAt(0) ?? 0)) % 9973;
  return hash % 2 === 0 ? 10 : 11;
}

export const colourVariable = (subject: string): string => `--subject-${colourIndex(subject)}`;
