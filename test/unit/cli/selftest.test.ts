import { expect, test } from 'vitest';
import { runSteps } from '../../../cli/selftest/run.ts';
import { NotSeen, type Step, type Trial, until } from '../../../cli/selftest/trial.ts';
import { createClient } from '../../../client/index.ts';

const trial = (change: Partial<Trial> = {}): Trial => {
  let now = 0;
  return {
    berth: createClient({ baseUrl: 'http://berth.invalid' }),
    session: 'spare',
    about: { userId: undefined },
    me: { id: '491700000001@c.us' },
    to: undefined,
    peer: undefined,
    mark: 'mark',
    now: () => now,
    sleep: async (ms) => {
      now += ms;
    },
    download: async () => new Uint8Array(),
    ...change,
  };
};

const step = (name: string, change: Partial<Step> = {}): Step => ({ name, run: async () => 'it', ...change });

test('a step that fails says why, and the rest still runs', async () => {
  const shown: string[] = [];
  const results = await runSteps(trial(), { restart: true, onResult: ({ step: name }) => shown.push(name) }, [
    step('first', { run: () => Promise.reject(new NotSeen('nothing came')) }),
    step('second', { run: () => Promise.reject(new TypeError('a defect')) }),
    step('third'),
  ]);
  expect(results.map(({ result, seen }) => [result, seen])).toEqual([
    ['failed', 'nothing came'],
    ['failed', 'a defect'],
    ['ok', 'it'],
  ]);
  expect(shown).toEqual(['first', 'second', 'third']);
});

test('a step is skipped, and says what it needs, if that was not given', async () => {
  const steps = [
    step('to', { needs: 'to' }),
    step('peer', { needs: 'peer' }),
    step('restart', { restarts: true }),
  ];
  const skipped = await runSteps(trial(), { restart: false, onResult: () => {} }, steps);
  expect(skipped.map(({ result, seen }) => `${result}: ${seen}`)).toEqual([
    'skipped: needs a second number: --to',
    'skipped: needs the session of the second number: --to-session',
    'skipped: left out by --no-restart',
  ]);
  const peer = { session: 'second', me: { id: '491700000002@c.us' } };
  const all = await runSteps(trial({ to: peer.me.id, peer }), { restart: true, onResult: () => {} }, steps);
  expect(all.map(({ result }) => result)).toEqual(['ok', 'ok', 'ok']);
});

test('what never shows is given up on after 30 s, and said', async () => {
  const about = trial();
  let looks = 0;
  const never = until(about, 'it did not come', async () => {
    looks += 1;
    return undefined;
  });
  await expect(never).rejects.toThrow('it did not come within 30 s');
  expect(looks).toBe(31);
});
