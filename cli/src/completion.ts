/** What a word may be, for which the shell knows how to offer something. */
export type WordKind = 'file' | 'key' | 'other';

/** What there is to complete: a command with its options and subcommands. */
export interface CommandNode {
  readonly name: string;
  readonly description: string;
  readonly options: readonly OptionNode[];
  readonly commands: readonly CommandNode[];
  /** What words that are no options are; undefined when there are none. */
  readonly words: WordKind | undefined;
}

export interface OptionNode {
  /** With its hyphens. */
  readonly names: readonly string[];
  readonly description: string;
  /** What its value is; undefined when it takes none. */
  readonly value: WordKind | undefined;
  /** What the value may be, where that is a list. */
  readonly choices: readonly string[];
}

/**
 * The hidden command that scripts ask for keys. It gets the words before the one under the cursor, and that one, and
 * prints one offer a line.
 */
export const keysCommand = 'complete-keys';

/** A command, by the words that lead to it. */
export interface Place {
  /** Such as `tokens create`; empty for `halo` itself. */
  readonly path: string;
  readonly node: CommandNode;
}

/** The commands as a script asks for them. */
export interface Grammar {
  readonly places: readonly Place[];
  /** Names of options whose value is one of these, by what may be offered. */
  readonly choices: ReadonlyMap<string, readonly string[]>;
  readonly files: readonly string[];
  readonly keys: readonly string[];
  readonly others: readonly string[];
}

/** What scripts need to know, from the commands there are. */
export function grammarOf(root: CommandNode): Grammar {
  const places = placesOf(root);
  const options = places.flatMap(({ node }) => node.options);
  const named = (isWanted: (option: OptionNode) => boolean) => [
    ...new Set(options.filter(isWanted).flatMap(({ names }) => names)),
  ];
  const choices = options.flatMap((option) => option.names.map((name) => [name, option.choices] as const));
  return {
    places,
    choices: new Map(choices.filter(([, offered]) => offered.length > 0)),
    files: named(({ value }) => value === 'file'),
    keys: named(({ value }) => value === 'key'),
    others: named(({ value, choices }) => value === 'other' && choices.length === 0),
  };
}

function placesOf(node: CommandNode, path: readonly string[] = []): Place[] {
  const below = node.commands.flatMap((command) => placesOf(command, [...path, command.name]));
  return [{ path: path.join(' '), node }, ...below];
}

/** The names of all options that take a value: the word behind one is no command. */
export function valuedOptions({ choices, files, keys, others }: Grammar): string[] {
  return [...choices.keys(), ...files, ...keys, ...others];
}

/** One word for any of the shells. */
export function quote(text: string): string {
  return `'${text.replaceAll("'", '’')}'`;
}
