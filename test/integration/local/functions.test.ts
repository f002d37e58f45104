import { existsSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, afterEach, expect, test, vi } from 'vitest';
import type { FunctionModel } from '../../../local/assembly/model.ts';
import { Principals } from '../../../local/gateway/principals.ts';
import type { BudgetOptions } from '../../../local/runtime/budget.ts';
import type { Warning } from '../../../local/runtime/function-log.ts';
import { Functions } from '../../../local/runtime/functions.ts';
import { MetricStore } from '../../../local/runtime/metrics.ts';
import { ThrottledError } from '../../../local/runtime/pool.ts';
import { FunctionFiles } from './fixture.ts';

const files = new FunctionFiles();
const logDir = mkdtempSync(join(tmpdir(), 'berth-logs-'));
let functions: Functions | undefined;
let warnings: Warning[] = [];
let metrics: MetricStore;

const start = (
  models: readonly FunctionModel[],
  budget?: BudgetOptions,
  accountConcurrency?: number,
): Functions => {
  warnings = [];
  metrics = new MetricStore(Date.now);
  functions = new Functions({
    models,
    endpoint: 'http://127.0.0.1:4566',
    principals: new Principals(),
    metrics,
    logDir,
    clock: Date.now,
    onWarning: (warning) => warnings.push(warning),
    ...(budget === undefined ? {} : { budget }),
    ...(accountConcurrency === undefined ? {} : { accountConcurrency }),
  });
  return functions;
};
afterEach(() => functions?.close());
afterAll(() => {
  files.remove();
  rmSync(logDir, { recursive: true, force: true });
});

const payload = async (running: Functions, name: string, event: unknown = {}): Promise<unknown> => {
  const result = await running.invoke(name, event);
  return result.ok ? JSON.parse(result.payload) : result.error;
};

test('a function sees its own environment, Lambda’s and its role’s credentials, and nothing of ours', async () => {
  const running = start([
    files.add('env', 'export const handler = async () => process.env;', {
      environment: { BERTH_TABLE: 't' },
    }),
    files.add('other', 'export const handler = async () => process.env.AWS_ACCESS_KEY_ID;'),
  ]);
  const env = await payload(running, 'env');
  expect(env).toMatchObject({
    BERTH_TABLE: 't',
    AWS_ENDPOINT_URL: 'http://127.0.0.1:4566',
    AWS_REGION: 'us-east-1',
    AWS_LAMBDA_FUNCTION_NAME: 'berth-local-env',
    AWS_EC2_METADATA_DISABLED: 'true',
  });
  expect(env).not.toHaveProperty('HOME');
  expect(env).not.toHaveProperty('PATH');
  expect(await payload(running, 'other')).not.toBe(Reflect.get(Object(env), 'AWS_ACCESS_KEY_ID'));
});

test('a function that is warmed is loaded once, before its first call', async () => {
  const mark = join(logDir, 'loaded');
  const running = start([
    files.add(
      'warm',
      `import { appendFileSync, readFileSync } from 'node:fs';
       appendFileSync(${JSON.stringify(mark)}, 'x');
       export const handler = async () => readFileSync(${JSON.stringify(mark)}, 'utf8');`,
    ),
  ]);
  running.warm('warm');
  running.warm('warm');
  await vi.waitFor(() => expect(readFileSync(mark, 'utf8')).toBe('x'), { timeout: 20_000 });
  expect(await payload(running, 'warm')).toBe('x');
});

test('the context has request, time left and limits', async () => {
  const running = start([
    files.add(
      'context',
      'export const handler = async (_e, c) => ({ id: c.awsRequestId, left: c.getRemainingTimeInMillis(), memory: c.memoryLimitInMB, arn: c.invokedFunctionArn });',
    ),
  ]);
  const result = await running.invoke('context', {});
  expect(result.ok && JSON.parse(result.payload)).toMatchObject({
    id: result.requestId,
    memory: '128',
    arn: 'arn:aws:lambda:us-east-1:000000000000:function:berth-local-context',
  });
  expect(result.ok && JSON.parse(result.payload).left).toBeLessThanOrEqual(10_000);
});

