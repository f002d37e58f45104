/** The time line of a start: which steps are kept and shown, and which are counted. */
import { expect, test, vi } from 'vitest';
import { launch } from '../../../core/lifecycle/launch.ts';
import { sessionView } from '../../../core/lifecycle/session-view.ts';
import { bootstrap, report } from '../../../core/lifecycle/worker.ts';
import { admittedSession, load, secret } from './session.ts';
import { NOW, type TestSystem, testSystem } from './test-system.ts';

const WORKER = {
  workerSecret: secret('w'),
  commandSecret: secret('c'),
  address: 'http://10.0.0.1:8080',
  chromiumBuild: '1',
};

/** The counts, as `<task> <step> <ms>`. */
const counts = (system: TestSystem): string[] => {
  const counted: string[] = [];
  vi.spyOn(system.deps.metrics, 'count').mockImplementation((name, ms, ...[dimensions]) => {
    const { Task, Step }: Record<string, string> = { ...dimensions };
    if (name === 'StartStep') counted.push(`${Task} ${Step} ${ms}`);
  });
  return counted;
};

const started = async (system: TestSystem) => {
  system.launchResult = (arn) => ({ ok: true, taskArn: arn, createdAt: NOW + 400 });
  const session = await launch(system.deps, await load(system));
  const { sessionId, bootstrapToken = '' } = session;
  await bootstrap(system.deps, { ...WORKER, sessionId, epoch: 1, bootstrapToken, taskArn: 'task-1' });
};

const reports = async (system: TestSystem, request: Parameters<typeof report>[2]) =>
  report(system.deps, await load(system), request);

test('steps of the task engine and of the worker are one line, from the admission on', async () => {
  const system = testSystem();
  const counted = counts(system);
  await admittedSession(system);
  await started(system);
  await reports(system, {
    seq: 1,
    status: 'STARTING',
    start: { pullStarted: NOW + 9_000, imagePulled: NOW + 29_000, containerStarted: NOW - 5 },
  });
  expect(counted).toEqual([]);
  // A report that was accepted and had no answer comes again with its steps: the first times stay.
  const start = { imagePulled: NOW + 60_000, pageLoaded: NOW + 33_000, codeShown: NOW + 34_000 };
  await reports(system, { seq: 2, status: 'SCAN_QR_CODE', qrCodes: 1, start });
  const { start: shown } = sessionView(await load(system), system.settings);
  expect(shown).toEqual({
    at: new Date(NOW).toISOString(),
    standby: false,
    steps: {
      taskCreated: 400,
      pullStarted: 9_000,
      imagePulled: 29_000,
      containerStarted: 0,
      pageLoaded: 33_000,
      codeShown: 34_000,
    },
  });
  const line = Object.entries(shown?.steps ?? {}).map(([step, ms]) => `own ${step} ${ms}`);
  expect(counted).toEqual(line);
  await reports(system, { seq: 3, status: 'WORKING', start: { working: NOW + 90_000 } });
  expect(counted).toEqual(line);
});

test('on a standby task, what it did while it waited is no step of the session', async () => {
  const system = testSystem();
  const counted = counts(system);
  await admittedSession(system);
  await started(system);
  const { pk, sk } = await load(system);
  const standby = { id: 'sby_1', taskArn: 'task-1' };
  await system.deps.store.write({ kind: 'update', key: { pk, sk }, set: { standby } });
  await reports(system, {
    seq: 1,
    status: 'SCAN_QR_CODE',
    start: { processUp: NOW - 60_000, bootstrapped: NOW + 300, codeShown: NOW + 700 },
  });
  expect(sessionView(await load(system), system.settings).start).toMatchObject({
    standby: true,
    steps: { bootstrapped: 300, codeShown: 700 },
  });
  expect(counted).toEqual(['standby bootstrapped 300', 'standby codeShown 700']);
});

test('a time that a worker cannot mean is not counted, and a start without steps has no line', async () => {
  const system = testSystem();
  const counted = counts(system);
  expect(sessionView(await admittedSession(system), system.settings).start).toBeNull();
  await started(system);
  await reports(system, {
    seq: 1,
    status: 'SCAN_QR_CODE',
    start: { browserUp: NOW + 1e15, codeShown: NOW + 700 },
  });
  expect(counted).toEqual(['own taskCreated 400', 'own codeShown 700']);
});
