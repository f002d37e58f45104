import { type ReadonlySignal, signal } from '@preact/signals';

/** Of the `Date` header, which has whole seconds; below this the two clocks are taken for the same. */
const TOLERANCE_MS = 3000;

let offset = 0;
const ticking = signal(Date.now());

/** The server's time in ms, by the second: countdowns follow the clock that ends sessions, not this machine's. */
export const now: ReadonlySignal<number> = ticking;

/** The server's time in ms, at this moment. */
export const serverTime = (): number => Date.now() + offset;

/** Learns from the `Date` header of an answer how far this machine's clock is off. */
export const observeServerTime = (header: string | null): void => {
  const seen = header === null ? Number.NaN : Date.parse(header) - Date.now();
  if (!Number.isNaN(seen)) offset = Math.abs(seen) > TOLERANCE_MS ? seen : 0;
};

/** Starts the second hand. Called once. */
export const startClock = (): void => {
  setInterval(() => {
    ticking.value = serverTime();
  }, 1000);
};
