import { expect, it } from 'vitest';
import { silentLog } from '../../../container/base/log.ts';
import { systemTime } from '../../../container/base/time.ts';
import type { AheadBrowser } from '../../../container/browser/ahead.ts';
import { createExit, EXIT } from '../../../container/exit.ts';
import { createPendingAssignment, standBy } from '../../../container/standby.ts';

const open = () => {
  const leaving = new AbortController();
  const up = Promise.withResolvers<void>();
  const launched = Promise.withResolvers<void>();
  const exit = createExit(systemTime);
  let usable = true;
  const ahead: AheadBrowser = {
    up: up.promise,
    get usable() {
      return usable;
    },
    fits: () => true,
    isFor: () => true,
    closedAt: Number.NEGATIVE_INFINITY,
    discard: async () => {},
  };
  const waiting = standBy({
    standby: { id: 's', token: 't' },
    workerApiUrl: 'http://127.0.0.1:9/',
    prepared: {
      workDir: '/no-such-folder',
      reach: '127.0.0.1:1',
      commandSecret: 'c',
      found: { executable: '/no-such-browser', build: '1', environment: {} },
    },
    pending: createPendingAssignment(),
    launch: async () => {
      launched.resolve();
      return ahead;
    },
    time: systemTime,
    log: silentLog,
    exit,
    signal: leaving.signal,
  });
  return {
    leaving,
    up,
    exit,
    waiting,
    launched: launched.promise,
    lose: (reason: string) => {
      usable = false;
      leaving.abort();
      up.reject(new Error(reason));
    },
  };
};

it('that is asked to end while its page loads ends at once', async () => {
  const { leaving, launched, waiting, exit } = open();
  await launched;
  leaving.abort();
  expect(await waiting).toBeUndefined();
  expect(await exit.code).toBe(EXIT.ok);
});

it('whose browser is lost before it is up ends with the reason', async () => {
  const { launched, waiting, lose } = open();
  await launched;
  lose('the browser is gone');
  await expect(waiting).rejects.toThrow('the browser is gone');
});
