/** The data that a tenant or a compromised worker can store is bounded. */
import { expect, test } from 'vitest';
import { BOUNDS } from '../../../contract/bounds.ts';
import { accountSchema, bootstrapRequestSchema } from '../../../contract/worker/protocol.ts';
import { withOpenWait } from '../../../core/access/open-waits.ts';
import { rateLimiter } from '../../../core/access/rate.ts';
import { beginMediaUpload } from '../../../core/accounts/media.ts';
import { beginUpload } from '../../../core/accounts/snapshots.ts';
import { createSession } from '../../../core/admission/create.ts';
import { changeLimits, limitsView } from '../../../core/admission/limits.ts';
import { userQuotaKey } from '../../../core/items.ts';
import { release } from '../../../core/lifecycle/release.ts';
import { startSession } from '../../../core/lifecycle/start.ts';
import { updateConfig } from '../../../core/lifecycle/update.ts';
import { health, withoutReasons } from '../../../core/observability/health.ts';
import { workingSession } from './session.ts';
import { testSystem } from './test-system.ts';

const create = (system: ReturnType<typeof testSystem>, name: string, config = {}, userId = 'ann') =>
  createSession(system.deps, { userId, name, config, start: false });

/** Each within its own bounds: together 20 entries of 512 characters, 10 webhooks with 20 headers each. */
const largest = {
  metadata: Object.fromEntries(Array.from({ length: 20 }, (_, n) => [`key-${n}`, 'x'.repeat(512)])),
  webhooks: Array.from({ length: 10 }, (_, n) => ({
    url: `https://example.com/${n}`,
    events: ['*' as const],
    customHeaders: Array.from({ length: 20 }, (__, h) => ({ name: `X-H-${h}`, value: 'v'.repeat(500) })),
  })),
};

test('a configuration is refused above its size, at creation and in a change, and nothing is stored', async () => {
  const system = testSystem();
  await expect(create(system, 'large', largest)).rejects.toMatchObject({
    status: 429,
    extras: { errors: [{ path: 'config' }], scope: 'configBytes', limit: BOUNDS.configBytes.default },
  });
  const { session } = await create(system, 'small');
  await expect(updateConfig(system.deps, 'ann', 'small', largest)).rejects.toMatchObject({ status: 429 });
  expect((await create(system, 'next')).session.config).toEqual({});
  expect(session.config).toEqual({});
  expect(JSON.stringify(largest).length).toBeGreaterThan(BOUNDS.configBytes.default);
});

test('a user stores so many sessions and no more, stopped ones included; others are not concerned', async () => {
  const system = testSystem({ storedSessionsPerUser: 3 });
  for (const name of ['a', 'b', 'c']) await create(system, name);
  await expect(create(system, 'd')).rejects.toMatchObject({
    status: 429,
    extras: { scope: 'stored', limit: 3, active: 3 },
  });
  // One that exists is said to exist, not to be too many.
  await expect(create(system, 'a')).rejects.toMatchObject({ status: 422 });
  await create(system, 'd', {}, 'bob');
});

test('a user starts so many sessions a minute and no more, in any number at once; others are not concerned', async () => {
  const system = testSystem({ userLimit: 1, globalLimit: 50, startsPerMinute: 60 });
  const { deps } = system;
  /** Creates, ends and deletes: the slot is free again each time. */
  const cycle = async (name: string, userId = 'mallory') => {
    const { session } = await createSession(deps, { userId, name, config: {}, start: true });
    await release(deps, session, 'user');
  };
  for (let n = 0; n < 10; n++) await cycle(`s${n}`);
  await expect(cycle('one more')).rejects.toMatchObject({
    status: 429,
    extras: { scope: 'starts', limit: 60, retryAfterSeconds: 1 },
  });
  // A rejected request is neither stored nor counted.
  await expect(cycle('one more')).rejects.toMatchObject({ status: 429 });
  await cycle('first', 'anna');
  system.now += 1000;
  await cycle('one more');
  await expect(startSession(deps, 'mallory', 's0')).rejects.toMatchObject({ extras: { scope: 'starts' } });
  await changeLimits(deps, { user: { userId: 'mallory', bounds: { starts: 0 } } });
  for (let n = 0; n < 30; n++)
    await release(deps, (await startSession(deps, 'mallory', 's0')).session, 'user');
});

test('starts at the same time pass no more than the rate allows', async () => {
  const system = testSystem({ userLimit: 30, globalLimit: 50, startsPerMinute: 6 });
  await changeLimits(system.deps, { user: { userId: 'ann', limit: 3 } });
  const begun = system.now;
  const made = await Promise.allSettled(
    Array.from({ length: 20 }, async (_, n) => {
      const { session } = await createSession(system.deps, {
        userId: 'ann',
        name: `s${n}`,
        config: {},
        start: true,
      });
      await release(system.deps, session, 'user');
    }),
  );
  // Those that lose a race wait a little, and one more passes every 10 s.
  const allowed = 10 + Math.floor((system.now - begun) / 10_000);
  expect(made.filter(({ status }) => status === 'fulfilled').length).toBeLessThanOrEqual(allowed);
  const item = system.table.get(userQuotaKey('ann'));
  expect(Number(item?.startsUntil)).toBeLessThanOrEqual((system.now + 10 * 10_000) * 1000);
});

