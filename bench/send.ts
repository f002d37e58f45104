/** Sends through one linked session, beside calls of the same system that do less: what a send itself costs. */
import { startSoakSystem } from '../test/soak/system.ts';
import { closedLoop, type Figures } from './support/measure.ts';
import { heading, printTable } from './support/table.ts';

const CONTACT = '491712223333';
const ACCOUNT = '491755550001';
const CALLS = 200;
const WARM = 20;

export const send = async (): Promise<void> => {
  heading('Sends through one session');
  const system = await startSoakSystem('--no-throttle');
  const { berth, phone } = system;
  try {
    await berth.sessions.create({ name: 'bench' });
    await berth.sessions.waitForStatus('bench', 'SCAN_QR_CODE');
    await phone.scan({ code: await berth.auth.qr('bench', { waitSeconds: 25 }), account: ACCOUNT });
    await berth.sessions.waitForStatus('bench', 'WORKING');
    await phone.send({ account: ACCOUNT, from: CONTACT, text: 'hello' });

    const calls: Readonly<Record<string, (n: number) => Promise<unknown>>> = {
      'ping: the gateway and a function': () => berth.ping(),
      'session: and the key, and the database': () => berth.sessions.get('bench'),
      'send: and the worker, and the page': (n) =>
        berth.messages.sendText({ session: 'bench', chatId: `${CONTACT}@c.us`, text: `message ${n}` }),
    };
    const rows: (string | number)[][] = [];
    for (const concurrency of [1, 4]) {
      let floor: Figures | undefined;
      for (const [name, call] of Object.entries(calls)) {
        await closedLoop(WARM, concurrency, call);
        const figures = await closedLoop(CALLS, concurrency, call);
        floor ??= figures;
        const { perSecond, p50, p99 } = figures;
        rows.push([name, concurrency, perSecond, p50, p99, p50 / floor.p50]);
      }
    }
    printTable(['', 'in flight', 'a second', 'p50 ms', 'p99 ms', 'p50 to ping'], rows);
  } finally {
    await system.stop();
  }
};
