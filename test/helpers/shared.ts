import { afterAll, beforeAll } from 'vitest';

/**
 * State that the parts of a test file share: made before their tests, ended after them. Throws if it is not made yet.
 */
export const shared = <T>(make: () => Promise<T>, end: (made: T) => Promise<unknown>): (() => T) => {
  let made: { readonly it: T } | undefined;
  beforeAll(async () => {
    made = { it: await make() };
  });
  afterAll(async () => {
    if (made) await end(made.it);
  });
  return () => {
    if (!made) throw new Error('what this file shares is not there yet');
    return made.it;
  };
};
