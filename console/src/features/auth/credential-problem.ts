import { HaloError } from 'halo-client';
import { explain } from '../../explain.js';

export interface CredentialProblem {
  /** The field it concerns, or undefined when it concerns several or none. */
  readonly field: 'name' | 'password' | 'invite' | undefined;
  readonly title: string;
  readonly detail: string;
}

/** Returns where and how to say why a log-in or sign-up was refused. */
export function credentialProblem(error: unknown): CredentialProblem {
  const { title, detail } = explain(error);
  if (!(error instanceof HaloError)) return { field: undefined, title, detail };
  const pointer = error.problem?.pointer;
  if (error.code === 'name-taken') {
    return { field: 'name', title, detail: 'This name is taken. Choose another, or log in.' };
  }
  if (error.code === 'weak-password') return { field: 'password', title, detail };
  if (error.code === 'sign-up-closed') {
    return pointer === '/invite'
      ? { field: 'invite', title, detail: 'Enter an invite code that is still good.' }
      : {
          field: undefined,
          title: 'Nobody can sign up here',
          detail: 'Whoever runs this server has closed sign-up. Ask them for an account.',
        };
  }
  if (error.code === 'account-disabled') {
    return {
      field: undefined,
      title: 'This account is disabled',
      detail: 'Whoever runs this server has disabled it. Its data is kept; ask them to enable it again.',
    };
  }
  if (error.status === 401) {
    return {
      field: undefined,
      title: 'Wrong name or password',
      detail: 'Check both and try again.',
    };
  }
  const field = pointer?.slice(1);
  const isField = field === 'name' || field === 'password' || field === 'invite';
  return { field: isField ? field : undefined, title, detail };
}
