/** Milliseconds since the Unix epoch. Everything that reads time takes one, so that tests and the simulation own it. */
export type Clock = () => number;

export const systemClock: Clock = () => Date.now();
