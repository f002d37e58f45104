import { expect, test } from 'vitest';
import type { BuildCounts } from '../../../contract/builds/counts.ts';
import { changeEngine, removeBuild, saveBuild } from '../../../core/builds/change.ts';
import { recordBuilds } from '../../../core/builds/outcomes.ts';
import { chooseBuild, measureBuilds } from '../../../core/builds/ruling.ts';
import { engineView } from '../../../core/builds/view.ts';
import { sessionView } from '../../../core/lifecycle/session-view.ts';
import { bootstrap, finalReport, report } from '../../../core/lifecycle/worker.ts';
import { bootstrapped, launchedSession, load, secret } from './session.ts';
import { NOW, type TestSystem, testSystem } from './test-system.ts';

const BUILD = '2.3000.100';
const OTHER = '2.3000.200';
const page = (version: string) =>
  `<!DOCTYPE html><script>{"client_revision":${version.split('.')[2]}}</script>`;

const counts = (change: Partial<BuildCounts>): BuildCounts => ({
  build: BUILD,
  saved: false,
  starts: 1,
  codes: 0,
  links: 0,
  readies: 0,
  sends: 0,
  failures: 0,
  ...change,
});

const failing = async ({ deps }: TestSystem, times: number) => {
  for (let i = 0; i < times; i++)
    await recordBuilds(deps, { sessionId: `ses_${i}` }, [counts({ build: OTHER, failures: 1 })]);
};

test('a stored build is pinned, loaded by every start, and unpinned', async () => {
  const system = testSystem();
  await saveBuild(system.deps, BUILD, { html: page(BUILD) });
  expect(await chooseBuild(system.deps)).toBeUndefined();
  expect(await changeEngine(system.deps, { pinned: BUILD })).toMatchObject({
    mode: 'pinned',
    pinned: BUILD,
  });
  expect(await chooseBuild(system.deps)).toMatchObject({ version: BUILD });
  await changeEngine(system.deps, { pinned: null });
  expect(await chooseBuild(system.deps)).toBeUndefined();
});

test('a build that is not stored, has expired, or is another than its HTML says is refused and changes nothing', async () => {
  const system = testSystem();
  const { deps } = system;
  await expect(changeEngine(deps, { pinned: BUILD })).rejects.toMatchObject({
    code: 'unprocessable',
    message: expect.stringContaining('is not stored'),
  });
  const past = new Date(NOW - 1).toISOString();
  await expect(saveBuild(deps, BUILD, { html: page(BUILD), expiresAt: past })).rejects.toMatchObject({
    code: 'unprocessable',
    message: expect.stringContaining('expired'),
  });
  await expect(saveBuild(deps, BUILD, { html: page(OTHER) })).rejects.toMatchObject({
    code: 'malformed',
    extras: { errors: [{ path: 'html', message: expect.stringContaining('revision 200') }] },
  });
  await expect(saveBuild(deps, BUILD, { html: 'no page' })).rejects.toMatchObject({ code: 'malformed' });
  expect(system.objects.size).toBe(0);
  const soon = new Date(NOW + 1_000).toISOString();
  await saveBuild(deps, BUILD, { html: page(BUILD), expiresAt: soon });
  system.now += 2_000;
  await expect(changeEngine(deps, { pinned: BUILD })).rejects.toMatchObject({
    code: 'unprocessable',
    message: expect.stringContaining('expired at'),
  });
  expect(await engineView(deps)).toMatchObject({ mode: 'live', pinned: null });
});

test('a pin that expires lets starts load the live build, and an alarm fires', async () => {
  const system = testSystem();
  const measured: number[] = [];
  const deps = {
    ...system.deps,
    metrics: {
      count: (_name: string, value: number, ..._dimensions: unknown[]) => void measured.push(value),
    },
  };
  await saveBuild(deps, BUILD, { html: page(BUILD), expiresAt: new Date(NOW + 1_000).toISOString() });
  await changeEngine(deps, { pinned: BUILD });
  await measureBuilds(deps);
  system.now += 2_000;
  expect(await chooseBuild(deps)).toBeUndefined();
  expect(await engineView(deps)).toMatchObject({ mode: 'live', pinned: BUILD, pinExpired: true });
  await measureBuilds(deps);
  expect(measured).toEqual([0, 1]);
});

