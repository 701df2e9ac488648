import { type Grammar, keysCommand, quote, valuedOptions } from './completion.js';

/** The same walk as in bash, on zsh's own arrays, with the descriptions that zsh shows. */
export function zshScript(grammar: Grammar): string {
  const { places, choices, files, keys, others } = grammar;
  const described = (pairs: readonly (readonly [string, string])[]) =>
    pairs.map(([name, text]) => quote(`${name.replaceAll(':', '\\:')}:${text}`)).join(' ');
  const cases = places.map(({ path, node }) => {
    const commands = node.commands.map(({ name, description }) => [name, description] as const);
    const options = node.options.flatMap(({ names, description }) =>
      names.map((name) => [name, description] as const),
    );
    const lists = `commands=(${described(commands)}) options=(${described(options)})`;
    return `    ${quote(path)}) ${lists} kind=${node.words ?? ''} ;;`;
  });
  const paths = places.filter(({ path }) => path !== '').map(({ path }) => quote(path));
  const chosen = [...choices].map(
    ([name, offered]) => `    ${name}) compadd -- ${offered.map(quote).join(' ')}; return ;;`,
  );
  return `#compdef halo
# Completes halo in zsh: source <(halo completion zsh), after compinit
_halo() {
  local at= next= kind= i
  local -a commands options
  case "\${words[CURRENT-1]}" in
${chosen.join('\n')}
    ${files.join('|')}) _files; return ;;
    ${keys.join('|')}) _halo_keys; return ;;
    ${others.join('|')}) return 1 ;;
  esac
  for ((i = 2; i < CURRENT; i++)); do
    case "\${words[i]}" in
      ${valuedOptions(grammar).join('|')}) ((i++)); continue ;;
      -*) continue ;;
    esac
    next="\${at:+$at }\${words[i]}"
    case "$next" in
      ${paths.join('|')}) at="$next" ;;
      *) break ;;
    esac
  done
  case "$at" in
${cases.join('\n')}
  esac
  if [[ "\${words[CURRENT]}" == -* ]]; then
    _describe -o option options
    return
  fi
  case "$kind" in
    file) _files ;;
    key) _halo_keys ;;
    other) return 1 ;;
    *) _describe command commands ;;
  esac
}
_halo_keys() {
  local -a found
  local key=\${(Q)words[CURRENT]}
  found=(\${(f)"$(halo ${keysCommand} -- "\${(@)words[2,CURRENT-1]}" "$key" 2>/dev/null </dev/null)"})
  local -a folders keys
  folders=(\${(M)found:#*/})
  keys=(\${found:#*/})
  compadd -S '' -- $folders
  compadd -- $keys
}
if [[ "$funcstack[1]" == _halo ]]; then _halo "$@"; else compdef _halo halo; fi
`;
}
