/**
 * From a create to its QR code, and from the start of a stopped, linked session to WORKING: with a standby task, without
 * one, and peers on the same page. All of them take turns in one run.
 *
 * Peers are the bare library in one process, with Berth's browser and with the one that BERTH_LINK_BROWSER names, and
 * wwebjs-api with that one, if BERTH_LINK_WWEBJS_API names a checkout with its packages. Such servers run Debian's whole
 * Chromium (/usr/bin/chromium in their images), which takes longer and holds more.
 */
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
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
import { bareLibrary, type Peer, wwebjsApi } from './support/peers.ts';
import { heading, printTable } from './support/table.ts';

const OTHER_BROWSER = process.env.BERTH_LINK_BROWSER;
const WWEBJS_API = process.env.BERTH_LINK_WWEBJS_API;
const ROUNDS = Number(process.env.BERTH_LINK_ROUNDS ?? 7);
/** A standby task that was taken is replaced in the meantime. */
const LIMIT_MS = 60_000;
/** Before each measurement, for all of them: processes that the one before has closed still end. */
const SETTLE_MS = 300;
/** Before memory is measured, for each of them: what its start left is collected by then. */
const AT_REST_MS = 60_000;

type Starts = {
  readonly name: string;
  readonly code: number[];
  readonly resume: number[];
  /** The time lines that the workers reported. */
  readonly codeSteps: StartSteps[];
  readonly resumeSteps: StartSteps[];
};
type Measured = Starts & { readonly peer: Peer; readonly open: () => Promise<Peer> };
const none = (name: string): Starts => ({ name, code: [], resume: [], codeSteps: [], resumeSteps: [] });

export const link = async (): Promise<void> => {
  heading('Create → QR code, start → WORKING');
  const folder = await mkdtemp(join(tmpdir(), 'berth-bench-link-'));
  const system = await startSystem({
    throttle: false,
    // The newest build needs Berth's compatibility layer: the bare library does not become ready on it.
    build: '2026-04',
    settings: { globalLimit: 10, userLimit: 10, standby: { target: 0, max: 2 } },
  });
  const peers: Measured[] = [];
  try {
    const own = await ensureBrowser({ browserDir: join(folder, 'browser') });
    const other = OTHER_BROWSER === undefined ? own : { executable: OTHER_BROWSER, environment: {} };
    let opened = 0;
    const optionsOf = (name: string, browser: typeof other) => ({
      name: browser === own ? name : `${name}, ${browser.executable}`,
      folder: join(folder, `peer-${++opened}`),
      browser,
      switches: system.stack.chromiumArgs,
    });
    const library = 'whatsapp-web.js, LocalAuth';
    const ways = [
      () => bareLibrary(optionsOf(library, own)),
      ...(other === own ? [] : [() => bareLibrary(optionsOf(library, other))]),
      ...(WWEBJS_API === undefined ? [] : [() => wwebjsApi(WWEBJS_API, optionsOf('wwebjs-api', other))]),
    ];
    for (const open of ways) {
      const peer = await open();
      peers.push({ peer, open, ...none(peer.name) });
    }
    const page = none('with a standby task, page loaded');
    const standby = none('with a standby task');
    const cold = none('without');
    for (let round = 0; round < ROUNDS; round++) {
      for (const [n, { peer, open: _, ...measured }] of peers.entries())
        await measurePeer(system, peer, `bare${round}`, account(round, 3 + n), measured);
      await setStandby(system, 0);
      await measureBerth(system, `cold${round}`, account(round, 1), cold, async () => {});
      await measureBerth(system, `ready${round}`, account(round, 2), standby, () => setStandby(system, 1));
      await measureBerth(system, `page${round}`, account(round, 0), page, () =>
        setStandby(system, 1, 'page'),
      );
    }
    printStarts([page, standby, cold, ...peers], peers);
    printTimeLines('create → code', cold.codeSteps, standby.codeSteps);
    printTimeLines('start → WORKING', cold.resumeSteps, standby.resumeSteps);
    await closeAll(peers);
    await printMemory(system, peers);
  } finally {
    await closeAll(peers);
    await system.stop();
    await rm(folder, { recursive: true, force: true, maxRetries: 5 });
  }
};

const closeAll = async (peers: readonly Measured[]): Promise<void> => {
  for (const { peer } of peers) await peer.close();
};

const ratioTo = ({ name }: Pick<Starts, 'name'>): string => `to ${name}`;

/** Medians, and their ratios to those of each peer. */
const printStarts = (all: readonly Starts[], peers: readonly Starts[]): void => {
  for (const [title, of] of [
    ['create → code, ms', ({ code }: Starts) => code],
    ['start → WORKING, ms', ({ resume }: Starts) => resume],
  ] as const) {
    const at = (starts: Starts) => percentile([...of(starts)], 0.5) ?? Number.NaN;
    console.log('');
    printTable(
      [title, 'median', ...peers.map(ratioTo)],
      all.map((each) => [each.name, at(each), ...peers.map((peer) => at(each) / at(peer))]),
    );
  }
};

const account = (round: number, way: number): string => `49175${1_000_000 + round * 10 + way}`;

const measurePeer = async (
  { phone }: System,
  peer: Peer,
  name: string,
  phoneNumber: string,
  measured: Starts,
): Promise<void> => {
  await sleep(SETTLE_MS);
  const { code, ms } = await peer.link(name);
  measured.code.push(ms);
  const linked = peer.linked();
  await phone.scan({ code, account: phoneNumber });
  await linked;
  await peer.stop(name);
  await sleep(SETTLE_MS);
  measured.resume.push(await peer.resume(name));
  await peer.stop(name);
};

const measureBerth = async (
  { berth, phone }: System,
  name: string,
  phoneNumber: string,
  measured: Starts,
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

/** One linked session of each, started again, with no other peer beside it: pages that two share count half for each. */
const printMemory = async (system: System, peers: readonly Measured[]): Promise<void> => {
  const { berth, phone } = system;
  await setStandby(system, 0);
  await berth.sessions.create({ name: 'memory' });
  const code = await berth.auth.qr('memory', { waitSeconds: 25 });
  await phone.scan({ code, account: account(99, 1) });
  await berth.sessions.waitForStatus('memory', 'WORKING');
  await sleep(AT_REST_MS);
  const [worker] = workersBelow(process.pid);
  const own = worker ? (await usageOf(worker.worker)).all : Number.NaN;
  await stopped(system, 'memory');
  const all: number[] = [];
  for (const [n, { open }] of peers.entries()) {
    const peer = await open();
    try {
      const { code: shown } = await peer.link('memory');
      const linked = peer.linked();
      await phone.scan({ code: shown, account: account(99, 3 + n) });
      await linked;
      await sleep(AT_REST_MS);
      all.push((await usageOf(peer.pid)).all);
      // Its browser would outlive it.
      await peer.stop('memory');
    } finally {
      await peer.close();
    }
  }
  console.log('');
  printTable(
    ['one linked session, PSS', 'MB', ...peers.map(ratioTo)],
    [
      ['worker and browser', own / 1_000_000, ...all.map((bytes) => own / bytes)],
      ...peers.map(({ name }, n) => {
        const bytes = all[n] ?? Number.NaN;
        return [name, bytes / 1_000_000, ...all.map((other) => bytes / other)];
      }),
    ],
  );
};
