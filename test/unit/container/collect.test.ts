import { expect, test } from 'vitest';
import { createCollector } from '../../../container/commands/collect.ts';
import type { ClaimedCommand, CommandResultRequest } from '../../../container/control/worker-api.ts';

const quiet = { debug() {}, info() {}, warn() {}, error() {}, hide() {} };
const time = { now: () => 0, after: () => () => {} };

const bench = (waiting: ClaimedCommand[]) => {
  const ran: string[] = [];
  const results: CommandResultRequest[] = [];
  const end = new AbortController();
  let resultFails = 0;
  let claims = 0;
  const collector = createCollector({
    api: {
      claim: async () => {
        claims += 1;
        return { command: waiting[0] ?? null };
      },
      commandResult: async (request) => {
        if (resultFails-- > 0) throw new Error('no answer');
        results.push(request);
        waiting.splice(0, waiting.length, ...waiting.filter(({ id }) => id !== request.id));
      },
    },
    server: {
      run: async (_name, body, key) => {
        ran.push(`${key} ${body}`);
        return { ok: true, result: {} };
      },
    },
    time,
    log: quiet,
    signal: end.signal,
  });
  return {
    collector,
    ran,
    results,
    end,
    claims: () => claims,
    failResults: (n: number) => {
      resultFails = n;
    },
  };
};

const command = (id: string): ClaimedCommand => ({
  id,
  name: 'sendText',
  args: `{"n":"${id}"}`,
  idempotencyKey: id,
});

test('every command that waits is carried out in order and answered for', async () => {
  const { collector, ran, results } = bench([command('a'), command('b')]);
  collector.look();
  await expect.poll(() => results.length).toBe(2);
  expect(ran).toEqual(['a {"n":"a"}', 'b {"n":"b"}']);
});

test('a command whose answer was not accepted is answered for again, and not carried out again', async () => {
  const { collector, ran, results, failResults } = bench([command('a')]);
  failResults(1);
  collector.look();
  await expect.poll(() => ran.length).toBe(1);
  await expect
    .poll(() => {
      collector.look();
      return results.length;
    })
    .toBe(1);
  expect(ran).toHaveLength(1);
});

test('two looks at once are one after the other', async () => {
  const { collector, ran, results, claims } = bench([command('a')]);
  collector.look();
  collector.look();
  await expect.poll(() => claims()).toBe(3);
  expect(ran).toHaveLength(1);
  expect(results).toHaveLength(1);
});

test('nothing is begun once the worker ends', async () => {
  const { collector, ran, end, claims } = bench([command('a')]);
  end.abort();
  collector.look();
  await Promise.resolve();
  expect(claims()).toBe(0);
  expect(ran).toEqual([]);
});
