import { limits } from 'halo-contract';

export const passwordAdvice = `At least ${limits.passwordLengthMin} characters; 15 or more are better. A few unusual words make a good one.`;

/** Says why a name cannot be signed up with, or returns null; the server has the last word. */
export function nameFault(name: string): string | null {
  const { nameLengthMin, nameLengthMax } = limits;
  const length = [...name].length;
  if (length < nameLengthMin || length > nameLengthMax) {
    return `Use ${nameLengthMin} to ${nameLengthMax} characters.`;
  }
  return /^[\p{L}\p{N}._\-+@]+$/u.test(name.normalize('NFKC'))
    ? null
    : 'Use letters, digits and . _ - + @ only.';
}

/** Says why a password cannot be signed up with, or returns null; the server has the last word. */
export function passwordFault(password: string): string | null {
  const length = [...password].length;
  // An operator may ask for fewer than the usual number, but never for fewer than this.
  if (length < limits.passwordLengthFloor) {
    return `Use at least ${limits.passwordLengthMin} characters; this has ${length}.`;
  }
  return length > limits.passwordLengthMax ? `Use at most ${limits.passwordLengthMax} characters.` : null;
}
