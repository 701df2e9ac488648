/** Written by itself, and kept when the rest of the page is written anew. */
export const consoleSizeTitle = 'Size of the console';

/** Likewise. */
export const overloadTitle = 'Overload';

/** Returns a page with what stands under a second-level heading replaced or, when there is none, added at the end. */
export function putSection(page: string, title: string, body: string): string {
  const section = `## ${title}\n\n${body.trim()}\n`;
  const before = getSection(page, title);
  // By a function, since a text would have its dollar signs read.
  if (before !== undefined) return page.replace(before, () => section);
  return `${page.trimEnd()}\n\n${section}`;
}

/** Returns a section with its heading, up to the next one's, or undefined. Its last line ends, and no empty one follows. */
export function getSection(page: string, title: string): string | undefined {
  const sections = page.split(/^(?=## )/m);
  const found = sections.find((section) => section.startsWith(`## ${title}\n`));
  return found === undefined ? undefined : `${found.trimEnd()}\n`;
}
