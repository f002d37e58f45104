/**
 * What Berth keeps of a session in storage: links to received files, an auth state that expired, and everything of a
 * deleted session. Every item and every version of every object is listed before and after.
 */
import { ScanCommand, UpdateItemCommand } from '@aws-sdk/client-dynamodb';
import { ListObjectVersionsCommand, S3Client } from '@aws-sdk/client-s3';
import { unmarshall } from '@aws-sdk/util-dynamodb';
import { afterAll, beforeAll, expect, test, vi } from 'vitest';
import { problemSchema } from '../../../contract/errors.ts';
import { databaseClient } from '../../helpers/berth-table.ts';
import { linkSession, type System, startSystem } from '../../helpers/system.ts';
import { startWebhookReceiver, type WebhookReceiver } from '../../helpers/webhook-receiver.ts';

vi.setConfig({ testTimeout: 120_000, hookTimeout: 180_000 });

const ACCOUNT = '491700000071';
const DAY = 24 * 3600_000;
const FILE = Buffer.concat([Buffer.from([0xff, 0xd8, 0xff, 0xe0]), Buffer.from('JFIF, more or less')]);

let system: System;
let hooks: WebhookReceiver;
/** The link to the received file. */
let link = '';
beforeAll(async () => {
  hooks = await startWebhookReceiver();
  system = await startSystem();
  await linkSession(
    system,
    { name: 'shop', config: { webhooks: [{ url: hooks.url, events: ['*'] }] } },
    ACCOUNT,
  );
});
afterAll(async () => {
  await hooks?.close();
  await system?.stop();
});

const database = () => databaseClient(system.stack.databaseUrl);
const table = () => system.stack.model.tables[0]?.name ?? '';
const sessionId = () => new URL(link).pathname.split('/')[3] ?? '';

/**
 * Data that stays for a day: the answer to a create that had an Idempotency-Key, and the ids of the last starts with
 * their result and their build of WhatsApp Web (docs/decisions/2026-11-29-deleting-erases.md).
 */
