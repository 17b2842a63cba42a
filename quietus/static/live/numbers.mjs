// The little arithmetic that the other modules of the live page share.

export const clamp = (value, low = 0, high = 1) => Math.min(high, Math.max(low, value));

/** 0 up to `from`, 1 from `to` on, a straight line between. */
export const ramp = (value, from, to) => clamp((value - from) / (to - from));

/** Rounded, and never -0, which would look odd in what is shown to the person. */
export const round = (value, digits) => Number(value.toFixed(digits)) + 0;

/** The middle value; null when there is none. */
export function median(values) {
  if (values.length === 0) return null;
  const sorted = [...values].sort((a, b) => a - b);
  const middle = sorted.length >> 1;
  return sorted.length % 2 ? sorted[middle] : (sorted[middle - 1] + sorted[middle]) / 2;
}
