/** How many requests API Gateway lets through: token buckets, as the template's stage sets them. */
import type { Clock } from '../../contract/clock.ts';

export type Throttle = {
  /** Requests a second, sustained. */
  readonly rate: number;
  /** Requests at once: the size of the bucket. */
  readonly burst: number;
};

/** A bucket that holds `burst` tokens and gets `rate` of them a second. A request takes one. */
export class TokenBucket {
  readonly #throttle: Throttle;
  #tokens: number;
  #filledAt: number;

  /** @param now ms */
  constructor(throttle: Throttle, now: number) {
    this.#throttle = throttle;
    this.#tokens = throttle.burst;
    this.#filledAt = now;
  }

  /** False: there is no token left. */
  take(now: number): boolean {
    const { rate, burst } = this.#throttle;
    // A clock that was set back fills nothing.
    const seconds = Math.max(0, now - this.#filledAt) / 1000;
    this.#tokens = Math.min(burst, this.#tokens + seconds * rate);
    this.#filledAt = now;
    if (this.#tokens < 1) return false;
    this.#tokens -= 1;
    return true;
  }
}

export type StageThrottles = {
  /** For all routes without their own, together; undefined: unlimited. */
  readonly byDefault: Throttle | undefined;
  /** By route key, `GET /api/sessions`. */
  readonly byRoute: Readonly<Record<string, Throttle>>;
};

export const UNTHROTTLED: StageThrottles = { byDefault: undefined, byRoute: {} };

/**
 * The buckets of one stage. AWS applies them "on a best-effort basis" and leaves open whether routes share the default
 * one; here they share it, which is the stricter reading.
 */
export class StageThrottle {
  readonly #clock: Clock;
  readonly #shared: TokenBucket | undefined;
  readonly #routes: ReadonlyMap<string, TokenBucket>;

  constructor({ byDefault, byRoute }: StageThrottles, clock: Clock) {
    const now = clock();
    this.#clock = clock;
    this.#shared = byDefault && new TokenBucket(byDefault, now);
    this.#routes = new Map(
      Object.entries(byRoute).map(([route, throttle]) => [route, new TokenBucket(throttle, now)]),
    );
  }

  /** Whether a request to this route passes. */
  take(routeKey: string): boolean {
    const bucket = this.#routes.get(routeKey) ?? this.#shared;
    return bucket === undefined || bucket.take(this.#clock());
  }
}
