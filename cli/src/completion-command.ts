import { Argument, type Command, type Option } from 'commander';
import { type CommandNode, grammarOf, keysCommand, type WordKind } from './completion.js';
import { bashScript } from './completion-bash.js';
import { fishScript } from './completion-fish.js';
import { zshScript } from './completion-zsh.js';
import { type ConnectionOptions, connect } from './connection.js';
import { profileFrom, urlFrom } from './option-values.js';
import { printBytes, type Terminal } from './terminal.js';

const scripts = { bash: bashScript, zsh: zshScript, fish: fishScript } as const;

/** More offers than anybody reads; a shell asks before it shows as many. */
const offersMax = 200;
/** Whoever presses Tab would rather have nothing than wait longer. */
const offersMsMax = 3_000;

/** `completion`: a script for the shell, made from the commands there are; and what it asks for keys. */
export function addCompletionCommand(program: Command, terminal: Terminal): void {
  program
    .command('completion')
    .description('print a script that lets the Tab key complete commands, options, files and keys')
    .addArgument(new Argument('<shell>').choices(Object.keys(scripts)))
    .addHelpText(
      'after',
      '\nExamples:\n' +
        "  echo 'source <(halo completion bash)' >> ~/.bashrc\n" +
        "  echo 'source <(halo completion zsh)' >> ~/.zshrc\n" +
        '  halo completion fish > ~/.config/fish/completions/halo.fish',
    )
    .action((shell: keyof typeof scripts) =>
      printBytes(terminal, scripts[shell](grammarOf(nodeOf(program)))),
    );

  program
    .command(keysCommand, { hidden: true })
    .argument('[words...]')
    .action((words: string[]) => offerKeys(terminal, words));
}

/** Prints the keys and folders that begin like the last word, for the Halo that the others name. */
async function offerKeys(terminal: Terminal, words: readonly string[]): Promise<void> {
  const prefix = words.at(-1) ?? '';
  const halo = await connect(terminal, connectionIn(words.slice(0, -1)), { timeoutMs: offersMsMax });
  const signal = AbortSignal.timeout(offersMsMax);
  const { keys, prefixes } = await halo.page({ prefix, delimiter: '/', limit: offersMax, signal });
  const offers = [...keys.map(({ key }) => key), ...prefixes.map(({ prefix: folder }) => folder)];
  // One a line is all that a shell can read.
  const lines = offers.filter((offer) => !/\p{Cc}/u.test(offer));
  await printBytes(terminal, lines.map((offer) => `${offer}\n`).join(''));
}

function connectionIn(words: readonly string[]): ConnectionOptions {
  const valueBehind = (name: string): string | undefined => {
    const at = words.lastIndexOf(name);
    return at === -1 ? undefined : words[at + 1];
  };
  const [url, profile] = [valueBehind('--url'), valueBehind('--profile')];
  return {
    ...(url === undefined ? {} : { url: urlFrom(url) }),
    ...(profile === undefined ? {} : { profile: profileFrom(profile) }),
  };
}

const kinds: Readonly<Record<string, WordKind>> = {
  file: 'file',
  directory: 'file',
  key: 'key',
  keys: 'key',
  prefix: 'key',
};

function nodeOf(command: Command): CommandNode {
  const help = command.createHelp();
  const below = help.visibleCommands(command);
  const [first] = command.registeredArguments;
  const choices = first?.argChoices ?? [];
  return {
    name: command.name(),
    description: firstLine(command.description()),
    options: help.visibleOptions(command).map((option) => ({
      names: [option.short, option.long].filter((name) => name !== undefined),
      description: option.description,
      value: valueKindOf(option),
      choices: option.argChoices ?? [],
    })),
    commands: [
      // What help is asked about are the commands beside it.
      ...below.map((one) =>
        one.name() === 'help' ? { ...nodeOf(one), ...namesOnly(below.map((it) => it.name())) } : nodeOf(one),
      ),
      ...namesOnly(choices).commands,
    ],
    words: first === undefined || choices.length > 0 ? undefined : (kinds[first.name()] ?? 'other'),
  };
}

/** Words that may follow, with nothing behind them, offered as commands are. */
function namesOnly(names: readonly string[]): Pick<CommandNode, 'commands' | 'words'> {
  const nothing = { description: '', options: [], commands: [], words: 'other' } as const;
  return { commands: names.map((name) => ({ name, ...nothing })), words: undefined };
}

/** By the name of the value in help, such as `--output <file>`. */
function valueKindOf({ flags, required, optional }: Option): WordKind | undefined {
  if (!required && !optional) return undefined;
  const [, name = ''] = /[<[]([\w-]+)/.exec(flags) ?? [];
  return kinds[name] ?? 'other';
}

function firstLine(text: string): string {
  return text.split('\n')[0] ?? '';
}
