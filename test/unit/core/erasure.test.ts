/** Deleting a session erases everything of it: every item and object before and after, also through crashes. */
import { expect, test } from 'vitest';
import { eraseDeleted } from '../../../core/accounts/erasure.ts';
import { beginMediaUpload } from '../../../core/accounts/media.ts';
import { placeCommand, showToWorker } from '../../../core/commands/waiting-commands.ts';
import { keepDeadLetter } from '../../../core/events/dead-letters.ts';
import { noteDelivery } from '../../../core/events/deliveries.ts';
import { newestPosition, readFeeds } from '../../../core/events/feed.ts';
import { record } from '../../../core/events/tell.ts';
import { FEEDS, outboxKey, toldKey } from '../../../core/items.ts';
import { deleteSession } from '../../../core/lifecycle/end.ts';
import type { Session } from '../../../core/lifecycle/session.ts';
import { lastWord } from '../../../core/lifecycle/worker.ts';
import { load, USER, uploaded, workingSession } from './session.ts';
import { type Lab, lab } from './test-system.ts';

const webhook = { url: 'https://hooks.example.com/', events: ['*'] } as never;

/** What every part of Berth may leave of a session, and the same of another one that stays. */
const lived = async (place: Lab, name: string): Promise<Session> => {
  const { deps } = place;
  const session = await workingSession(place, name);
  const { sessionId, epoch } = session;
  const about = { sessionId, epoch, userId: USER, name };
  const upload = await uploaded(place, session, 'a');
  await upload.commit(await load(place, name));
  await beginMediaUpload({ ...deps, media: { uploadUrl: async () => '' }, apiUrl: '' }, session, {
    bytes: 1,
    mimetype: 'image/png',
    filename: null,
  });
  await record(deps, about, {
    id: `evt_${name}`,
    timestamp: place.now,
    event: 'session.status',
    payload: { x: name },
  });
  const delivery = {
    id: `evt_${name}`,
    timestamp: place.now,
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
  const told = toldKey(sessionId);
  await deps.store.write({ kind: 'put', key: told, item: { ...told, ids: [] } });
  const outbox = outboxKey(USER, sessionId, 99);
  await deps.store.write({ kind: 'put', key: outbox, item: { ...outbox, event: 'x' } });
  await lastWord(deps, await load(place, name), { reason: 'user' });
  return load(place, name);
};

/** Keys of items that name the session: in their key or anywhere in them. */
const itemsOf = ({ table }: Lab, { sessionId }: Session): string[] =>
  [...table.items()]
    .filter((item) => new RegExp(`\\b${sessionId}\\b`).test(JSON.stringify(item)))
    .map(({ pk, sk }) => `${String(pk)} ${String(sk)}`);

/** Prefixes that were erased, and what each had. */
const eraserOf = (place: Lab) => {
  const erased: string[] = [];
  const erase = async (prefix: string): Promise<number> => {
    const keys = [...place.objects.keys()].filter((key) => key.startsWith(prefix));
    for (const key of keys) place.objects.delete(key);
    erased.push(prefix);
    return keys.length;
  };
  return { erased, deps: { ...place.deps, objects: { erase } } };
};

const MINUTE = 60_000;

test('after a delete and two sweeps no item and no object names the session, and another session keeps all of its own', async () => {
  const place = lab();
  const [gone, stays] = [await lived(place, 'a'), await lived(place, 'b')];
  const [before, others] = [itemsOf(place, gone), itemsOf(place, stays)];
  expect(before.length, before.join('\n')).toBeGreaterThanOrEqual(12);
  const { deps, erased } = eraserOf(place);
  await deleteSession(place.deps, gone);
  expect(itemsOf(place, gone), 'the job').toContain(`ERASURES ${gone.sessionId}`);
  expect(await eraseDeleted(deps, MINUTE)).toMatchObject({ erased: 0, left: 1, failed: 0 });
  expect(erased).toEqual([`auth/${gone.sessionId}/`, `media/${gone.sessionId}/`]);
  const kinds = itemsOf(place, gone).map((key) => key.split(/[# ]/)[0]);
  expect([...new Set(kinds)].sort(), 'the job, and events that are sent first').toEqual([
    'ERASURES',
    'OUTBOX',
  ]);
  place.now += 21 * MINUTE;
  expect(await eraseDeleted(deps, MINUTE)).toMatchObject({ erased: 1, left: 0 });
  expect(itemsOf(place, gone)).toEqual([]);
  expect(itemsOf(place, stays).sort()).toEqual(others.sort());
  expect(await eraseDeleted(deps, MINUTE)).toMatchObject({ erased: 0, left: 0, items: 0 });
});

test('what is written after the first pass is erased by the second', async () => {
  const place = lab();
  const gone = await lived(place, 'a');
  const { deps } = eraserOf(place);
  await deleteSession(place.deps, gone);
  await eraseDeleted(deps, MINUTE);
  place.objects.set(`media/${gone.sessionId}/late`, 1);
  await record(
    place.deps,
    { sessionId: gone.sessionId, epoch: 1, userId: USER, name: 'a' },
    {
      id: 'evt_late',
      timestamp: place.now,
      event: 'session.stopped',
      payload: {},
    },
  );
  place.now += 21 * MINUTE;
  expect(await eraseDeleted(deps, MINUTE)).toMatchObject({ erased: 1, objects: 1 });
  expect(itemsOf(place, gone)).toEqual([]);
  expect([...place.objects.keys()].filter((key) => key.includes(gone.sessionId))).toEqual([]);
});

test('a sweep that dies at any of its calls is finished by the next', async () => {
  for (let dies = 0; ; dies += 1) {
    const place = lab();
    const gone = await lived(place, 'a');
    const { deps } = eraserOf(place);
    await deleteSession(place.deps, gone);
    let calls = 0;
    place.meanwhile = () => {
      calls += 1;
      if (calls === dies + 2) throw new Error('died');
    };
    const report = await eraseDeleted(deps, MINUTE).catch(() => undefined);
    const died = report === undefined || report.failed > 0;
    place.meanwhile = () => {};
    await eraseDeleted(deps, MINUTE);
    place.now += 21 * MINUTE;
    expect(await eraseDeleted(deps, MINUTE)).toMatchObject({ erased: 1, left: 0 });
    expect(itemsOf(place, gone), `died at call ${dies}`).toEqual([]);
    if (!died) break;
  }
});

test('a delete that lost its race leaves no job', async () => {
  const place = lab();
  const session = await lived(place, 'a');
  await expect(deleteSession(place.deps, { ...session, version: session.version - 1 })).rejects.toMatchObject(
    {
      code: 'conflict',
    },
  );
  expect(itemsOf(place, session).filter((key) => key.startsWith('ERASURES'))).toEqual([]);
});

test('readers of the feed go on over what was erased, miss nothing and see nothing of it', async () => {
  const place = lab();
  const start = await newestPosition(place.deps, FEEDS);
  const gone = await lived(place, 'a');
  await lived(place, 'b');
  const { deps } = eraserOf(place);
  const before = await readFeeds(place.deps, start, () => true);
  await deleteSession(place.deps, gone);
  await eraseDeleted(deps, MINUTE);
  const after = await readFeeds(place.deps, start, () => true);
  expect(after.missed).toBe(before.missed);
  expect(after.position).toEqual(before.position);
  expect(after.entries.map(({ entry }) => entry.sessionId)).not.toContain(gone.sessionId);
  expect(after.entries.map(({ entry }) => entry.name)).toContain('b');
});

test('what can’t be erased in time is counted', async () => {
  const place = lab();
  await deleteSession(place.deps, await lived(place, 'a'));
  const counted: [string, number][] = [];
  const count: Lab['deps']['metrics']['count'] = (name, value, ..._dimensions) =>
    void counted.push([name, value]);
  const erase = async () => {
    throw new Error('S3 says no');
  };
  const deps = { ...place.deps, objects: { erase }, metrics: { count } };
  expect(await eraseDeleted(deps, MINUTE)).toMatchObject({ failed: 1, left: 1 });
  place.now += 41 * MINUTE;
  await eraseDeleted(deps, MINUTE);
  expect(counted).toEqual([
    ['ErasuresOverdue', 0],
    ['ErasuresOverdue', 1],
  ]);
});
