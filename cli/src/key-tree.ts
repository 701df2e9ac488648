/**
 * Turns keys in their order into the lines of a tree, as they come: `a/b` and `a/c` share the line of `a/`. Only the
 * key before is kept, so that a million keys need no memory.
 *
 * @param below what all keys begin with and no line repeats; it ends with a slash or is empty
 */
export function createKeyTree(below: string): (key: string, note?: string) => string[] {
  let open: readonly string[] = [];
  return (key, note = '') => {
    const parts = key.slice(below.length).split('/');
    const leaf = parts.pop() ?? '';
    const shared = parts.findIndex((part, depth) => part !== open[depth]);
    const first = shared === -1 ? parts.length : shared;
    open = parts;
    const folders = parts.slice(first).map((part, index) => `${indent(first + index)}${part}/`);
    // A key that ends with a slash is itself what its folder is called.
    const name = leaf === '' ? '(the key itself)' : leaf;
    return [...folders, `${indent(parts.length)}${name}${note}`];
  };
}

function indent(depth: number): string {
  return '  '.repeat(depth);
}
