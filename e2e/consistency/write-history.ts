/** One attempt to set a key, as its writer saw it. */
export interface Attempt {
  readonly key: string;
  readonly value: string;
  /** Undefined: no answer came, so that it may or may not have been stored. */
  readonly revision: number | undefined;
}

/** What is found after a crash. */
export interface Found {
  readonly value: string;
  readonly revision: number;
}

/**
 * Compares what writers were told with what is stored, and returns every contradiction in words. Each key has
 * one writer, so that its attempts are in order; an attempt without an answer is the last of its key, or was
 * resolved by `resolve` before the key was written again.
 *
 * @param accountRevision how many commits the account has had
 */
export function contradictions(
  attempts: readonly Attempt[],
  found: ReadonlyMap<string, Found>,
  accountRevision: number,
): string[] {
  const faults: string[] = [];
  const byKey = new Map<string, Attempt[]>();
  for (const attempt of attempts) byKey.set(attempt.key, [...(byKey.get(attempt.key) ?? []), attempt]);
  let commits = attempts.filter(({ revision }) => revision !== undefined).length;
  for (const [key, history] of byKey) {
    const known = history.findLast(({ revision }) => revision !== undefined);
    const open = history.at(-1)?.revision === undefined ? history.at(-1) : undefined;
    const stored = found.get(key);
    if (stored !== undefined && stored.value === open?.value && stored.revision > (known?.revision ?? 0)) {
      commits += 1;
    } else if (stored?.value !== known?.value || stored?.revision !== known?.revision) {
      faults.push(
        `${key}: acknowledged ${brief(known)}, open ${brief(open)}, but stored is ${brief(stored)}`,
      );
    }
    if (isDisordered(history)) faults.push(`${key}: its acknowledged revisions do not increase`);
  }
  for (const key of found.keys()) if (!byKey.has(key)) faults.push(`${key} is stored but was never written`);
  const revisions = attempts.flatMap(({ revision }) => revision ?? []);
  if (new Set(revisions).size !== revisions.length) faults.push('a revision was acknowledged twice');
  if (commits !== accountRevision) {
    faults.push(`the account is at revision ${accountRevision} after ${commits} commits`);
  }
  return faults;
}

/** Settles the attempts that got no answer by what is stored: kept with their revision, or dropped. */
export function resolve(attempts: readonly Attempt[], found: ReadonlyMap<string, Found>): Attempt[] {
  return attempts.flatMap((attempt) => {
    if (attempt.revision !== undefined) return [attempt];
    const stored = found.get(attempt.key);
    return stored?.value === attempt.value ? [{ ...attempt, revision: stored.revision }] : [];
  });
}

function isDisordered(history: readonly Attempt[]): boolean {
  const revisions = history.flatMap(({ revision }) => revision ?? []);
  return revisions.some((revision, index) => revision <= (revisions[index - 1] ?? 0));
}

function brief(
  state: { readonly value: string; readonly revision?: number | undefined } | undefined,
): string {
  return state === undefined
    ? 'nothing'
    : `${state.value.slice(0, 40)}… at revision ${state.revision ?? '?'}`;
}
