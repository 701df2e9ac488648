/** A command refuses or cannot go on. The message is one sentence for whoever runs it. */
export class CommandError extends Error {
  readonly exitCode: number;

  constructor(message: string, exitCode: number = exitCodes.failed) {
    super(message);
    this.name = 'CommandError';
    this.exitCode = exitCode;
  }
}

/** What a command ends with besides 0. */
export const exitCodes = { failed: 1, usage: 2, interrupted: 130 } as const;
