/**
 * From a create to its QR code, and from the start of a stopped, linked session to WORKING: with a standby task, without
 * one, and the bare library in one process on the same page. All of them take turns in one run.
 *
 * The bare library runs with Berth's browser, and also with the one that BERTH_LINK_BROWSER names: servers such as
 * wwebjs-api run Debian's whole Chromium (/usr/bin/chromium in their images), which takes longer and holds more.
 */
import { type ChildProcess, fork } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import * as z from 'zod';
import { ensureBrowser } from '../container/browser/find.ts';
import type { StandbyDepth } from '../contract/bodies/standby.ts';
import { sleep } from '../contract/poll.ts';
import {
  START_STEP_WORDS,
  START_STEPS,
  type StartStep,
  type StartSteps,
} from '../contract/worker/start-steps.ts';
import { type System, startSystem } from '../test/helpers/system.ts';
import { percentile } from '../test/soak/ledger.ts';
import { usageOf, workersBelow } from '../test/soak/processes.ts';
import { heading, printTable } from './support/table.ts';

const OTHER_BROWSER = process.env.BERTH_LINK_BROWSER;
const ROUNDS = Number(process.env.BERTH_LINK_ROUNDS ?? 7);
/** A standby task that was taken is replaced in the meantime. */
const LIMIT_MS = 60_000;
/** Before each measurement, for all of them: processes that the one before has closed still end. */
const SETTLE_MS = 300;
/** Before memory is measured, for all of them: what their start left is collected by then. */
const AT_REST_MS = 60_000;

type Measured = {
  readonly code: number[];
  readonly resume: number[];
  /** The time lines that the workers reported. */
  readonly codeSteps: StartSteps[];
  readonly resumeSteps: StartSteps[];
};
const none = (): Measured => ({ code: [], resume: [], codeSteps: [], resumeSteps: [] });

export const link = async (): Promise<void> => {
  heading('Create → QR code, start → WORKING');
  const folder = await mkdtemp(join(tmpdir(), 'berth-bench-link-'));
  const system = await startSystem({
    throttle: false,
    // The newest build needs Berth's compatibility layer: the bare library does not become ready on it.
    build: '2026-04',
    settings: { globalLimit: 10, userLimit: 10, standby: { target: 0, max: 2 } },
  });
  const libraries: Library[] = [];
  try {
    const { executable, environment } = await ensureBrowser({ browserDir: join(folder, 'browser') });
    const run = async (name: string, path: string, env: Readonly<Record<string, string>>) => {
      const data = join(folder, `library-${libraries.length}`);
      const child = fork(
        resolve(import.meta.dirname, 'support/bare-library.ts'),
        [data, path, JSON.stringify(system.stack.chromiumArgs)],
        { env: { ...process.env, ...env } },
      );
      libraries.push({ name, child, measured: none() });
      await answer(child);
    };
    await run('whatsapp-web.js, LocalAuth', executable, environment);
    if (OTHER_BROWSER !== undefined)
      await run(`whatsapp-web.js, LocalAuth, ${OTHER_BROWSER}`, OTHER_BROWSER, {});
    const [page, standby, cold] = [none(), none(), none()];
    for (let round = 0; round < ROUNDS; round++) {
      for (const [n, { child, measured }] of libraries.entries())
        await measureBare(system, child, `bare${round}`, account(round, 3 + n), measured);
      await setStandby(system, 0);
      await measureBerth(system, `cold${round}`, account(round, 1), cold, async () => {});
      await measureBerth(system, `ready${round}`, account(round, 2), standby, () => setStandby(system, 1));
      await measureBerth(system, `page${round}`, account(round, 0), page, () =>
        setStandby(system, 1, 'page'),
      );
    }
    printStarts(
      [
        { name: 'with a standby task, page loaded', measured: page },
        { name: 'with a standby task', measured: standby },
        { name: 'without', measured: cold },
        ...libraries,
      ],
      libraries,
    );
    printTimeLines('create → code', cold.codeSteps, standby.codeSteps);
    printTimeLines('start → WORKING', cold.resumeSteps, standby.resumeSteps);
    await printMemory(system, libraries);
  } finally {
    for (const { child } of libraries) {
      const exited = once(child, 'exit');
      child.kill('SIGKILL');
      await exited;
    }
    await system.stop();
    await rm(folder, { recursive: true, force: true, maxRetries: 5 });
  }
};

type Library = { readonly name: string; readonly child: ChildProcess; readonly measured: Measured };

const ratioTo = ({ name }: Pick<Library, 'name'>): string => `to ${name}`;

/** Medians, and their ratios to those of each library. */
const printStarts = (
  all: readonly Pick<Library, 'name' | 'measured'>[],
  libraries: readonly Library[],
): void => {
  for (const [title, of] of [
    ['create → code, ms', ({ code }: Measured) => code],
    ['start → WORKING, ms', ({ resume }: Measured) => resume],
  ] as const) {
    const at = ({ measured }: Pick<Library, 'measured'>) => percentile([...of(measured)], 0.5) ?? Number.NaN;
    console.log('');
    printTable(
      [title, 'median', ...libraries.map(ratioTo)],
      all.map((each) => [each.name, at(each), ...libraries.map((library) => at(each) / at(library))]),
    );
  }
};

const account = (round: number, way: number): string => `49175${1_000_000 + round * 10 + way}`;

const answerSchema = z.object({
  up: z.boolean().optional(),
  code: z.string().optional(),
  ms: z.number().optional(),
  ready: z.number().optional(),
  stopped: z.boolean().optional(),
  failed: z.string().optional(),
});