test('each bound changes at run time, for all users, for one, and back', async () => {
  const system = testSystem({ mostDeliveriesPerUser: 8 });
  const of = async (userId: string) => {
    const { bounds, user } = await limitsView(system.deps, userId);
    return { bounds, inForce: user.bounds, own: user.ownBounds };
  };
  const byDefault = { waits: 40, deliveries: 5, starts: 60, stored: 500, configBytes: 32_768 };
  expect(await of('ann')).toEqual({ bounds: byDefault, inForce: byDefault, own: {} });
  await changeLimits(system.deps, { bounds: { waits: 7, stored: 2, deliveries: 50 } });
  await changeLimits(system.deps, { user: { userId: 'ann', bounds: { stored: 3, configBytes: 2_000 } } });
  const changed = { ...byDefault, waits: 7, stored: 2, deliveries: 8 };
  expect(await of('ann')).toEqual({
    bounds: changed,
    inForce: { ...changed, stored: 3, configBytes: 2_000 },
    own: { stored: 3, configBytes: 2_000 },
  });
  for (const name of ['a', 'b', 'c']) await create(system, name);
  await expect(create(system, 'd')).rejects.toMatchObject({ extras: { scope: 'stored', limit: 3 } });
  await expect(create(system, 'd', { metadata: { note: 'x'.repeat(500) } })).rejects.toMatchObject({
    extras: { scope: 'stored' },
  });
  const wide = {
    metadata: Object.fromEntries(Array.from({ length: 5 }, (_, n) => [`k${n}`, 'x'.repeat(500)])),
  };
  await expect(updateConfig(system.deps, 'ann', 'a', wide)).rejects.toMatchObject({
    status: 429,
    extras: { scope: 'configBytes', limit: 2_000 },
  });
  const waits = Array.from({ length: 8 }, () =>
    withOpenWait(system.deps, 'bob', 1_000, () => Promise.resolve(1)),
  );
  expect((await Promise.allSettled(waits)).map(({ status }) => status).sort()).toEqual([
    ...Array.from({ length: 7 }, () => 'fulfilled'),
    'rejected',
  ]);
  await changeLimits(system.deps, {
    bounds: { waits: null, stored: null, deliveries: null },
    user: { userId: 'ann', bounds: { stored: null, configBytes: null } },
  });
  expect(await of('ann')).toEqual({ bounds: byDefault, inForce: byDefault, own: {} });
  await updateConfig(system.deps, 'ann', 'a', wide);
});

test('a user without a rate has that of the environment, until all users’ is taken away', async () => {
  const system = testSystem({ requestsPerMinute: 60 });
  const limiter = rateLimiter(system.deps);
  const ask = () => limiter({ id: 'k', userId: 'ann' });
  expect([await ask(), await ask()]).toEqual([undefined, undefined]);
  expect(await ask()).toEqual({ limit: 60, retryAfterSeconds: 1 });
  expect((await limitsView(system.deps, 'ann')).user.rate).toEqual({ perMinute: 60, burst: 2 });
  await changeLimits(system.deps, { rateDefault: null });
  system.now += 3_600_000;
  for (let n = 0; n < 50; n++) expect(await ask()).toBeUndefined();
});

test('what a worker says of its account is bounded, and a long name does not make its reports fail', () => {
  const long = 'x'.repeat(1_000_000);
  expect(accountSchema.safeParse({ id: long }).success).toBe(false);
  expect(accountSchema.parse({ id: '1@c.us', pushName: long }).pushName).toHaveLength(256);
  const bootstrap = {
    sessionId: 'ses_1',
    epoch: 1,
    bootstrapToken: 'b'.repeat(43),
    workerSecret: 'w'.repeat(43),
    commandSecret: 'c'.repeat(43),
    chromiumBuild: '1',
  };
  const accepts = (address: string) => bootstrapRequestSchema.safeParse({ ...bootstrap, address }).success;
  expect(accepts('http://10.0.0.1:8080')).toBe(true);
  expect(accepts(`http://10.0.0.1:8080/${long}`)).toBe(false);
  expect(accepts('http://169.254.169.254/latest/meta-data')).toBe(false);
});

test('a key that is no admin’s is not shown the errors of database, storage and task engine', async () => {
  const system = testSystem();
  const arn = 'AccessDenied: arn:aws:s3:::berth-accounts';
  const view = await health({
    ...system.deps,
    storage: {
      probe: async () => {
        throw new Error(arn);
      },
    },
  });
  expect(JSON.stringify(view)).toContain(arn);
  expect(JSON.stringify(withoutReasons(view))).not.toContain('arn:');
  expect(withoutReasons(view).checks?.storage).toEqual({
    ok: false,
    detail: 'failed; an admin key is shown why',
  });
});

test('a compromised worker stores so much in an epoch and no more, of snapshots and of files', async () => {
  const system = testSystem({ uploadMiBPerHour: 1 });
  const session = await workingSession(system, 'a');
  const MIB = 1024 * 1024;
  const upload = (bytes: number) => beginUpload(system.deps, session, { bytes, sha256: 'a'.repeat(64) });
  const media = { uploadUrl: async () => 'https://storage.invalid/' };
  const file = (bytes: number) =>
    beginMediaUpload({ ...system.deps, media, apiUrl: '' }, session, {
      bytes,
      mimetype: 'image/png',
      filename: null,
    });
  for (const store of [upload, file]) {
    await store(MIB);
    await store(MIB);
    await expect(store(MIB)).rejects.toMatchObject({ status: 429, extras: { scope: 'uploads' } });
  }
  // Another session is not concerned, and time brings more.
  const other = await workingSession(system, 'b');
  await beginUpload(system.deps, other, { bytes: MIB, sha256: 'b'.repeat(64) });
  system.now += 3_600_000;
  for (const store of [upload, file]) {
    await store(MIB);
    await expect(store(MIB)).rejects.toMatchObject({ status: 429 });
  }
});
