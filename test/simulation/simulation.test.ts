import { execFile } from 'node:child_process';
import { readFile } from 'node:fs/promises';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { expect, test } from 'vitest';
import { MUTATIONS } from './mutations.ts';
import type { Outcome } from './outcome.ts';
import { simulate } from './simulate.ts';

const run = promisify(execFile);
const MAIN = fileURLToPath(new URL('main.ts', import.meta.url));

/** The command as a person runs it, in a separate process. */
const simulation = async (...args: string[]): Promise<{ code: unknown; output: string }> => {
  try {
    const { stdout } = await run(process.execPath, [MAIN, ...args], {
      timeout: 530_000,
      maxBuffer: 64 << 20,
    });
    return { code: 0, output: stdout };
  } catch (error) {
    if (error instanceof Error && 'stdout' in error && 'code' in error) {
      return { code: error.code, output: `${String(error.stdout)}${error.message}` };
    }
    throw error;
  }
};

test('no seed breaks a promise', async () => {
  const { code, output } = await simulation('--seeds', '120');
  expect(output).toMatch(/^120 seeds clean/m);
  expect(code).toBe(0);
}, 300_000);

test('no seed breaks a promise about builds of WhatsApp Web', async () => {
  const { code, output } = await simulation('--builds', '--seeds', '20');
  expect(output).toMatch(/^20 seeds clean/m);
  expect(code).toBe(0);
}, 120_000);

test('no flood stops a healthy session', async () => {
  const { code, output } = await simulation('--flood', '--seeds', '16');
  expect(output).toMatch(/^16 seeds clean/m);
  expect(code).toBe(0);
}, 120_000);

test('no seed breaks a promise with standby tasks', async () => {
  const { code, output } = await simulation('--standby', '--seeds', '24');
  expect(output).toMatch(/^24 seeds clean/m);
  expect(code).toBe(0);
}, 120_000);

test('rollouts move what they may, complete with a good version and stop with a bad one', async () => {
  const { code, output } = await simulation('--rollout', '--seeds', '12');
  expect(output).toMatch(/^12 seeds clean/m);
  expect(code).toBe(0);
}, 120_000);

test('no user’s endpoints or starts take what is another’s', async () => {
  const { code, output } = await simulation('--fair', '--seeds', '12');
  expect(output).toMatch(/^12 seeds clean/m);
  expect(code).toBe(0);
}, 120_000);

test('sessions leave hosts that drain, and work elsewhere by their policy', async () => {
  const { code, output } = await simulation('--hosts', '--seeds', '12');
  expect(output).toMatch(/^12 seeds clean/m);
  expect(code).toBe(0);
}, 120_000);

test('no reader of live events misses one, or gets one that its key may not see', async () => {
  const { code, output } = await simulation('--live', '--seeds', '24');
  expect(output).toMatch(/^24 seeds clean/m);
  expect(code).toBe(0);
}, 120_000);

test('every fault has its place in the rules, exactly once', async () => {
  expect(MUTATIONS.length).toBeGreaterThanOrEqual(15);
  for (const { file, find } of MUTATIONS.flatMap(({ edits }) => edits)) {
    const source = await readFile(new URL(`../../${file}`, import.meta.url), 'utf8');
    expect([file, find, source.split(find).length - 1]).toEqual([file, find, 1]);
  }
});

// If this fails after a change of rules or model, `npm run simulate -- --mutations` says which seed finds it now.
test('every fault planted into the rules is found, by the seed that is known to find it', async () => {
  const { code, output } = await simulation('--mutations', '--known');
  expect(output).not.toMatch(/MISSED/);
  expect(output).toMatch(/^all \d+ planted faults were found$/m);
  expect(code).toBe(0);
}, 300_000);

test('a seed does the same again, to the last step', async () => {
  for (const seed of [3, 17]) {
    const lines: string[] = [];
    const first = await simulate(seed, (line) => lines.push(line));
    const again: string[] = [];
    const second = await simulate(seed, (line) => again.push(line));
    expect(again).toEqual(lines);
    expect(second).toEqual(first);
    expect(first.steps).toBeGreaterThan(100);
  }
}, 120_000);

test('a run with a trace is the run without it, and another seed another one', async () => {
  const [bare, traced, other] = [await simulate(5), await simulate(5, () => {}), await simulate(6)];
  expect(traced.fingerprint).toBe(bare.fingerprint);
  expect(other.fingerprint).not.toBe(bare.fingerprint);
}, 120_000);

test('runs reach what they are about: admissions, releases, saved accounts, and accounts that come back', async () => {
  const outcomes: Outcome[] = [];
  for (let seed = 1; seed <= 8; seed++) outcomes.push(await simulate(seed));
  const sum = (of: (outcome: Outcome) => number) => outcomes.reduce((n, o) => n + of(o), 0);
  expect(sum((o) => o.admissions)).toBeGreaterThan(16);
  expect(sum((o) => o.releases)).toBeGreaterThan(16);
  expect(sum((o) => o.snapshots)).toBeGreaterThan(16);
  expect(sum((o) => o.resumed)).toBeGreaterThan(2);
}, 120_000);
