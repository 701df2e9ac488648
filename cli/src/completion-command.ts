import { Argument, type Command } from 'commander';
import { type CommandNode, completionScript, type Shell, shells } from './completion.js';
import { printBytes, type Terminal } from './terminal.js';

/** `completion`: a script for the shell, made from the commands there are. */
export function addCompletionCommand(program: Command, terminal: Terminal): void {
  program
    .command('completion')
    .description('print a script that lets the Tab key complete commands and options')
    .addArgument(new Argument('<shell>').choices([...shells]))
    .addHelpText(
      'after',
      '\nExamples:\n' +
        "  echo 'source <(halo completion bash)' >> ~/.bashrc\n" +
        "  echo 'source <(halo completion zsh)' >> ~/.zshrc\n" +
        '  halo completion fish > ~/.config/fish/completions/halo.fish',
    )
    .action((shell: Shell) => printBytes(terminal, completionScript(shell, nodeOf(program))));
}

const fileArguments = new Set(['file']);

function nodeOf(command: Command): CommandNode {
  const help = command.createHelp();
  return {
    name: command.name(),
    description: firstLine(command.description()),
    options: help.visibleOptions(command).map((option) => ({
      names: [option.short, option.long].filter((name) => name !== undefined),
      description: option.description,
      takesValue: option.required || option.optional,
      choices: option.argChoices ?? [],
    })),
    commands: help.visibleCommands(command).map(nodeOf),
    takesFile: command.registeredArguments.some((argument) => fileArguments.has(argument.name())),
  };
}

function firstLine(text: string): string {
  return text.split('\n')[0] ?? '';
}