const answer = async (library: ChildProcess): Promise<z.infer<typeof answerSchema>> => {
  const [message] = await once(library, 'message', { signal: AbortSignal.timeout(LIMIT_MS) });
  const parsed = answerSchema.parse(message);
  if (parsed.failed !== undefined) throw new Error(`the bare library failed: ${parsed.failed}`);
  return parsed;
};

const measureBare = async (
  { phone }: System,
  library: ChildProcess,
  name: string,
  phoneNumber: string,
  measured: Measured,
): Promise<void> => {
  await sleep(SETTLE_MS);
  library.send({ start: name });
  const { code = '', ms = Number.NaN } = await answer(library);
  measured.code.push(ms);
  const ready = answer(library);
  await phone.scan({ code, account: phoneNumber });
  await ready;
  library.send({ stop: name });
  await answer(library);
  await sleep(SETTLE_MS);
  library.send({ start: name });
  measured.resume.push((await answer(library)).ready ?? Number.NaN);
  library.send({ stop: name });
  await answer(library);
};

const measureBerth = async (
  { berth, phone }: System,
  name: string,
  phoneNumber: string,
  measured: Measured,
  prepare: () => Promise<void>,
): Promise<void> => {
  await prepare();
  await sleep(SETTLE_MS);
  let began = performance.now();
  const { qr } = await berth.sessions.create({ name }, { waitSeconds: 25 });
  measured.code.push(performance.now() - began);
  if (!qr) throw new Error(`${name} showed no code`);
  await phone.scan({ code: qr.value, account: phoneNumber });
  await berth.sessions.waitForStatus(name, 'WORKING');
  measured.codeSteps.push(await stepsOf(berth, name));
  await stopped({ berth }, name);
  await prepare();
  await sleep(SETTLE_MS);
  began = performance.now();
  const { status } = await berth.sessions.start(name, { waitSeconds: 25 });
  measured.resume.push(performance.now() - began);
  if (status !== 'WORKING') throw new Error(`${name} is ${status}`);
  measured.resumeSteps.push(await stepsOf(berth, name));
  await stopped({ berth }, name);
};

const stepsOf = async (berth: System['berth'], name: string): Promise<StartSteps> =>
  (await berth.sessions.get(name)).start?.steps ?? {};

const stopped = async ({ berth }: Pick<System, 'berth'>, name: string): Promise<void> => {
  await berth.sessions.stop(name);
  await until(async () => (await berth.sessions.get(name)).state === 'STOPPED');
};

/** The plan, and what follows of it: as many ready as wanted, and none that starts or ends. */
const setStandby = async (
  { stack, berth }: System,
  target: number,
  depth: StandbyDepth = 'browser',
): Promise<void> => {
  await berth.standby.set({ target, depth });
  await until(async () => {
    await stack.trigger('reaper');
    const { ready, tasks } = await berth.standby.get();
    return ready === target && tasks.length === target && tasks.every((task) => task.depth === depth);
  });
};

const until = async (reached: () => Promise<boolean>): Promise<void> => {
  const since = performance.now();
  while (!(await reached())) {
    if (performance.now() - since > LIMIT_MS) throw new Error('it did not come to that within a minute');
    await sleep(100);
  }
};

/** Medians in ms from the admission; a standby task has done its first steps before. */
const printTimeLines = (what: string, cold: readonly StartSteps[], standby: readonly StartSteps[]): void => {
  const at = (lines: readonly StartSteps[], step: StartStep) =>
    percentile(
      lines.flatMap((line) => line[step] ?? []),
      0.5,
    );
  const rows = START_STEPS.map((step) => [step, at(cold, step), at(standby, step)] as const)
    .filter(([, ...times]) => times.some((time) => time !== undefined))
    .sort(([, a, b], [, c, d]) => (a ?? b ?? 0) - (c ?? d ?? 0));
  console.log('');
  printTable(
    [`${what}: ms to each step`, 'without', 'with a standby task'],
    rows.map(([step, a, b]) => [START_STEP_WORDS[step], a ?? '–', b ?? '–']),
  );
};

/** One linked session of each. */
const printMemory = async (system: System, libraries: readonly Library[]): Promise<void> => {
  const { berth, phone } = system;
  await setStandby(system, 0);
  await berth.sessions.create({ name: 'memory' });
  const code = await berth.auth.qr('memory', { waitSeconds: 25 });
  await phone.scan({ code, account: account(99, 1) });
  await berth.sessions.waitForStatus('memory', 'WORKING');
  const bare: number[] = [];
  for (const [n, { child }] of libraries.entries()) {
    child.send({ start: 'memory' });
    const shown = await answer(child);
    const ready = answer(child);
    await phone.scan({ code: shown.code ?? '', account: account(99, 3 + n) });
    await ready;
  }
  await sleep(AT_REST_MS);
  // All run at once: what two of them share counts half for each.
  const [worker] = workersBelow(process.pid);
  const own = worker ? (await usageOf(worker.worker)).all : Number.NaN;
  for (const { child } of libraries) {
    bare.push((await usageOf(child.pid ?? 0)).all);
    // Its browser would outlive it.
    child.send({ stop: 'memory' });
    await answer(child);
  }
  console.log('');
  printTable(
    ['one linked session, PSS', 'MB', ...libraries.map(ratioTo)],
    [
      ['worker and browser', own / 1_000_000, ...bare.map((bytes) => own / bytes)],
      ...libraries.map(({ name }, n) => {
        const bytes = bare[n] ?? Number.NaN;
        return [name, bytes / 1_000_000, ...bare.map((other) => bytes / other)];
      }),
    ],
  );
};
