import * as z from 'zod';
import { idText } from './ids.ts';

/** Calls that rang, for as long as one may still be rejected. */
const KEPT = 50;
const callSource = z.looseObject({ id: z.unknown() });

export type Calls = {
  /** The library reported a call. */
  rang(call: unknown): void;
  /** What is known of a call; only its id and caller if it rang before this worker listened. */
  find(id: string, from: string): unknown;
};

export const createCalls = (): Calls => {
  const calls = new Map<string, unknown>();
  return {
    rang(call) {
      const parsed = callSource.safeParse(call);
      const id = parsed.success ? idText(parsed.data.id) : undefined;
      if (id === undefined) return;
      calls.set(id, call);
      const [oldest] = calls.keys();
      if (calls.size > KEPT && oldest !== undefined) calls.delete(oldest);
    },
    find: (id, from) => calls.get(id) ?? { id, from },
  };
};
