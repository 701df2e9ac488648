/** What there is to complete: a command with its options and subcommands. */
export interface CommandNode {
  readonly name: string;
  readonly description: string;
  readonly options: readonly OptionNode[];
  readonly commands: readonly CommandNode[];
  /** Whether a word that is no option may name a file. */
  readonly takesFile: boolean;
}

export interface OptionNode {
  /** With its hyphens. */
  readonly names: readonly string[];
  readonly description: string;
  readonly takesValue: boolean;
  /** What the value may be, where that is a list. */
  readonly choices: readonly string[];
}

export const shells = ['bash', 'zsh', 'fish'] as const;
export type Shell = (typeof shells)[number];

/** Writes a script that completes commands and options, for one shell. */
export function completionScript(shell: Shell, root: CommandNode): string {
  return { bash: bashScript, zsh: zshScript, fish: fishScript }[shell](root);
}

interface Place {
  /** The words that lead here, such as `tokens create`. */
  readonly path: string;
  readonly node: CommandNode;
}

function placesOf(node: CommandNode, path: readonly string[] = []): Place[] {
  const below = node.commands.flatMap((command) => placesOf(command, [...path, command.name]));
  return [{ path: path.join(' '), node }, ...below];
}

const namesOf = (options: readonly OptionNode[]): string[] => options.flatMap(({ names }) => names);

/** Words that lead to a command are gathered; the first that names none ends that. */
function bashScript(root: CommandNode): string {
  const places = placesOf(root);
  const words = places.map(({ path, node }) => {
    const names = [...node.commands.map(({ name }) => name), ...namesOf(node.options)];
    return `    ${quote(path)}) words=${quote(names.join(' '))} files=${node.takesFile ? 'yes' : ''} ;;`;
  });
  const paths = places.filter(({ path }) => path !== '').map(({ path }) => quote(path));
  const valued = [
    ...new Set(places.flatMap(({ node }) => namesOf(node.options.filter((o) => o.takesValue)))),
  ];
  const choices = choicesOf(places).map(
    ({ name, choices }) =>
      `    ${name}) COMPREPLY=($(compgen -W ${quote(choices.join(' '))} -- "$word")); return ;;`,
  );
  return `# Completes halo in bash: source <(halo completion bash)
_halo() {
  local word=\${COMP_WORDS[COMP_CWORD]} before=\${COMP_WORDS[COMP_CWORD-1]} path= words= files= i next
  case $before in
${choices.join('\n')}
    ${valued.join('|')}) COMPREPLY=($(compgen -f -- "$word")); return ;;
  esac
  for ((i = 1; i < COMP_CWORD; i++)); do
    next="\${path:+$path }\${COMP_WORDS[i]}"
    case $next in
      ${paths.join('|')}) path=$next ;;
      *) break ;;
    esac
  done
  case $path in
${words.join('\n')}
  esac
  COMPREPLY=($(compgen -W "$words" -- "$word"))
  if [[ -n $files && $word != -* ]]; then COMPREPLY+=($(compgen -f -- "$word")); fi
}
complete -o filenames -F _halo halo
`;
}

function zshScript(root: CommandNode): string {
  const places = placesOf(root);
  const described = (pairs: readonly (readonly [string, string])[]) =>
    pairs.map(([name, text]) => quote(`${name.replaceAll(':', '\\:')}:${text}`)).join(' ');
  const cases = places.map(({ path, node }) => {
    const commands = node.commands.map(({ name, description }) => [name, description] as const);
    const options = node.options.flatMap(({ names, description }) =>
      names.map((name) => [name, description] as const),
    );
    return `    ${quote(path)}) words=(${described([...commands, ...options])}) files=${node.takesFile ? 'yes' : ''} ;;`;
  });
  const paths = places.filter(({ path }) => path !== '').map(({ path }) => quote(path));
  const valued = [
    ...new Set(places.flatMap(({ node }) => namesOf(node.options.filter((o) => o.takesValue)))),
  ];
  const choices = choicesOf(places).map(
    ({ name, choices }) => `    ${name}) compadd -- ${choices.map(quote).join(' ')}; return ;;`,
  );
  return `#compdef halo
# Completes halo in zsh: source <(halo completion zsh), after compinit
_halo() {
  local path_= next files= i
  local -a words_given words
  words_given=("\${(@)words}")
  local current=$CURRENT
  case "\${words_given[current-1]}" in
${choices.join('\n')}
    ${valued.join('|')}) _files; return ;;
  esac
  for ((i = 2; i < current; i++)); do
    next="\${path_:+$path_ }\${words_given[i]}"
    case "$next" in
      ${paths.join('|')}) path_="$next" ;;
      *) break ;;
    esac
  done
  case "$path_" in
${cases.join('\n')}
  esac
  _describe halo words
  [[ -n "$files" ]] && _files
  return 0
}
compdef _halo halo
`;
}

function fishScript(root: CommandNode): string {
  const places = placesOf(root);
  const lines = places.flatMap(({ path, node }) => {
    const condition = `-n ${quote(`test "$(__halo_path)" = "${path}"`)}`;
    const commands = node.commands.map(
      ({ name, description }) =>
        `complete -c halo -f ${condition} -a ${quote(name)} -d ${quote(description)}`,
    );
    const options = node.options.map(({ names, description, takesValue, choices }) => {
      const spelled = names.map((name) =>
        name.startsWith('--') ? `-l ${name.slice(2)}` : `-s ${name.slice(1)}`,
      );
      const value = choices.length > 0 ? ` -x -a ${quote(choices.join(' '))}` : takesValue ? ' -r' : '';
      return `complete -c halo ${condition} ${spelled.join(' ')}${value} -d ${quote(description)}`;
    });
    return [...commands, ...options];
  });
  const paths = places.filter(({ path }) => path !== '').map(({ path }) => quote(path));
  return `# Completes halo in fish: halo completion fish | source
function __halo_path
  set -l path
  for word in (commandline -opc)[2..]
    set -l next (string join ' ' -- $path $word)
    switch $next
      case ${paths.join(' ')}
        set path $next
      case '*'
        break
    end
  end
  echo -- "$path"
end
${lines.join('\n')}
`;
}

function choicesOf(places: readonly Place[]): { name: string; choices: readonly string[] }[] {
  const found = new Map<string, readonly string[]>();
  for (const { node } of places) {
    for (const { names, choices } of node.options) {
      if (choices.length > 0) for (const name of names) found.set(name, choices);
    }
  }
  return [...found].map(([name, choices]) => ({ name, choices }));
}

/** One word for any of the shells. */
function quote(text: string): string {
  return `'${text.replaceAll("'", '’')}'`;
}
