export const lifetimeUnits = {
  seconds: 1,
  minutes: 60,
  hours: 3_600,
  days: 86_400,
} as const;

export type LifetimeUnit = keyof typeof lifetimeUnits;

export function isLifetimeUnit(text: string): text is LifetimeUnit {
  return Object.hasOwn(lifetimeUnits, text);
}

/**
 * Returns the seconds of a lifetime as a person wrote it: undefined for none, null for what is no positive
 * number. The result has at most three decimals, the milliseconds of the wire.
 */
export function lifetimeSeconds(amount: string, unit: LifetimeUnit): number | undefined | null {
  const trimmed = amount.trim().replace(',', '.');
  if (trimmed === '') return undefined;
  if (!/^\d+(\.\d+)?$/.test(trimmed)) return null;
  const seconds = Math.round(Number(trimmed) * lifetimeUnits[unit] * 1_000) / 1_000;
  return seconds > 0 && Number.isSafeInteger(Math.round(seconds * 1_000)) ? seconds : null;
}
