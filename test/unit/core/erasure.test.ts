/** Deleting a session erases everything of it: every item and object before and after, also through crashes. */
import { expect, test } from 'vitest';
import { eraseDeleted } from '../../../core/accounts/erasure.ts';
import { listErasures } from '../../../core/accounts/erasure-report.ts';
import { beginMediaUpload } from '../../../core/accounts/media.ts';
import { placeCommand, showToWorker } from '../../../core/commands/waiting-commands.ts';
import { keepDeadLetter } from '../../../core/events/dead-letters.ts';
import { noteDelivery } from '../../../core/events/deliveries.ts';
import { newestPosition, readFeeds } from '../../../core/events/feed.ts';
import { record } from '../../../core/events/publish.ts';
import { EVENT_SHARDS, forwardedKey, outboxKey } from '../../../core/items.ts';
import { deleteSession } from '../../../core/lifecycle/end.ts';
import type { Session } from '../../../core/lifecycle/session.ts';
import { finalReport } from '../../../core/lifecycle/worker.ts';
import { load, USER, uploaded, workingSession } from './session.ts';
import { NOW, type TestSystem, testSystem } from './test-system.ts';

const webhook = { url: 'https://hooks.example.com/', events: ['*'] } as never;

/** The data that every part of Berth may keep of a session, and the same of another session that stays. */
const lived = async (system: TestSystem, name: string): Promise<Session> => {
  const { deps } = system;
  const session = await workingSession(system, name);
  const { sessionId, epoch } = session;
  const about = { sessionId, epoch, userId: USER, name };
  const upload = await uploaded(system, session, 'a');
  await upload.commit(await load(system, name));
  await beginMediaUpload({ ...deps, media: { uploadUrl: async () => '' }, apiUrl: '' }, session, {
    bytes: 1,
    mimetype: 'image/png',
    filename: null,
  });
  await record(deps, about, {
    id: `evt_${name}`,
    timestamp: system.now,
    event: 'session.status',
    payload: { x: name },
  });
  const delivery = {
    id: `evt_${name}`,
    timestamp: system.now,
    event: 'message',
    sessionId,
    userId: USER,
    name,
    me: null,
    webhook: 'w1',
    payload: { body: 'secret' },
  };
  await keepDeadLetter(deps, delivery, webhook, { attempt: 1, sequence: '1', error: 'gone' });
  await noteDelivery(deps, delivery, webhook, {
    attempt: 1,
    result: { ok: false, detail: 'gone', permanent: true } as never,
    outcome: { kind: 'dead', detail: 'gone' },
  });
  const command = await placeCommand(deps, `cmd_${name}`, {
    session,
    command: 'sendText',
    args: { text: 'secret' },
    idempotencyKey: undefined,
  });
  await showToWorker(deps, command);
  const key = forwardedKey(sessionId);
  await deps.store.write({ kind: 'put', key, item: { ...key, ids: [] } });
  const outbox = outboxKey(USER, sessionId, 99);
  await deps.store.write({ kind: 'put', key: outbox, item: { ...outbox, event: 'x' } });
  await finalReport(deps, await load(system, name), { reason: 'user' });
  return load(system, name);
};

/** Keys of items that name the session: in their key or anywhere in them. */
const itemsOf = ({ table }: TestSystem, { sessionId }: Session): string[] =>
  [...table.items()]
    .filter((item) => new RegExp(`\\b${sessionId}\\b`).test(JSON.stringify(item)))
    .map(({ pk, sk }) => `${String(pk)} ${String(sk)}`);

/** The report of an erasure, which is kept for 30 days. */
const reportOf = ({ sessionId }: Session): string =>
  `ERASED#${USER} ${String(NOW).padStart(15, '0')}#${sessionId}`;

/** Prefixes that were erased, and what each had. */
const eraserOf = (system: TestSystem) => {
  const erased: string[] = [];
  const erase = async (prefix: string): Promise<number> => {
    const keys = [...system.objects.keys()].filter((key) => key.startsWith(prefix));
    for (const key of keys) system.objects.delete(key);
    erased.push(prefix);
    return keys.length;
  };
  return { erased, deps: { ...system.deps, objects: { erase } } };
};

const MINUTE = 60_000;

