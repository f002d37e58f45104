/**
 * An anonymous flood over linked sessions in a local system whose gateway enforces the template's throttles: which
 * requests pass, how the workers' calls fare beside them, and which sessions are left.
 */
import { existsSync, readFileSync } from 'node:fs';
import { Agent, request } from 'node:http';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import * as z from 'zod';
import { WORKER_API } from '../contract/worker/protocol.ts';
import { percentile } from '../test/soak/ledger.ts';
import { startSoakSystem } from '../test/soak/system.ts';
import { heading, printTable } from './support/table.ts';

const SESSIONS = 3;
const RATE = 1000;
const TICK_MS = 10;
/** A caller that gets no answer for so long gives up. */
const GIVE_UP_MS = 10_000;

export const flood = async (): Promise<void> => {
  const seconds = Number(process.env.BERTH_FLOOD_SECONDS ?? 120);
  heading(`${RATE} anonymous requests a second for ${seconds} s, ${SESSIONS} linked sessions`);
  const system = await startSoakSystem();
  const { berth, phone } = system;
  try {
    const names = Array.from({ length: SESSIONS }, (_, n) => `s${n}`);
    for (const [n, name] of names.entries()) {
      await berth.sessions.create({ name });
      await berth.sessions.waitForStatus(name, 'SCAN_QR_CODE');
      await phone.scan({
        code: await berth.auth.qr(name, { waitSeconds: 25 }),
        account: `49175555000${n}`,
      });
      await berth.sessions.waitForStatus(name, 'WORKING');
    }
    const from = Date.now();
    const answers = await floodOf(`${system.url}/api/sessions`, seconds);
    const to = Date.now();
    // The bucket of the callers' throttle fills within a second.
    await sleep(2_000);
    const left = await Promise.all(names.map(async (name) => (await berth.sessions.get(name)).status));
    const calls = workerCalls(join(system.dir, 'logs', 'api-access.log'), from, to);
    const times = calls.map(({ ms }) => ms);
    const count = (status: number) => answers.get(status) ?? 0;
    const other = [...answers].filter(([status]) => status !== 401 && status !== 429);
    printTable(
      ['', 'measured'],
      [
        ['seconds until all were answered', (to - from) / 1000],
        ['requests', [...answers.values()].reduce((sum, each) => sum + each, 0)],
        ['answered 401 by a function', count(401)],
        ['answered 429 by the gateway', count(429)],
        [
          'other',
          other.map(([status, n]) => `${n} × ${status === 0 ? 'none' : status}`).join(', ') || 'none',
        ],
        ['calls of workers beside them', calls.length],
        ['of those not answered 2xx', calls.filter(({ status }) => status >= 300).length],
        ['their p50, ms', percentile(times, 0.5) ?? Number.NaN],
        ['their slowest, ms', Math.max(...times)],
        [
          'sessions that work afterwards',
          `${left.filter((status) => status === 'WORKING').length} of ${SESSIONS}`,
        ],
      ],
    );
  } finally {
    await system.stop();
  }
};

const entrySchema = z.object({
  time: z.iso.datetime(),
  routeKey: z.string().optional(),
  status: z.int(),
  ms: z.number(),
});

/** The workers' requests between two times, from the access log of the system's APIs. */
const workerCalls = (file: string, from: number, to: number): z.infer<typeof entrySchema>[] =>
  [`${file}.1`, file]
    .filter((each) => existsSync(each))
    .flatMap((each) => readFileSync(each, 'utf8').split('\n'))
    .filter((line) => line.includes(` ${WORKER_API.report}"`) || line.includes(` ${WORKER_API.events}"`))
    .map((line) => entrySchema.parse(JSON.parse(line)))
    .filter(({ time }) => Date.parse(time) >= from && Date.parse(time) <= to);

type Target = { readonly host: string; readonly port: string; readonly path: string };

const get = ({ host, port, path }: Target, agent: Agent): Promise<number> =>
  new Promise((resolve) => {
    const call = request({ host, port, path, agent, timeout: GIVE_UP_MS }, (answer) => {
      answer.resume().once('end', () => resolve(answer.statusCode ?? 0));
    });
    call.once('timeout', () => call.destroy());
    call.once('error', () => resolve(0));
    call.end();
  });

/** Requests begin at the rate whether or not earlier ones were answered; how many got which status, 0 for none. */
const floodOf = async (url: string, seconds: number): Promise<ReadonlyMap<number, number>> => {
  const { hostname: host, port, pathname: path } = new URL(url);
  const agent = new Agent({ keepAlive: true, maxSockets: 200 });
  const answers = new Map<number, number>();
  const calls = new Set<Promise<void>>();
  const begun = performance.now();
  let made = 0;
  while (made < RATE * seconds) {
    const due = Math.min(RATE * seconds, Math.floor(((performance.now() - begun) / 1000) * RATE));
    for (; made < due; made += 1) {
      const call = get({ host, port, path }, agent).then((status) => {
        answers.set(status, (answers.get(status) ?? 0) + 1);
        calls.delete(call);
      });
      calls.add(call);
    }
    await sleep(TICK_MS);
  }
  await Promise.all(calls);
  agent.destroy();
  return answers;
};
