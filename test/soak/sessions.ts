/** The sessions of a soak: how each is linked, and how it comes back from a kill. */
import { setTimeout as sleep } from 'node:timers/promises';
import { cpuBetween, usageOf, workersBelow } from './processes.ts';
import type { SoakSystem } from './system.ts';

export type Session = {
  readonly name: string;
  /** The phone number of its account. */
  readonly account: string;
  /** As its worker knows it. */
  id: string;
  up: boolean;
  /** How often it was killed: only the recovery from the last kill counts. */
  kills: number;
  /** The last message that was handed to its phone: the next waits for it. */
  lastIn: Promise<unknown>;
};

export const RECOVERY_LIMIT_MS = 300_000;
/** A browser that was killed is missed by its worker within moments. */
const NOTICE_LIMIT_MS = 15_000;
export const CONTACT = '491712223333';
/** Makes the contact known to an account. */
export const GREETING = 'hello';

/** Creates a session, links it and waits until its account is saved: from then on it can be killed. */
export const link = async (
  { berth, phone, pid }: SoakSystem,
  n: number,
  hook: string,
  known: readonly Session[],
): Promise<Session> => {
  const name = `soak-${n}`;
  const account = `4917${String(10_000_000 + n)}`;
  await berth.sessions.create({ name, config: { webhooks: [{ url: hook, events: ['message'] }] } });
  await berth.sessions.waitForStatus(name, 'SCAN_QR_CODE');
  const code = await berth.auth.qr(name, { waitSeconds: 25 });
  await phone.scan({ code, account });
  await berth.sessions.waitForStatus(name, 'WORKING');
  while (!(await berth.sessions.get(name)).linked) await sleep(200);
  const id = workersBelow(pid).find(({ sessionId }) =>
    known.every((other) => other.id !== sessionId),
  )?.sessionId;
  if (id === undefined) throw new Error(`no worker of ${name} was found among the processes`);
  // The contact is known from now on, so that it can be written to.
  await phone.send({ account, from: CONTACT, text: GREETING });
  return { name, account, id, up: true, kills: 0, lastIn: Promise.resolve() };
};

/** CPU of linked sessions without any message. */
export const measureRest = async (
  system: SoakSystem,
  run: { readonly rest: number; readonly sessions: number },
  say: (line: string) => void,
): Promise<void> => {
  const before = await usageOf(system.pid);
  await sleep(run.rest * 1000);
  const after = await usageOf(system.pid);
  const share = (counts: (pid: number) => boolean) =>
    (100 * cpuBetween(before, after, counts)) / (run.rest * 1000);
  const perSession = share((pid) => pid !== system.pid) / run.sessions;
  say(
    `At rest for ${run.rest} s: ${perSession.toFixed(2)} % of a core a session, main process ${share((pid) => pid === system.pid).toFixed(1)} %.`,
  );
};

/**
 * Waits until the session works again after a kill, in an epoch after `epoch` if `restarts`; starts it if it has
 * ended. `gone`: it was killed again meanwhile.
 */
export const comeBack = async (
  system: SoakSystem,
  session: Session,
  epoch: number,
  restarts: boolean,
): Promise<'back' | 'stuck' | 'gone'> => {
  const { name, kills } = session;
  const since = performance.now();
  let missed = false;
  while (performance.now() - since < RECOVERY_LIMIT_MS) {
    if (session.kills !== kills) return 'gone';
    const seen = await system.berth.sessions.get(name).catch(() => undefined);
    if (seen !== undefined && session.kills === kills) {
      missed ||= seen.status !== 'WORKING' || seen.epoch > epoch;
      const noticed = missed || (!restarts && performance.now() - since > NOTICE_LIMIT_MS);
      if (noticed && seen.status === 'WORKING' && (!restarts || seen.epoch > epoch)) return 'back';
      // Refused while the old task is not quite gone: asked again.
      if (seen.state === 'STOPPED' || seen.state === 'FAILED')
        await system.berth.sessions.start(name).catch(() => undefined);
    }
    await sleep(250);
  }
  return 'stuck';
};
