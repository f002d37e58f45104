/** One user's endpoints that never answer, and another user's webhook beside them, with the real deliverer. */
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { sleep } from '../../contract/poll.ts';
import { createSession } from '../../core/admission/create.ts';
import { acceptEvents } from '../../core/lifecycle/worker.ts';
import { startEndpoint } from './endpoint.ts';
import { openWebhookSystem, type WebhookSystem } from './system.ts';

const KEY = 'the key of every webhook here';

/** Takes connections and answers nothing. `given`: requests that came; `ended`: those that the deliverer gave up on; `most` at once. */
const startEndless = async () => {
  let given = 0;
  let ended = 0;
  let most = 0;
  const server = createServer((request) => {
    given += 1;
    most = Math.max(most, given - ended);
    request.resume();
    request.socket.once('close', () => {
      ended += 1;
    });
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as AddressInfo;
  return {
    url: (n: number) => `http://127.0.0.1:${port}/hook-${n}`,
    given: () => given,
    ended: () => ended,
    most: () => most,
    close: () =>
      new Promise<void>((resolve) => {
        server.closeAllConnections();
        server.close(() => resolve());
      }),
  };
};

const sessionOf = async ({ deps }: WebhookSystem, userId: string, url: string, name: string) => {
  const webhook = {
    url,
    events: ['*' as const],
    hmac: { key: KEY },
    retries: { policy: 'constant' as const, delaySeconds: 1, attempts: 30 },
  };
  return (await createSession(deps, { userId, name, config: { webhooks: [webhook] }, start: false })).session;
};

const eventId = (text: string): string => `evt_${text.toUpperCase().replaceAll('-', 'X').padStart(26, '0')}`;
const send = ({ deps }: WebhookSystem, session: Awaited<ReturnType<typeof sessionOf>>, n: number) =>
  acceptEvents(deps, session, {
    events: [
      {
        id: eventId(`${session.listName}-${n}`),
        timestamp: n,
        event: 'message',
        payload: { n },
      },
    ],
  });

type Fairness = {
  /** From the moment at which the queue has an event of the other user until their endpoint has it, ms each. */
  readonly times: readonly number[];
  /** Requests that the endless endpoints held when the last event had arrived. */
  readonly held: number;
  /** The most that they held at once. */
  readonly mostHeld: number;
};

/** @param endless how many endpoints of one user never answer while the other user's `events` are delivered */
export const measureFairness = async (options: {
  readonly endless: number;
  readonly events: number;
}): Promise<Fairness> => {
  const system = await openWebhookSystem(30);
  const mute = await startEndless();
  const good = await startEndpoint(KEY);
  try {
    const other = await sessionOf(system, 'bob', good.url, 'other');
    const arrived = async (n: number) => {
      const begun = performance.now();
      await send(system, other, n);
      while (good.count < n + 1) await sleep(2);
      return performance.now() - begun;
    };
    // The deliverer's bundle is loaded.
    await arrived(0);
    const blocked = await Promise.all(
      Array.from({ length: options.endless }, (_, n) =>
        sessionOf(system, 'ann', mute.url(n), `blocked-${n}`),
      ),
    );
    await Promise.all(blocked.map((session) => send(system, session, 0)));
    while (options.endless > 0 && mute.given() === 0) await sleep(5);
    const times: number[] = [];
    for (let n = 1; n <= options.events; n++) times.push(await arrived(n));
    return { times, held: mute.given() - mute.ended(), mostHeld: mute.most() };
  } finally {
    await mute.close();
    await system.close();
    await good.close();
  }
};
