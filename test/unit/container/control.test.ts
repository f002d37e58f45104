import { describe, expect, it } from 'vitest';
import { Fenced, RequestRefused, Unavailable } from '../../../container/base/faults.ts';
import { redact, silentLog } from '../../../container/base/log.ts';
import { systemTime } from '../../../container/base/time.ts';
import { watchDeadlines } from '../../../container/control/deadline-watch.ts';
import { type Moments, momentsAfter, nextDeadline } from '../../../container/control/deadlines.ts';
import { createOutbox } from '../../../container/control/outbox.ts';
import { createReporter } from '../../../container/control/reporter.ts';
import { createWorkerApi, type ReportRequest } from '../../../container/control/worker-api.ts';
import { parseEnvironment } from '../../../container/environment.ts';
import { createStartTimeLine } from '../../../container/start-steps.ts';
import { fullJitter } from '../../../contract/jitter.ts';
import type { WorkerEvent } from '../../../contract/worker/protocol.ts';
import { startFakeWorkerApi } from '../../helpers/fake-worker-api.ts';
import { manualTime } from '../../helpers/manual-time.ts';

describe('the worker API’s client', () => {
  const connect = async () => {
    const fake = await startFakeWorkerApi();
    let fenced = 0;
    const api = createWorkerApi({
      url: `${fake.url}/`,
      sessionId: fake.sessionId,
      epoch: 1,
      workerSecret: 'w'.repeat(43),
      time: systemTime,
      random: () => 0,
      onFenced: () => {
        fenced += 1;
      },
    });
    const bootstrap = {
      sessionId: fake.sessionId,
      epoch: 1,
      bootstrapToken: fake.token,
      workerSecret: 'w'.repeat(43),
      commandSecret: 'c'.repeat(43),
      address: 'http://127.0.0.1:1',
      chromiumBuild: 'x',
    };
    await api.bootstrap(bootstrap, { attempts: 1 });
    return { fake, api, bootstrap, fencedTimes: () => fenced };
  };

  it.each([429, 500, 503])('tries again after %i', async (status) => {
    const { fake, api } = await connect();
    fake.faults.status.set('/worker/v1/report', status);
    fake.faults.times.set('/worker/v1/report', 2);
    await api.report({ seq: 1, status: 'STARTING' }, { attempts: 5 });
    expect(fake.reports).toHaveLength(1);
    await fake.close();
  });

  it('gives up at once on a defect, and on a dead line when its bounds are met', async () => {
    const { fake, api } = await connect();
    fake.faults.status.set('/worker/v1/report', 400);
    await expect(api.report({ seq: 1, status: 'STARTING' }, {})).rejects.toThrow(RequestRefused);
    expect(fake.calls.filter((path) => path === '/worker/v1/report')).toHaveLength(1);
    await fake.close();
    await expect(api.report({ seq: 1, status: 'STARTING' }, { attempts: 2 })).rejects.toThrow(Unavailable);
  });

  it('fenced: reports it once and calls no more', async () => {
    const { fake, api, fencedTimes } = await connect();
    fake.faults.fenced = true;
    await expect(api.report({ seq: 1, status: 'STARTING' }, {})).rejects.toThrow(Fenced);
    const calls = fake.calls.length;
    await expect(api.finalReport({ reason: 'user' }, {})).rejects.toThrow(Fenced);
    expect(fake.calls).toHaveLength(calls);
    expect(fencedTimes()).toBe(1);
    await fake.close();
  });

  it('repeats the exchange of its token with the same secrets, so that a lost answer does no harm', async () => {
    const { fake, api, bootstrap } = await connect();
    await expect(api.bootstrap(bootstrap, { attempts: 1 })).resolves.toMatchObject({ heartbeatSeconds: 2 });
    await expect(
      api.bootstrap({ ...bootstrap, workerSecret: 'x'.repeat(43) }, { attempts: 1 }),
    ).rejects.toMatchObject({
      status: 409,
    });
    await fake.close();
  });
});

