import { explain, ProblemError } from '../../problem-error.js';

export interface CredentialProblem {
  /** The field it concerns, or undefined when it concerns both or neither. */
  readonly field: 'name' | 'password' | undefined;
  readonly title: string;
  readonly detail: string;
}

/** Returns where and how to say why a log-in or sign-up was refused. */
export function credentialProblem(error: unknown): CredentialProblem {
  const { title, detail } = explain(error);
  if (!(error instanceof ProblemError)) return { field: undefined, title, detail };
  if (error.is('name-taken')) {
    return { field: 'name', title, detail: 'This name is taken. Choose another, or log in.' };
  }
  if (error.is('weak-password')) return { field: 'password', title, detail };
  if (error.problem.status === 401) {
    return {
      field: undefined,
      title: 'Wrong name or password',
      detail: 'Check both and try again.',
    };
  }
  const pointer = error.problem.pointer;
  return {
    field: pointer === '/name' ? 'name' : pointer === '/password' ? 'password' : undefined,
    title,
    detail,
  };
}
