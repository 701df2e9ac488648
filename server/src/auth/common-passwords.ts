/**
 * The common and breached passwords of the zxcvbn project: 49,000 in lower case, 18,000 of which have eight
 * characters or more. Loaded when first asked for, since that takes 40 ms and a few MB that a process
 * without sign-ups never needs.
 */
export function loadCommonPasswords(): Promise<ReadonlySet<string>> {
  loading ??= load();
  return loading;
}

let loading: Promise<ReadonlySet<string>> | undefined;

async function load(): Promise<ReadonlySet<string>> {
  const { dictionary } = await import('@zxcvbn-ts/language-common');
  return new Set(dictionary['passwords-common']);
}
