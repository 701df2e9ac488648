const units = ['B', 'KB', 'MB', 'GB', 'TB'] as const;

/**
 * Returns a size for reading, such as `194 B` or `1.5 KB`, in steps of 1,024 and with at most three
 * significant digits, so that sizes stay comparable at a glance.
 */
export function formatBytes(bytes: number): string {
  let size = bytes;
  let step = 0;
  // 999.5 rather than 1,024: the next unit begins where three digits would no longer do.
  while (size >= 999.5 && step < units.length - 1) {
    size /= 1024;
    step += 1;
  }
  const digits = step === 0 || size >= 99.95 ? 0 : size >= 9.995 ? 1 : 2;
  return `${Number(size.toFixed(digits))} ${units[step]}`;
}