const STAYS = /^(IDEMPOTENCY#|ENGINE RULING$)/;

/** Keys of all items that name the session anywhere, but for those that stay. */
const items = async (): Promise<string[]> =>
  (await itemsNaming(sessionId())).filter((key) => !STAYS.test(key));

/** Makes an erasure 21 minutes older. @param job the key of its item */
const orderedEarlier = async (job: string): Promise<void> => {
  const [pk = '', sk = ''] = job.split(' ');
  const client = database();
  await client.send(
    new UpdateItemCommand({
      TableName: table(),
      Key: { pk: { S: pk }, sk: { S: sk } },
      UpdateExpression: 'SET requestedAt = :then',
      ExpressionAttributeValues: { ':then': { N: String(Date.now() - 21 * 60_000) } },
    }),
  );
  client.destroy();
};

/** Keys of all items that have the text anywhere. */
const itemsNaming = async (text: string): Promise<string[]> => {
  const client = database();
  const found: string[] = [];
  let ExclusiveStartKey: Record<string, never> | undefined;
  do {
    const page = await client.send(new ScanCommand({ TableName: table(), ExclusiveStartKey }));
    for (const item of (page.Items ?? []).map((each) => unmarshall(each)))
      if (JSON.stringify(item).includes(text)) found.push(`${item.pk} ${item.sk}`);
    ExclusiveStartKey = page.LastEvaluatedKey as typeof ExclusiveStartKey;
  } while (ExclusiveStartKey);
  client.destroy();
  return found;
};

/** All versions and delete markers under the session's prefixes, straight from storage. */
const versions = async (): Promise<string[]> => {
  const client = new S3Client({
    endpoint: system.stack.storageUrl,
    region: 'us-east-1',
    forcePathStyle: true,
    credentials: { accessKeyId: 'test', secretAccessKey: 'test' },
  });
  const Bucket = system.stack.model.buckets[0]?.name;
  const pages = await Promise.all(
    ['auth', 'media'].map((kind) =>
      client.send(new ListObjectVersionsCommand({ Bucket, Prefix: `${kind}/${sessionId()}/` })),
    ),
  );
  client.destroy();
  return pages.flatMap(({ Versions = [], DeleteMarkers = [] }) => [
    ...Versions.map(({ Key, IsLatest }) => `${IsLatest ? 'current' : 'noncurrent'} ${Key}`),
    ...DeleteMarkers.map(({ Key }) => `marker ${Key}`),
  ]);
};

test('the link to a received file is Berth’s own: it leads to an address that is signed for the request', async () => {
  await system.phone.send({
    account: ACCOUNT,
    from: '491712223333',
    text: 'look',
    file: { data: FILE.toString('base64'), mimetype: 'image/jpeg' },
  });
  const { payload } = await hooks.event(
    ({ event, payload: { media } }) => event === 'message' && media !== undefined,
  );
  link = String(Object(payload.media).url);
  expect(link).toMatch(new RegExp(`^${system.stack.url}/api/files/ses_\\w+/[\\w-]{43}$`));
  const redirect = await fetch(link, { redirect: 'manual' });
  expect([redirect.status, redirect.headers.get('cache-control')]).toEqual([302, 'no-store']);
  expect(new URL(redirect.headers.get('location') ?? '').searchParams.get('X-Amz-Expires')).toBe('300');
  for (let n = 0; n < 2; n++)
    expect(Buffer.from(await (await fetch(link)).arrayBuffer()).equals(FILE), 'the same link again').toBe(
      true,
    );
  const other = await fetch(link.replace(/.$/, (last) => (last === 'x' ? 'y' : 'x')));
  expect(other.status).toBe(404);
  expect(problemSchema.parse(await other.json()).detail).toBe(
    'There is no such file, or its link has expired.',
  );
});

test('an auth state that the bucket’s rule expired leads to a QR code with the reason, not to a crash', async () => {
  await system.berth.sessions.stop('shop');
  await system.berth.sessions.waitForStatus('shop', 'STOPPED');
  expect((await versions()).filter((each) => each.startsWith('current auth/'))).not.toEqual([]);
  system.stack.expireObjects(Date.now() + 32 * DAY);
  expect((await versions()).filter((each) => each.startsWith('current auth/'))).toEqual([]);
  await system.berth.sessions.start('shop');
  await system.berth.sessions.waitForStatus('shop', 'SCAN_QR_CODE');
  expect((await system.berth.sessions.get('shop')).detail).toMatch(
    /saved account could not be restored; link it again/,
  );
  await system.phone.scan({
    code: await system.berth.auth.qr('shop', { waitSeconds: 25 }),
    account: ACCOUNT,
  });
  await system.berth.sessions.waitForStatus('shop', 'WORKING');
  await vi.waitFor(
    async () => expect((await system.berth.sessions.get('shop')).linked, 'its account is saved').toBe(true),
    { timeout: 30_000 },
  );
});

test('of a deleted session nothing is left: no item, no object, no version, no marker', async () => {
  await system.phone.send({
    account: ACCOUNT,
    from: '491712223333',
    text: 'another',
    file: { data: FILE.toString('base64'), mimetype: 'image/jpeg' },
  });
  await vi.waitFor(
    async () =>
      expect((await versions()).filter((each) => each.startsWith('current media/'))).not.toEqual([]),
    { timeout: 30_000 },
  );
  await system.berth.sessions.delete('shop');
  const [before, stored] = [await items(), await versions()];
  const kinds = new Set(before.map((key) => key.split('#')[0]?.split(' ')[0]));
  for (const kind of ['ERASURES', 'EVENT', 'DELIVERY', 'FEED', 'FILES']) expect([...kinds]).toContain(kind);
  expect(
    stored.filter((each) => each.startsWith('noncurrent auth/')),
    'deleted, and still readable',
  ).not.toEqual([]);
  // Its last events are sent first.
  await system.stack.trigger('reaper');
  await system.stack.trigger('eraser');
  expect(await versions()).toEqual([]);
  expect(await items()).toEqual([`ERASURES ${sessionId()}`]);
  expect((await fetch(link)).status).toBe(404);
  // The second pass is due after 20 minutes.
  await orderedEarlier(`ERASURES ${sessionId()}`);
  await system.stack.trigger('eraser');
  expect(await items(), 'its report, for 30 days').toEqual([expect.stringMatching(/^ERASED#admin /)]);
  expect(await versions()).toEqual([]);
  const [report] = await system.berth.erasures.list();
  expect(report).toMatchObject({ kind: 'session', session: 'shop', state: 'erased' });
  expect(report?.items).toBeGreaterThan(5);
  expect(report?.objects).toBeGreaterThan(0);
});

test('a user is erased: the key is worthless, a running session ends, and no item names the user but the report', async () => {
  const { key } = await system.berth.keys.create({ userId: 'zoe' });
  await system.berth.limits.set({ user: { userId: 'zoe', limit: 2 } });
  expect((await system.call('POST', '/api/sessions', { key, body: { name: 'runs' } })).status).toBe(201);
  const own = { userId: 'zoe' };
  await system.berth.sessions.waitForStatus('runs', 'SCAN_QR_CODE', own);
  expect((await itemsNaming('zoe')).length).toBeGreaterThan(8);
  const ordered = await system.berth.erasures.user(own);
  expect(ordered).toMatchObject({ kind: 'user', userId: 'zoe', state: 'waiting' });
  await system.stack.trigger('eraser');
  expect((await system.call('GET', '/api/sessions', { key })).status).toBe(401);
  await system.berth.sessions.waitForStatus('runs', 'STOPPED', own);
  await system.stack.trigger('reaper');
  await system.stack.trigger('eraser');
  await expect(system.berth.sessions.get('runs', own)).rejects.toMatchObject({ status: 404 });
  // The second passes are due after 20 minutes.
  for (const job of await itemsNaming('zoe')) if (/^(USER)?ERASURES /.test(job)) await orderedEarlier(job);
  for (let n = 0; n < 2; n++) await system.stack.trigger('eraser');
  const reports = await system.berth.erasures.list(own);
  expect(reports.map(({ kind, state }) => `${kind} ${state}`).sort()).toEqual([
    'session erased',
    'user erased',
  ]);
  const left = (await itemsNaming('zoe')).filter((item) => !/^(ERASED#zoe|AUDIT) /.test(item));
  expect(left).toEqual([]);
});
