/** Exponential back-off with full jitter: anything from 0 to base * 2^attempt, at most `capMs`. */
export const fullJitter = (attempt: number, random: number, baseMs = 25, capMs = 500): number =>
  random * Math.min(capMs, baseMs * 2 ** attempt);