test('an instance keeps its state and takes one event at a time', async () => {
  const running = start(
    [
      files.add(
        'count',
        `let at = 0; let most = 0; let calls = 0;
       export const handler = async () => { at += 1; calls += 1; most = Math.max(most, at); await new Promise(setImmediate); at -= 1; return { most, calls }; };`,
      ),
    ],
    { perFunction: 1 },
  );
  const answers = await Promise.all(Array.from({ length: 5 }, () => payload(running, 'count')));
  expect(answers.at(-1)).toEqual({ most: 1, calls: 5 });
});

test('a thrown error is an outcome with Lambda’s shape, and the instance continues', async () => {
  const running = start([
    files.add(
      'throws',
      'let n = 0; export const handler = async () => { n += 1; if (n === 1) throw new TypeError("no"); return n; };',
    ),
  ]);
  expect(await payload(running, 'throws')).toMatchObject({ errorType: 'TypeError', errorMessage: 'no' });
  expect(await payload(running, 'throws')).toBe(2);
});

test('past its timeout a function is ended, even in an endless loop, and the next call gets a fresh instance', async () => {
  const running = start([
    files.add(
      'loops',
      'let n = 0; export const handler = async (event) => { n += 1; while (event.loop) {} return n; };',
      {
        timeoutSeconds: 1,
      },
    ),
  ]);
  expect(await payload(running, 'loops', { loop: true })).toMatchObject({
    errorType: 'Sandbox.Timedout',
    errorMessage: expect.stringContaining('Task timed out after 1.00 seconds'),
  });
  expect(warnings).toContainEqual(
    expect.objectContaining({
      function: 'loops',
      message: expect.stringMatching(/^an invocation of loops did not end in 1 s/),
    }),
  );
  expect(await payload(running, 'loops')).toBe(1);
});

test('more memory than the function has ends the instance, not this process', async () => {
  const running = start([
    files.add(
      'eats',
      'export const handler = async () => { const all = []; for (;;) all.push(new Array(100000).fill({}).map((_, i) => ({ i }))); };',
      { memoryMb: 64, timeoutSeconds: 30 },
    ),
  ]);
  expect(await payload(running, 'eats')).toMatchObject({ errorType: 'Runtime.ExitError' });
});

test.each([
  ['does not load', 'throw new Error("broken import");', 'broken import'],
  ['has no handler', 'export const other = 1;', 'handler is undefined or not exported'],
  ['exits', 'export const handler = async () => process.exit(3);', 'exit status 3'],
])('a bundle that %s fails the invocation with a reason', async (_name, source, message) => {
  const running = start([files.add('bad', source)]);
  expect(await payload(running, 'bad')).toMatchObject({ errorMessage: expect.stringContaining(message) });
});

test('an instance killed in flight fails its invocation, and only that', async () => {
  const running = start([
    files.add('hangs', 'export const handler = async (e) => e.hang ? new Promise(() => {}) : "fine";'),
  ]);
  const hanging = payload(running, 'hangs', { hang: true });
  await vi.waitFor(() => expect(running.inFlight('hangs')).toBe(1));
  expect(await running.kill('hangs')).toBe(1);
  expect(await hanging).toMatchObject({ errorType: 'Runtime.ExitError' });
  expect(await payload(running, 'hangs')).toBe('fine');
});

test('reserved concurrency throttles; without one, invocations wait in line', async () => {
  const source = `import { setTimeout as sleep } from 'node:timers/promises';
    export const handler = async (e) => { if (e.hang) await new Promise(() => {}); return 'done'; };`;
  const running = start(
    [files.add('reserved', source, { reservedConcurrency: 1 }), files.add('open', source)],
    { perFunction: 1 },
  );
  const first = running.invoke('reserved', { hang: true });
  await vi.waitFor(() => expect(running.inFlight('reserved')).toBe(1));
  await expect(running.invoke('reserved', {})).rejects.toThrow(ThrottledError);
  const waiting = [running.invoke('open', {}), running.invoke('open', {})];
  expect((await Promise.all(waiting)).map(({ ok }) => ok)).toEqual([true, true]);
  await running.kill('reserved');
  await first;
});