describe('reports', () => {
  const open = (report?: (request: ReportRequest) => Promise<void>) => {
    const time = manualTime();
    const sent: ReportRequest[] = [];
    const timeLine = createStartTimeLine(time);
    const reporter = createReporter({
      api: {
        report: async (request) => {
          sent.push(request);
          await report?.(request);
          return { now: 0, deadlines: { qrTimeoutMs: 1, startBy: 1 }, ignore: {} };
        },
      },
      time,
      log: silentLog,
      heartbeatMs: 10_000,
      activityMs: 3_000,
      start: () => timeLine.unreported,
      onStartReported: timeLine.reported,
      onAnswer: () => {},
    });
    return { time, sent, reporter, timeLine };
  };

  it('goes out at once for status and account, and at each heartbeat, with a growing seq', async () => {
    const { time, sent, reporter } = open();
    reporter.update({ status: 'STARTING' });
    await time.advance(0);
    reporter.update({ status: 'WORKING', me: { id: '1@c.us' } });
    await time.advance(0);
    await time.advance(10_000);
    expect(sent.map(({ seq, status }) => [seq, status])).toEqual([
      [1, 'STARTING'],
      [2, 'WORKING'],
      [3, 'WORKING'],
    ]);
    reporter.stop();
    await time.advance(60_000);
    expect(sent).toHaveLength(3);
  });

  it('reports each step of the start until a report with it is accepted, and none after its end', async () => {
    let refused = 1;
    const { time, sent, reporter, timeLine } = open(async () => {
      refused -= 1;
      if (refused >= 0) throw new Error('not accepted');
    });
    timeLine.reached('processUp', 1_000);
    reporter.update({ status: 'STARTING' });
    await time.advance(0);
    timeLine.reached('browserUp', 2_000.4);
    timeLine.reached('browserUp', 5_000);
    await time.advance(10_000);
    timeLine.reached('codeShown', 3_000);
    timeLine.reached('working', 9_000);
    reporter.update({ status: 'SCAN_QR_CODE' });
    await time.advance(0);
    await time.advance(10_000);
    expect(sent.map(({ start }) => start)).toEqual([
      { processUp: 1_000 },
      { processUp: 1_000, browserUp: 2_000 },
      { codeShown: 3_000 },
      undefined,
    ]);
  });

  it('coalesces activity', async () => {
    const { time, sent, reporter } = open();
    reporter.update({ status: 'WORKING' });
    await time.advance(0);
    for (let n = 0; n < 20; n += 1) {
      reporter.update({ lastActivityAt: n });
      await time.advance(100);
    }
    expect(sent).toHaveLength(1);
    await time.advance(1_100);
    expect(sent.map(({ lastActivityAt }) => lastActivityAt)).toEqual([undefined, 19]);
  });

  it('one at a time: what changed meanwhile goes with the next, the latest only', async () => {
    const gate = Promise.withResolvers<void>();
    const { time, sent, reporter } = open(() => gate.promise);
    reporter.update({ status: 'STARTING' });
    await time.advance(0);
    reporter.update({ status: 'SCAN_QR_CODE' });
    reporter.update({ status: 'WORKING' });
    await time.advance(0);
    expect(sent).toHaveLength(1);
    gate.resolve();
    await time.advance(0);
    expect(sent.map(({ status }) => status)).toEqual(['STARTING', 'WORKING']);
  });
});

