import fc from 'fast-check';
import type { Operation } from '../../contract/operation.ts';
import { OPERATIONS } from '../../contract/routes.ts';
import { faultOf } from './fault-of.ts';
import { badInputs, type Input, type Known, oddInputs } from './inputs.ts';
import { NoAnswer, send } from './raw-http.ts';
import type { FuzzTarget } from './target.ts';

type FuzzOptions = {
  /** Inputs in all, spread over the operations; each operation has as many bad ones as it takes to use them up. */
  readonly runs: number;
  /** The same seed makes the same inputs, for the same operations. */
  readonly seed: number;
  /** Only operations whose id has this in it; the others' inputs stay what they are. */
  readonly only?: string;
  readonly onProgress?: (line: string) => void;
};

type FuzzReport = {
  readonly inputs: number;
  /** How many were answered with each status. */
  readonly statuses: ReadonlyMap<number, number>;
  readonly faults: readonly string[];
};

/** Longer than any requested wait, on a busy machine. */
const HANG_MS = 20_000;
/** Past so many there is nothing to learn. */
const ENOUGH_FAULTS = 20;
/** The final report of the played worker. No call may follow it, so it comes last. */
const LAST = ['workerFinalReport'];

/**
 * Sends bad inputs to every operation and then odd ones. Each must be answered, is none of a
 * defect, and says no more than it may; of the bad ones also that they change nothing in the table.
 */
export const fuzz = async (target: FuzzTarget, options: FuzzOptions): Promise<FuzzReport> => {
  const { runs, seed, only = '', onProgress = () => {} } = options;
  const faults: string[] = [];
  const statuses = new Map<number, number>();
  let inputs = 0;

  const note = (operation: Operation, input: Input, what: string): void => {
    faults.push(`${operation.id}, ${input.kind}: ${what}\n    ${shown(input, target.known)}`);
    onProgress(`fault: ${faults.at(-1)}`);
  };

  /** Whether it was taken. */
  const check = async (operation: Operation, input: Input): Promise<boolean> => {
    inputs++;
    try {
      const answer = await send(target.port, input, HANG_MS);
      statuses.set(answer.status, (statuses.get(answer.status) ?? 0) + 1);
      if (answer.status >= 500)
        onProgress(`${operation.id}, ${input.kind}: ${answer.status} ${answer.body.slice(0, 200)}`);
      const fault = faultOf(operation, input, answer);
      for (const stray of target.strays()) note(operation, input, `reaches the worker: ${stray}`);
      if (fault !== undefined) note(operation, input, `${fault}: ${answer.body.slice(0, 300)}`);
      return answer.status < 300 && operation.method !== 'GET';
    } catch (error) {
      if (!(error instanceof NoAnswer)) throw error;
      note(operation, input, error.message);
      return false;
    }
  };

  /** In turn, so that what changes the table is known. */
  const sendBad = async (operation: Operation, made: readonly Input[]): Promise<void> => {
    let before = await target.table();
    for (const input of made) {
      // An input that the schemas accept may change its purpose.
      if (await check(operation, input)) before = await target.table();
    }
    const changes = changesOf(before, await target.table());
    if (changes.length > 0)
      faults.push(`${operation.id}: bad inputs changed the table: ${changes.slice(0, 3).join('; ')}`);
  };

  const selected = OPERATIONS.map((operation, index) => ({ operation, seed: seed + index })).filter(
    ({ operation }) => operation.id.toLowerCase().includes(only.toLowerCase()),
  );
  const each = Math.ceil(runs / OPERATIONS.length);
  const odd = Math.ceil(each / 5);

  for (const last of [false, true]) {
    const now = selected.filter(({ operation }) => LAST.includes(operation.id) === last);
    for (const { operation, seed: own } of now) {
      if (faults.length >= ENOUGH_FAULTS) break;
      await sendBad(
        operation,
        fc.sample(badInputs(operation, target.known), { seed: own, numRuns: each - odd }),
      );
      onProgress(`${operation.id}: ${each - odd} bad inputs`);
    }
    for (const { operation, seed: own } of now) {
      if (faults.length >= ENOUGH_FAULTS) break;
      for (const input of fc.sample(oddInputs(operation, target.known), { seed: own, numRuns: odd }))
        await check(operation, input);
    }
  }
  return { inputs, statuses, faults };
};

const changesOf = (before: ReadonlyMap<string, string>, after: ReadonlyMap<string, string>): string[] => [
  ...[...before].flatMap(([key, item]) => {
    const now = after.get(key);
    return now === item ? [] : [now === undefined ? `${key} is gone` : `${key} was ${item}, is ${now}`];
  }),
  ...[...after.keys()].filter((key) => !before.has(key)).map((key) => `${key} is new`),
];

/** The input for people, without the secrets. */
const shown = ({ method, target, headers, body }: Input, { apiKey, worker }: Known): string => {
  const cut = (text: string, length: number): string =>
    text.length > length ? `${text.slice(0, length)}… (${text.length})` : text;
  return [
    `${method} ${cut(target, 300)}`,
    ...headers.map(([name, value]) => `${name}: ${cut(JSON.stringify(value), 200)}`),
    cut(JSON.stringify(body.toString('utf8')), 600),
  ]
    .join('\n    ')
    .replaceAll(apiKey, '<key>')
    .replaceAll(worker, '<worker>');
};
