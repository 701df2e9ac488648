/** Far beyond what a double holds, and few enough digits to add at once. */
const exponentMax = 400;
/** Redis shows as many. */
const fractionMax = 17;
const textLengthMax = 1_000;

const form = /^([+-]?)(\d*)(?:\.(\d*))?(?:[eE]([+-]?\d{1,4}))?$/;

interface Decimal {
  readonly digits: bigint;
  /** How many of the digits stand behind the point. */
  readonly scale: number;
}

/** Whether a text is a number that INCRBYFLOAT takes. */
export function isDecimal(text: string): boolean {
  return parse(text) !== undefined;
}

/**
 * The sum of two decimal numbers, exactly, rounded to 17 digits behind the point and written without an exponent.
 * Redis reckons in long doubles and comes to the same for what people write, such as 0.1 + 0.2.
 *
 * @returns undefined when one of them is not a number
 */
export function addDecimals(one: string, other: string): string | undefined {
  const a = parse(one);
  const b = parse(other);
  if (a === undefined || b === undefined) return undefined;
  const scale = Math.max(a.scale, b.scale, fractionMax);
  const sum = a.digits * power(scale - a.scale) + b.digits * power(scale - b.scale);
  const divisor = power(scale - fractionMax);
  const size = sum < 0n ? -sum : sum;
  const rounded = (size + divisor / 2n) / divisor;
  const digits = String(rounded).padStart(fractionMax + 1, '0');
  const fraction = digits.slice(-fractionMax).replace(/0+$/, '');
  const sign = sum < 0n && rounded > 0n ? '-' : '';
  return `${sign}${digits.slice(0, -fractionMax)}${fraction === '' ? '' : `.${fraction}`}`;
}

function parse(text: string): Decimal | undefined {
  if (text.length > textLengthMax) return undefined;
  const [, sign, whole = '', fraction = '', exponentText = '0'] = form.exec(text) ?? [];
  const exponent = Number(exponentText);
  if (sign === undefined || whole + fraction === '' || Math.abs(exponent) > exponentMax) return undefined;
  const digits = BigInt(`${whole}${fraction}`) * (sign === '-' ? -1n : 1n);
  const scale = fraction.length - exponent;
  return scale < 0 ? { digits: digits * power(-scale), scale: 0 } : { digits, scale };
}

function power(exponent: number): bigint {
  return 10n ** BigInt(exponent);
}