/** Waits until `{ go: true }` is sent, in the same instance; or works for the given time. */
const BUSY_OR_WAITING = `const waiting = []; let ran = 0;
  export const handler = async (e) => {
    ran += 1;
    if (e.wait) return new Promise((resolve) => waiting.push(() => resolve('waited')));
    if (e.workMs) { const end = Date.now() + e.workMs; while (Date.now() < end) {} }
    if (e.go) for (const resolve of waiting.splice(0)) resolve();
    return ran;
  };`;

test('invocations that only wait do not hold up others of their function', async () => {
  const running = start([files.add('polls', BUSY_OR_WAITING, { timeoutSeconds: 60 })], { perFunction: 2 });
  const polls = Array.from({ length: 6 }, () => payload(running, 'polls', { wait: true }));
  await vi.waitFor(() => expect(running.inFlight('polls')).toBe(6), { timeout: 20_000 });
  expect(running.instances('polls')).toBe(2);
  expect(await payload(running, 'polls')).toEqual(expect.any(Number));
  const { promise: ended, resolve } = Promise.withResolvers<void>();
  void Promise.all(polls).then(() => resolve());
  // Each of the two has some of them.
  const wake = async (): Promise<void> => {
    await Promise.all([payload(running, 'polls', { go: true }), payload(running, 'polls', { go: true })]);
  };
  for (let done = false; !done; ) {
    await wake();
    done = await Promise.race([
      ended.then(() => true),
      new Promise<boolean>((r) => setTimeout(r, 50, false)),
    ]);
  }
  expect(await Promise.all(polls)).toEqual(Array(6).fill('waited'));
});

test('an invocation past its timeout does not take those with it that share its instance', async () => {
  const running = start([files.add('shares', BUSY_OR_WAITING, { timeoutSeconds: 2 })], { perFunction: 1 });
  const first = payload(running, 'shares', { wait: true });
  await vi.waitFor(() => expect(running.inFlight('shares')).toBe(1), { timeout: 20_000 });
  const second = payload(running, 'shares', { wait: true });
  const [timedOut, alsoTimedOut] = await Promise.all([first, second]);
  expect([timedOut, alsoTimedOut]).toEqual([
    expect.objectContaining({ errorMessage: expect.stringContaining('timed out') }),
    expect.objectContaining({ errorMessage: expect.stringContaining('timed out') }),
  ]);
  expect(await payload(running, 'shares')).toBe(1);
});

test('a wait for an instance has an end, which names the function', async () => {
  const running = start([files.add('stuck', BUSY_OR_WAITING, { timeoutSeconds: 60 })], {
    perFunction: 1,
    waitMs: 300,
  });
  await payload(running, 'stuck');
  const busy = payload(running, 'stuck', { workMs: 1_500 });
  await expect(running.invoke('stuck', {})).rejects.toThrow(
    'berth-local-stuck has no instance free: none became free in time',
  );
  expect(warnings).toContainEqual(expect.objectContaining({ function: 'stuck', level: 'WARN' }));
  expect(await busy).toBe(2);
  // The one that gave up was not run.
  expect(await payload(running, 'stuck')).toBe(3);
});

test('a caller that goes away leaves the line, and its invocation is not run', async () => {
  const running = start([files.add('left', BUSY_OR_WAITING)], { perFunction: 1 });
  await payload(running, 'left');
  const busy = payload(running, 'left', { workMs: 500 });
  const caller = new AbortController();
  const waiting = running.invoke('left', {}, caller.signal);
  caller.abort();
  await expect(waiting).rejects.toThrow(ThrottledError);
  await busy;
  expect(await payload(running, 'left')).toBe(3);
});

test('there are no more instances than this machine carries; an idle one makes room', async () => {
  const models = ['one', 'two'].map((name) => files.add(name, BUSY_OR_WAITING));
  const running = start(models, { perFunction: 2, total: 2 });
  const two = (name: string) =>
    Promise.all([payload(running, name, { workMs: 200 }), payload(running, name, { workMs: 200 })]);
  await two('one');
  expect(running.instances('one')).toBe(2);
  await two('two');
  expect(running.instances()).toBeLessThanOrEqual(3);
  // A function always may have one.
  expect(await payload(running, 'one')).toEqual(expect.any(Number));
});