test('a pinned build is not removed; an unpinned one is, with its HTML', async () => {
  const system = testSystem();
  const { deps } = system;
  await saveBuild(deps, BUILD, { html: page(BUILD) });
  await changeEngine(deps, { pinned: BUILD });
  await expect(removeBuild(deps, BUILD)).rejects.toMatchObject({ code: 'unprocessable' });
  expect(system.objects.size).toBe(1);
  await changeEngine(deps, { pinned: null });
  await removeBuild(deps, BUILD);
  expect(system.objects.size).toBe(0);
  await expect(removeBuild(deps, BUILD)).rejects.toMatchObject({ code: 'not_found' });
});

test('a live build that breaks ten starts sends new starts to the stored one that worked', async () => {
  const system = testSystem();
  const { deps } = system;
  await saveBuild(deps, BUILD, { html: page(BUILD) });
  await recordBuilds(deps, { sessionId: 'ses_a' }, [counts({ codes: 1 })]);
  await failing(system, 10);
  expect(await engineView(deps)).toMatchObject({
    mode: 'fallback',
    target: BUILD,
    from: OTHER,
    failing: true,
    builds: [
      { version: OTHER, live: true, saved: null, lastDay: { starts: 10, failures: 10 } },
      { version: BUILD, live: false, saved: { expired: false }, lastDay: { starts: 1, codes: 1 } },
    ],
  });
  expect(await chooseBuild(deps)).toMatchObject({ version: BUILD });
});

test('if the stored build in use is removed, starts and view go to the next one that worked', async () => {
  const system = testSystem();
  const { deps } = system;
  const older = '2.3000.50';
  for (const version of [older, BUILD]) {
    await saveBuild(deps, version, { html: page(version) });
    system.now += 1;
    await recordBuilds(deps, { sessionId: 'ses_a' }, [counts({ build: version, codes: 1 })]);
  }
  await failing(system, 10);
  expect(await chooseBuild(deps)).toMatchObject({ version: BUILD });
  await removeBuild(deps, BUILD);
  expect(await engineView(deps)).toMatchObject({ mode: 'fallback', target: older });
  expect(await chooseBuild(deps)).toMatchObject({ version: older });
});

test('without a stored build the failure is reported although no fallback exists', async () => {
  const system = testSystem();
  await failing(system, 10);
  expect(await engineView(system.deps)).toMatchObject({ mode: 'live', failing: true });
});

test("a worker's counts are added once, with any repeats, and the final report adds the missing counts", async () => {
  const system = testSystem();
  const { deps } = system;
  const session = await bootstrapped(system, await launchedSession(system));
  const first = { seq: 1, status: 'STARTING' as const, build: BUILD, builds: [counts({ failures: 1 })] };
  await report(deps, session, first);
  await report(deps, await load(system), first);
  const later = counts({ starts: 2, failures: 1, codes: 1 });
  await report(deps, await load(system), {
    seq: 2,
    status: 'SCAN_QR_CODE',
    build: BUILD,
    builds: [later],
  });
  expect((await engineView(deps)).builds).toMatchObject([
    { version: BUILD, lastDay: { starts: 2, failures: 1, codes: 1 } },
  ]);
  const running = await load(system);
  expect(sessionView(running, system.settings).engine).toEqual({ engine: 'WEBJS', build: BUILD });
  await finalReport(deps, running, { reason: 'crashed', builds: [{ ...later, starts: 3, failures: 2 }] });
  expect((await engineView(deps)).builds).toMatchObject([
    { version: BUILD, lastDay: { starts: 3, failures: 2, codes: 1 } },
  ]);
});

test('an epoch keeps the page that its bootstrap chose, with any build pinned meanwhile', async () => {
  const system = testSystem();
  const { deps } = system;
  await saveBuild(deps, BUILD, { html: page(BUILD) });
  await changeEngine(deps, { pinned: BUILD });
  const session = await launchedSession(system);
  const asked = () =>
    bootstrap(deps, {
      sessionId: session.sessionId,
      epoch: session.epoch,
      bootstrapToken: session.bootstrapToken ?? '',
      workerSecret: secret('w'),
      commandSecret: secret('c'),
      address: 'http://10.0.0.1:8080',
      chromiumBuild: '1',
    });
  expect((await asked()).page).toMatchObject({ version: BUILD });
  await changeEngine(deps, { pinned: null });
  expect((await asked()).page).toMatchObject({ version: BUILD });
});
