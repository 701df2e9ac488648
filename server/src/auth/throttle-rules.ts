/** How one kind of attempt is counted and held up. */
export interface ThrottleRule {
  /** So many attempts in a row are not held up. The last of them and each further one is followed by a wait. */
  readonly free: number;
  /** The first wait is a second, each further one twice as long, up to this. */
  readonly waitSMax: number;
  /** How much calm makes it forget. Waiting does not count as calm: nothing could have been tried. */
  readonly calmS: number;
  /** What each such calm makes it forget. */
  readonly forgets: 'one' | 'all';
}

export type ThrottleRuleName = keyof typeof throttleRules;

const hourS = 3_600;
const quarterS = 900;

/**
 * One account's attempts are forgotten all at once, after an hour of calm or a success. An address may be that
 * of a whole company, in which somebody mistypes every few minutes and a calm hour never comes: there, one
 * attempt is forgotten at a time, as many in an hour as are free. Who keeps trying leaves no calm in either.
 */
export const throttleRules = {
  'log-in-name': { free: 5, waitSMax: quarterS, calmS: hourS, forgets: 'all' },
  'log-in-address': { free: 50, waitSMax: quarterS, calmS: hourS / 50, forgets: 'one' },
  'sign-up-address': { free: 20, waitSMax: hourS, calmS: hourS / 20, forgets: 'one' },
  'password-account': { free: 5, waitSMax: quarterS, calmS: hourS, forgets: 'all' },
  'password-address': { free: 50, waitSMax: quarterS, calmS: hourS / 50, forgets: 'one' },
  // Refresh tokens cannot be guessed; these two keep the work of refusing or rotating them within bounds.
  'refresh-address': { free: 100, waitSMax: 60, calmS: hourS / 100, forgets: 'one' },
  'refresh-session': { free: 120, waitSMax: 60, calmS: hourS / 120, forgets: 'one' },
} as const satisfies Readonly<Record<string, ThrottleRule>>;

/**
 * From here on waits grow no longer. Counting on would only mean that it takes for ever to be forgotten, which
 * whoever gets the address next would pay for.
 */
export function attemptsMaxOf({ free, waitSMax }: ThrottleRule): number {
  return free + Math.ceil(Math.log2(waitSMax));
}

/** After so much calm no rule remembers anything. */
export const rememberedSMax = Math.max(
  ...Object.values<ThrottleRule>(throttleRules).map((rule) =>
    rule.forgets === 'all' ? rule.calmS : rule.calmS * attemptsMaxOf(rule),
  ),
);