describe('the outbox', () => {
  const open = (events: (batch: readonly WorkerEvent[]) => Promise<void>, capacity = 1000) => {
    const time = manualTime();
    const outbox = createOutbox({
      api: { events: async ({ events: batch }) => void (await events(batch)) },
      time,
      now: time.now,
      log: silentLog,
      capacity,
    });
    return { time, outbox };
  };

  it('sends in order, at most ten at a time, each once', async () => {
    const batches: (readonly WorkerEvent[])[] = [];
    const { time, outbox } = open(async (batch) => void batches.push(batch));
    for (let n = 0; n < 25; n += 1) outbox.add('message', n);
    await time.advance(1_000);
    expect(batches.flat().map(({ payload }) => payload)).toEqual(Array.from({ length: 25 }, (_, n) => n));
    expect(Math.max(...batches.map(({ length }) => length))).toBeLessThanOrEqual(10);
    const ids = batches.flat().map(({ id }) => id);
    expect([...ids].sort()).toEqual(ids);
    expect(new Set(ids).size).toBe(25);
  });

  it('one refused event does not hold up the others', async () => {
    const accepted: unknown[] = [];
    const { time, outbox } = open(async (batch) => {
      if (batch.some(({ payload }) => payload === 'bad')) throw new RequestRefused('events', 400);
      accepted.push(...batch.map(({ payload }) => payload));
    });
    for (const payload of ['a', 'bad', 'b', 'c']) outbox.add('message', payload);
    await time.advance(1_000);
    expect(accepted).toEqual(['a', 'b', 'c']);
  });

  it('sends nothing more once its epoch has ended', async () => {
    let calls = 0;
    const { time, outbox } = open(async () => {
      calls += 1;
      // An outbox that continued would loop forever, in one turn of the event loop.
      if (calls > 20) return;
      throw new Fenced();
    });
    for (let n = 0; n < 3; n += 1) outbox.add('message', n);
    await time.advance(1_000);
    outbox.add('message', 'late');
    await time.advance(1_000);
    expect(calls).toBe(1);
    expect(outbox.waiting).toBe(0);
  });

  it('is bounded: the newest are dropped and counted, and the count is reported', async () => {
    const gate = Promise.withResolvers<void>();
    const accepted: WorkerEvent[] = [];
    const { time, outbox } = open(async (batch) => {
      await gate.promise;
      accepted.push(...batch);
    }, 15);
    for (let n = 0; n < 20; n += 1) outbox.add('message', n);
    gate.resolve();
    await time.advance(1_000);
    expect(accepted.slice(0, 15).map(({ payload }) => payload)).toEqual(
      Array.from({ length: 15 }, (_, n) => n),
    );
    expect(accepted.at(-1)).toMatchObject({
      event: 'engine.event',
      payload: { event: 'events_dropped', data: { count: 5 } },
    });
  });

  it('flushing waits for acceptance, and ends in time if there is none', async () => {
    const stuck = open(() => new Promise(() => {}));
    stuck.outbox.add('message', 1);
    const flushed = stuck.outbox.flush(5_000);
    await stuck.time.advance(5_001);
    expect(await flushed).toBe(false);
    const fine = open(async () => {});
    fine.outbox.add('message', 1);
    expect(await fine.outbox.flush(5_000)).toBe(true);
  });
});

