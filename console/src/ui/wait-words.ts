const minute = 60;

/** Returns a wait in words, such as `45 seconds` or `2 minutes 5 seconds`; parts of a second count as a whole one. */
export function waitInWords(seconds: number): string {
  const whole = Math.max(1, Math.ceil(seconds));
  if (whole <= minute) return count(whole, 'second');
  const rest = whole % minute;
  const minutes = count(Math.floor(whole / minute), 'minute');
  return rest === 0 ? minutes : `${minutes} ${count(rest, 'second')}`;
}

function count(number: number, unit: string): string {
  return number === 1 ? `1 ${unit}` : `${number} ${unit}s`;
}
