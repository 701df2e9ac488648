/** One thing that the palette can do. */
export interface PaletteItem {
  readonly id: string;
  readonly label: string;
  /** What else it may be looked for by. */
  readonly keywords?: string;
}

/**
 * Returns the items in which every word of the query begins a word of the label or of the keywords, in their own
 * order; all of them when nothing is asked.
 */
export function matchingItems<Item extends PaletteItem>(items: readonly Item[], query: string): Item[] {
  const asked = wordsOf(query);
  return items.filter(({ label, keywords = '' }) => {
    const known = wordsOf(`${label} ${keywords}`);
    return asked.every((word) => known.some((other) => other.startsWith(word)));
  });
}

function wordsOf(text: string): string[] {
  return text.toLowerCase().match(/[\p{L}\p{N}]+/gu) ?? [];
}
