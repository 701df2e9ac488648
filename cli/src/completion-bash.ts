import { type Grammar, keysCommand, quote, valuedOptions } from './completion.js';

/** Words that lead to a command are gathered; options between them are passed over with their values. */
export function bashScript(grammar: Grammar): string {
  const { places, choices, files, keys, others } = grammar;
  const words = places.map(({ path, node }) => {
    const names = [...node.commands.map(({ name }) => name), ...node.options.flatMap(({ names }) => names)];
    return `    ${quote(path)}) words=${quote(names.join(' '))} kind=${node.words ?? ''} ;;`;
  });
  const paths = places.filter(({ path }) => path !== '').map(({ path }) => quote(path));
  const chosen = [...choices].map(
    ([name, offered]) =>
      `    ${name}) COMPREPLY=($(compgen -W ${quote(offered.join(' '))} -- "$word")); return ;;`,
  );
  return `# Completes halo in bash: source <(halo completion bash)
_halo() {
  local word=\${COMP_WORDS[COMP_CWORD]} before=\${COMP_WORDS[COMP_CWORD-1]} path= words= kind= i next
  COMPREPLY=()
  case $before in
${chosen.join('\n')}
    ${files.join('|')}) _halo_files; return ;;
    ${keys.join('|')}) _halo_keys; return ;;
    ${others.join('|')}) return ;;
  esac
  for ((i = 1; i < COMP_CWORD; i++)); do
    case \${COMP_WORDS[i]} in
      ${valuedOptions(grammar).join('|')}) ((i++)); continue ;;
      -*) continue ;;
    esac
    next="\${path:+$path }\${COMP_WORDS[i]}"
    case $next in
      ${paths.join('|')}) path=$next ;;
      *) break ;;
    esac
  done
  case $path in
${words.join('\n')}
  esac
  case $word in
    -*) COMPREPLY=($(compgen -W "$words" -- "$word")); return ;;
  esac
  case $kind in
    file) _halo_files ;;
    key) _halo_keys ;;
    other) ;;
    *) COMPREPLY=($(compgen -W "$words" -- "$word")) ;;
  esac
}
_halo_files() {
  compopt -o filenames
  local IFS=$'\\n'
  COMPREPLY=($(compgen -f -- "$word"))
}
# Colons and equals signs end a word for bash, but not a key: what stands before the last of them is on the line already.
_halo_keys() {
  local whole=\${COMP_LINE:0:COMP_POINT} key
  whole=\${whole##* }
  local kept=\${whole%"\${whole##*[:=]}"}
  while IFS= read -r key; do
    printf -v key %q "$key"
    COMPREPLY+=("\${key#"$kept"}")
  done < <(halo ${keysCommand} -- "\${COMP_WORDS[@]:1:COMP_CWORD-1}" "$whole" 2>/dev/null </dev/null)
  case \${COMPREPLY[0]-} in
    */) compopt -o nospace ;;
  esac
}
complete -F _halo halo
`;
}
