/**
 * The source text of every member called `name` that stands `depth` objects and arrays deep in a JSON text, in
 * order. The text must have been parsed before, so that it is known to be well formed. For what must be kept as
 * it was sent: parsing and writing it again would round large numbers.
 */
export function sourcesOf(text: string, name: string, depth: number): string[] {
  const sources: string[] = [];
  const marks = /["{}[\],:]/g;
  let level = 0;
  let member = '';
  let start = -1;
  for (let mark = marks.exec(text); mark !== null; mark = marks.exec(text)) {
    const [token] = mark;
    if (token === '"') {
      const end = stringEnd(text, mark.index);
      if (level === depth && start === -1) member = text.slice(mark.index, end);
      marks.lastIndex = end;
    } else if (token === ':') {
      if (level === depth && start === -1 && JSON.parse(member) === name) start = mark.index + 1;
    } else {
      const closes = token === '}' || token === ']';
      if (start !== -1 && level === depth && (closes || token === ',')) {
        sources.push(text.slice(start, mark.index).trim());
        start = -1;
      }
      if (closes) level -= 1;
      else if (token !== ',') level += 1;
    }
  }
  return sources;
}

/** The index after the quote that ends the string beginning at `start`. */
function stringEnd(text: string, start: number): number {
  for (let index = start + 1; ; index += 1) {
    const unit = text[index];
    if (unit === '\\') index += 1;
    else if (unit === '"') return index + 1;
    else if (unit === undefined) return text.length;
  }
}