test('after a delete and two sweeps no item and no object names the session, and another session keeps all of its data', async () => {
  const system = testSystem();
  const [gone, stays] = [await lived(system, 'a'), await lived(system, 'b')];
  const [before, others] = [itemsOf(system, gone), itemsOf(system, stays)];
  expect(before.length, before.join('\n')).toBeGreaterThanOrEqual(12);
  const { deps, erased } = eraserOf(system);
  await deleteSession(system.deps, gone);
  expect(itemsOf(system, gone), 'the job').toContain(`ERASURES ${gone.sessionId}`);
  expect(await eraseDeleted(deps, MINUTE)).toMatchObject({ erased: 0, left: 1, failed: 0 });
  expect(await listErasures(system.deps, USER)).toMatchObject([
    { kind: 'session', session: 'a', sessionId: gone.sessionId, state: 'erasing', erasedAt: null },
  ]);
  expect(erased).toEqual([`auth/${gone.sessionId}/`, `media/${gone.sessionId}/`]);
  const kinds = itemsOf(system, gone).map((key) => key.split(/[# ]/)[0]);
  expect([...new Set(kinds)].sort(), 'the job, and events that are sent first').toEqual([
    'ERASURES',
    'OUTBOX',
  ]);
  system.now += 21 * MINUTE;
  expect(await eraseDeleted(deps, MINUTE)).toMatchObject({ erased: 1, left: 0 });
  const [report] = await listErasures(system.deps, USER);
  expect(report).toMatchObject({ state: 'erased', erasedAt: new Date(system.now).toISOString() });
  expect(report?.items).toBeGreaterThanOrEqual(before.length - 4);
  expect(itemsOf(system, gone), 'its report alone').toEqual([reportOf(gone)]);
  expect(itemsOf(system, stays).sort()).toEqual(others.sort());
  expect(await eraseDeleted(deps, MINUTE)).toMatchObject({ erased: 0, left: 0, items: 0 });
});

test('what is written after the first pass is erased by the second', async () => {
  const system = testSystem();
  const gone = await lived(system, 'a');
  const { deps } = eraserOf(system);
  await deleteSession(system.deps, gone);
  await eraseDeleted(deps, MINUTE);
  system.objects.set(`media/${gone.sessionId}/late`, 1);
  await record(
    system.deps,
    { sessionId: gone.sessionId, epoch: 1, userId: USER, name: 'a' },
    {
      id: 'evt_late',
      timestamp: system.now,
      event: 'session.stopped',
      payload: {},
    },
  );
  system.now += 21 * MINUTE;
  expect(await eraseDeleted(deps, MINUTE)).toMatchObject({ erased: 1, objects: 1 });
  expect(itemsOf(system, gone)).toEqual([reportOf(gone)]);
  expect([...system.objects.keys()].filter((key) => key.includes(gone.sessionId))).toEqual([]);
});

test('a sweep that dies at any of its calls is finished by the next', async () => {
  for (let dies = 0; ; dies += 1) {
    const system = testSystem();
    const gone = await lived(system, 'a');
    const { deps } = eraserOf(system);
    await deleteSession(system.deps, gone);
    let calls = 0;
    system.meanwhile = () => {
      calls += 1;
      if (calls === dies + 2) throw new Error('died');
    };
    const report = await eraseDeleted(deps, MINUTE).catch(() => undefined);
    const died = report === undefined || report.failed > 0;
    system.meanwhile = () => {};
    await eraseDeleted(deps, MINUTE);
    system.now += 21 * MINUTE;
    expect(await eraseDeleted(deps, MINUTE)).toMatchObject({ erased: 1, left: 0 });
    expect(itemsOf(system, gone), `died at call ${dies}`).toEqual([reportOf(gone)]);
    if (!died) break;
  }
});

test('a delete that lost its race leaves no job', async () => {
  const system = testSystem();
  const session = await lived(system, 'a');
  await expect(
    deleteSession(system.deps, { ...session, version: session.version - 1 }),
  ).rejects.toMatchObject({
    code: 'conflict',
  });
  expect(itemsOf(system, session).filter((key) => key.startsWith('ERASURES'))).toEqual([]);
});

test('readers of the feed continue past erased events, miss no other event and see nothing erased', async () => {
  const system = testSystem();
  const start = await newestPosition(system.deps, EVENT_SHARDS);
  const gone = await lived(system, 'a');
  await lived(system, 'b');
  const { deps } = eraserOf(system);
  const before = await readFeeds(system.deps, start, () => true);
  await deleteSession(system.deps, gone);
  await eraseDeleted(deps, MINUTE);
  const after = await readFeeds(system.deps, start, () => true);
  expect(after.missed).toBe(before.missed);
  expect(after.position).toEqual(before.position);
  expect(after.entries.map(({ entry }) => entry.sessionId)).not.toContain(gone.sessionId);
  expect(after.entries.map(({ entry }) => entry.name)).toContain('b');
});

test('what can’t be erased in time is counted', async () => {
  const system = testSystem();
  await deleteSession(system.deps, await lived(system, 'a'));
  const counted: [string, number][] = [];
  const count: TestSystem['deps']['metrics']['count'] = (name, value, ..._dimensions) =>
    void counted.push([name, value]);
  const erase = async () => {
    throw new Error('S3 says no');
  };
  const deps = { ...system.deps, objects: { erase }, metrics: { count } };
  expect(await eraseDeleted(deps, MINUTE)).toMatchObject({ failed: 1, left: 1 });
  system.now += 41 * MINUTE;
  await eraseDeleted(deps, MINUTE);
  expect(counted).toEqual([
    ['ErasuresOverdue', 0],
    ['ErasuresOverdue', 1],
  ]);
});