test('a thread that does not end is named, and no caller waits for it', async () => {
  const waits = join(logDir, 'waits');
  const child = `require('fs').writeFileSync(${JSON.stringify(waits)}, ''); setTimeout(() => {}, 9000)`;
  const running = start([
    files.add(
      'hung',
      `import { spawnSync } from 'node:child_process';
       export const handler = async () => { spawnSync(process.execPath, ['-e', ${JSON.stringify(child)}]); };`,
    ),
  ]);
  const hung = payload(running, 'hung');
  // Before the thread is inside the call, it would end at once.
  await vi.waitFor(() => expect(existsSync(waits)).toBe(true), { timeout: 20_000 });
  await running.kill('hung');
  expect(await hung).toMatchObject({ errorType: 'Runtime.ExitError' });
  expect(warnings).toContainEqual(
    expect.objectContaining({ message: 'the thread of an instance of hung does not end' }),
  );
});

test('what it prints goes to its log line by line, warnings to the person, metrics to the store', async () => {
  const metric = {
    _aws: {
      Timestamp: 1,
      CloudWatchMetrics: [{ Namespace: 'Berth', Dimensions: [[]], Metrics: [{ Name: 'Admitted' }] }],
    },
    Admitted: 3,
  };
  const running = start([
    files.add(
      'prints',
      `export const handler = async () => {
         console.log('plain');
         console.log(JSON.stringify({ level: 'ERROR', message: 'structured' }));
         console.log(${JSON.stringify(JSON.stringify(metric))});
         console.error('on stderr');
       };`,
    ),
  ]);
  const { requestId } = await running.invoke('prints', {});
  await vi.waitFor(() =>
    expect(warnings.map(({ message }) => message).sort()).toEqual(['on stderr', 'structured']),
  );
  await vi.waitFor(() => expect(metrics.sum({ name: 'Admitted' })).toBe(3));
  await running.close();
  const lines = readFileSync(join(logDir, 'prints.log'), 'utf8')
    .trim()
    .split('\n')
    .map((line) => JSON.parse(line));
  expect(lines).toContainEqual(expect.objectContaining({ level: 'INFO', message: 'plain', requestId }));
  expect(lines).toContainEqual({ level: 'ERROR', message: 'structured' });
});

test('an event or an answer over 6 MB is refused as Lambda does', async () => {
  const running = start([files.add('big', 'export const handler = async (e) => "x".repeat(e.size ?? 0);')]);
  expect(await payload(running, 'big', { pad: 'x'.repeat(6 * 1024 * 1024) })).toMatchObject({
    errorType: 'RequestEntityTooLarge',
  });
  expect(await payload(running, 'big', { size: 6 * 1024 * 1024 + 1 })).toMatchObject({
    errorType: 'Function.ResponseSizeTooLarge',
  });
});

const waiting = (name: string, changes: Partial<FunctionModel> = {}) =>
  files.add(name, 'export const handler = () => new Promise((done) => setTimeout(done, 400, 1));', changes);

test('functions without a reservation share what the account has left, and a reserved one keeps its own', async () => {
  const running = start(
    [waiting('shared-a'), waiting('shared-b'), waiting('kept', { reservedConcurrency: 2 })],
    { perFunction: 4, total: 12 },
    103,
  );
  // 101 executions are not reserved.
  const shared = Array.from({ length: 101 }, (_, i) =>
    running.invoke(i % 2 === 0 ? 'shared-a' : 'shared-b', {}),
  );
  await expect(running.invoke('shared-a', {})).rejects.toThrow(/all of the account's 101 executions/);
  const kept = [running.invoke('kept', {}), running.invoke('kept', {})];
  await expect(running.invoke('kept', {})).rejects.toThrow(ThrottledError);
  expect((await Promise.all(kept)).map(({ ok }) => ok)).toEqual([true, true]);
  await Promise.all(shared);
  expect((await running.invoke('shared-a', {})).ok, 'once they have ended there is room').toBe(true);
});

test('reservations that Lambda would refuse are refused here', () => {
  expect(() => start([waiting('greedy', { reservedConcurrency: 901 })], undefined, 1000)).toThrow(
    /reserves 901 of 1000 concurrent executions; Lambda demands that 100 stay unreserved/,
  );
  functions = undefined;
});
