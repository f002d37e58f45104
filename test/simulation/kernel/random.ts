/** Every random choice of a run comes from here, so that its seed replays it. */
export class Random {
  #state: number;

  constructor(seed: number) {
    this.#state = (seed ^ 0x9e3779b9) >>> 0;
    // Neighboring seeds must not begin alike.
    for (let i = 0; i < 4; i++) this.next();
  }

  /** In [0, 1): mulberry32. */
  next(): number {
    this.#state = (this.#state + 0x6d2b79f5) >>> 0;
    let t = this.#state;
    t = Math.imul(t ^ (t >>> 15), t | 1);
    t ^= t + Math.imul(t ^ (t >>> 7), t | 61);
    return ((t ^ (t >>> 14)) >>> 0) / 4294967296;
  }

  chance(probability: number): boolean {
    // Drawn even if it cannot happen: a run with a rate of 0 stays comparable to one without.
    return this.next() < probability;
  }

  /** A whole number from `low` to `high`, both included. */
  int(low: number, high: number): number {
    return low + Math.floor(this.next() * (high - low + 1));
  }

  /** Mostly near `low`, seldom near `high`: what latencies look like. */
  skewed(low: number, high: number): number {
    const x = this.next();
    return Math.round(low + (high - low) * x * x * x);
  }

  pick<T>(values: readonly [T, ...T[]]): T {
    return values[Math.floor(this.next() * values.length)] ?? values[0];
  }

  /** `length` characters of base64url. */
  text(length: number): string {
    const alphabet = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_';
    let text = '';
    for (let i = 0; i < length; i++) text += alphabet[Math.floor(this.next() * 64)] ?? '';
    return text;
  }
}
