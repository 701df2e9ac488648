import { type Grammar, keysCommand, quote, valuedOptions, type WordKind } from './completion.js';

/** One rule for each command and option; a function finds out which command is being typed. */
export function fishScript(grammar: Grammar): string {
  const { places } = grammar;
  const offers: Readonly<Record<WordKind, string>> = {
    file: '-F',
    key: `-f -k -a '(__halo_keys)'`,
    other: '-f',
  };
  const lines = places.flatMap(({ path, node }) => {
    const condition = `-n ${quote(`test "$(__halo_path)" = "${path}"`)}`;
    const commands = node.commands.map(
      ({ name, description }) => `complete -c halo ${condition} -a ${quote(name)} -d ${quote(description)}`,
    );
    const words = node.words === undefined ? [] : [`complete -c halo ${condition} ${offers[node.words]}`];
    const options = node.options.map(({ names, description, value, choices }) => {
      const spelled = names.map((name) =>
        name.startsWith('--') ? `-l ${name.slice(2)}` : `-s ${name.slice(1)}`,
      );
      const offered =
        choices.length > 0
          ? ` -x -a ${quote(choices.join(' '))}`
          : value === undefined
            ? ''
            : ` -r ${offers[value]}`;
      return `complete -c halo ${condition} ${spelled.join(' ')}${offered} -d ${quote(description)}`;
    });
    return [...commands, ...words, ...options];
  });
  const paths = places.filter(({ path }) => path !== '').map(({ path }) => quote(path));
  return `# Completes halo in fish: halo completion fish | source
function __halo_path
  set -l path
  set -l is_value no
  for word in (commandline -opc)[2..]
    if test $is_value = yes
      set is_value no
      continue
    end
    switch $word
      case ${valuedOptions(grammar).join(' ')}
        set is_value yes
        continue
      case '-*'
        continue
    end
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
function __halo_keys
  halo ${keysCommand} -- (commandline -opc)[2..] (commandline -ct | string unescape) 2>/dev/null </dev/null
end
complete -c halo -f
${lines.join('\n')}
`;
}