describe('the worker’s own deadlines', () => {
  const limits = { qrTimeoutMs: 300_000, idleTimeoutMs: 900_000, maxAt: 10_000_000, startBy: 1_060_000 };

  it.each([
    ['a start', { phase: 'starting', wasUp: false }, 'start_timeout', 1_060_000],
    [
      'a code that is never scanned',
      { phase: 'qr', qrSince: 2_000_000, wasUp: true },
      'qr_expired',
      2_300_000,
    ],
    ['no use', { phase: 'working', lastActivityAt: 3_000_000, wasUp: true }, 'idle', 3_900_000],
    ['the maximum', { phase: 'working', lastActivityAt: 9_900_000, wasUp: true }, 'max_duration', 10_000_000],
    ['a restart of the client', { phase: 'starting', wasUp: true }, 'max_duration', 10_000_000],
  ] as const)('%s ends the session', (_name, moments, reason, at) => {
    expect(nextDeadline(limits, moments)).toEqual({ reason, at });
  });

  it('a code that renews itself puts nothing off, use before a restart still counts, and a link ends the wait', () => {
    const starting: Moments = { phase: 'starting', wasUp: false };
    const shown = momentsAfter(momentsAfter(starting, 'SCAN_QR_CODE', 10), 'SCAN_QR_CODE', 20);
    expect(shown).toEqual({ phase: 'qr', qrSince: 10, wasUp: true });
    const scanned = momentsAfter(shown, 'STARTING', 30);
    expect(scanned).toEqual({ phase: 'starting', qrSince: 10, wasUp: true });
    const working = momentsAfter(scanned, 'WORKING', 40);
    expect(working).toEqual({ phase: 'working', qrSince: undefined, lastActivityAt: 40, wasUp: true });
    const again = momentsAfter(momentsAfter(working, 'STARTING', 50), 'WORKING', 60);
    expect(again).toEqual(working);
  });

  it('a passkey starts the wait for the link once more, and only once', () => {
    const shown = momentsAfter({ phase: 'starting', wasUp: false }, 'SCAN_QR_CODE', 10);
    const asked = momentsAfter(shown, 'PASSKEY_REQUIRED', 200_000);
    const compared = momentsAfter(asked, 'PASSKEY_CONFIRMATION_REQUIRED', 300_000);
    const anew = momentsAfter(momentsAfter(compared, 'SCAN_QR_CODE', 400_000), 'PASSKEY_REQUIRED', 450_000);
    for (const moments of [asked, compared, anew])
      expect(nextDeadline(limits, moments)).toEqual({ reason: 'qr_expired', at: 500_000 });
    expect(momentsAfter(anew, 'WORKING', 460_000).passkeySince).toBeUndefined();
  });

  it('ends to the second by the control plane’s clock, with one notice a minute before', async () => {
    const time = manualTime();
    const log: [string, number][] = [];
    const offset = 5_000;
    const watch = watchDeadlines({
      time,
      now: () => time.now() + offset,
      deadlines: { qrTimeoutMs: 1, startBy: Number.MAX_SAFE_INTEGER, maxAt: time.now() + offset + 300_000 },
      onDue: ({ reason }) => log.push([reason, time.now()]),
      onExpiring: ({ reason }) => log.push([`expiring ${reason}`, time.now()]),
    });
    const start = time.now();
    await time.advance(400_000);
    expect(log).toEqual([
      ['expiring max_duration', start + 240_000],
      ['max_duration', start + 300_000],
    ]);
    watch.stop();
  });

  it('activity puts the idle stop off', async () => {
    const time = manualTime();
    const ended: number[] = [];
    const watch = watchDeadlines({
      time,
      now: time.now,
      deadlines: { qrTimeoutMs: 1, startBy: Number.MAX_SAFE_INTEGER, idleTimeoutMs: 100_000 },
      onDue: () => ended.push(time.now()),
      onExpiring: () => {},
    });
    watch.setMoments({ phase: 'working', wasUp: true, lastActivityAt: time.now() });
    await time.advance(90_000);
    watch.setMoments({ lastActivityAt: time.now() });
    const at = time.now();
    await time.advance(200_000);
    expect(ended).toEqual([at + 100_000]);
  });
});

describe('small rules', () => {
  it('jitter is anywhere between nothing and the cap', () => {
    expect(fullJitter(3, 1, 100, 10_000)).toBe(800);
    expect(fullJitter(30, 1, 100, 10_000)).toBe(10_000);
    expect(fullJitter(30, 0, 100, 10_000)).toBe(0);
  });

  it('cuts secrets, linking codes, tokens and query strings out of log texts', () => {
    const code = `2@${'A'.repeat(60)},${'b'.repeat(44)}=`;
    const text = redact(`mysecret Bearer abc.def https://s3.local/key?X-Amz-Signature=1 ${code}`, [
      'mysecret',
    ]);
    for (const leak of ['mysecret', 'abc.def', 'X-Amz', 'AAAA', 'bbbb']) expect(text).not.toContain(leak);
    expect(text).toContain('https://s3.local/key');
  });

  it('says which variable is wrong and never repeats its value', () => {
    const parsed = parseEnvironment({ BERTH_BOOTSTRAP_TOKEN: 'topsecret', BERTH_BROWSER_ARGS: '{' });
    expect(JSON.stringify(parsed)).toContain('BERTH_BOOTSTRAP_TOKEN');
    expect(JSON.stringify(parsed)).toContain('BERTH_BROWSER_ARGS');
    expect(JSON.stringify(parsed)).not.toContain('topsecret');
  });
});
