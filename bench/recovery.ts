/**
 * A session that is kept alive works; its worker, its browser, its task or the whole local system is killed (SIGKILL).
 * How long until it works again, by itself. The time is from the kill to the begin of the status WORKING that follows.
 */
import { readFileSync } from 'node:fs';
import { sleep } from '../contract/poll.ts';
import { percentile } from '../test/soak/ledger.ts';
import { workersBelow } from '../test/soak/processes.ts';
import { link, type Session } from '../test/soak/sessions.ts';
import { type SoakSystem, startSoakSystem } from '../test/soak/system.ts';
import { heading, printTable } from './support/table.ts';

const ROUNDS = Number(process.env.BERTH_RECOVERY_ROUNDS ?? 5);
const GOAL_MS = 10_000;
const LIMIT_MS = 120_000;

/** Kills a process of the session, or the whole system, which it then starts again. */
type Kill = (system: SoakSystem, session: Session) => Promise<unknown>;

const processesOf = ({ pid }: SoakSystem, { id }: Session) => {
  const found = workersBelow(pid).find(({ sessionId }) => sessionId === id);
  if (!found) throw new Error('the session has no worker');
  return found;
};

/** Linux: the fourth field of /proc/<pid>/stat, behind the name in brackets. */
const parentOf = (pid: number): number =>
  Number(readFileSync(`/proc/${pid}/stat`, 'utf8').split(') ').at(-1)?.split(' ')[1]);

const end = (...pids: readonly (number | undefined)[]): void => {
  for (const pid of pids) if (pid !== undefined) process.kill(pid, 'SIGKILL');
};

const KILLS: Readonly<Record<string, Kill>> = {
  browser: async (system, session) => end(processesOf(system, session).browser),
  worker: async (system, session) => end(processesOf(system, session).worker),
  'container agent, worker and browser': async (system, session) => {
    const { worker, browser } = processesOf(system, session);
    end(parentOf(worker), worker, browser);
  },
  'local system, started again at once': async (system) => {
    await system.kill();
    await system.start();
  },
};

/** Until the session works again: ms since `since` (ms of the clock). */
const worksAgain = async ({ berth }: SoakSystem, { name }: Session, since: number): Promise<number> => {
  while (Date.now() - since < LIMIT_MS) {
    // None while the system is down.
    const events = await berth.sessions.events(name, { limit: 20 }).catch(() => []);
    const back = events.find(
      ({ event, payload, timestamp }) =>
        event === 'session.status' && payload.status === 'WORKING' && timestamp > since,
    );
    if (back) return back.timestamp - since;
    await sleep(100);
  }
  return Number.POSITIVE_INFINITY;
};

/** A start by a caller: the attempts of the policy start from zero, so that each round waits as long as the first one. */
const startFresh = async ({ berth }: SoakSystem, { name }: Session): Promise<void> => {
  await berth.sessions.stop(name);
  await berth.sessions.waitForStatus(name, ['STOPPED', 'FAILED']);
  await berth.sessions.start(name);
  await berth.sessions.waitForStatus(name, 'WORKING');
};

export const recovery = async (): Promise<void> => {
  heading('WORKING again after a SIGKILL');
  const system = await startSoakSystem('--no-throttle');
  try {
    const session = await link(system, 0, 'http://127.0.0.1:9/nothing', []);
    await system.berth.sessions.update(session.name, { config: { keepAlive: true } });
    const rows: (string | number)[][] = [];
    for (const [what, kill] of Object.entries(KILLS)) {
      const times: number[] = [];
      for (let round = 0; round < ROUNDS; round++) {
        await startFresh(system, session);
        const since = Date.now();
        await kill(system, session);
        times.push(await worksAgain(system, session, since));
      }
      const seconds = (ms: number | undefined) =>
        ms === undefined ? 'never' : `${(ms / 1000).toFixed(1)} s`;
      const within = times.filter((ms) => ms <= GOAL_MS).length;
      rows.push([
        what,
        seconds(Math.min(...times)),
        seconds(percentile(times, 0.5)),
        seconds(Math.max(...times)),
        `${GOAL_MS / 1000} s`,
        `${within} of ${ROUNDS}`,
      ]);
    }
    printTable(['killed', 'least', 'median', 'most', 'goal', 'within it'], rows);
  } finally {
    await system.stop();
  }
};
