/**
 * Exponential back-off with full jitter, in milliseconds: anything from 0 to base * 2^attempt, at most `capMs`. `random`
 * is from 0 to 1.
 */
export const fullJitter = (attempt: number, random: number, baseMs = 25, capMs = 500): number =>
  random * Math.min(capMs, baseMs * 2 ** attempt);
