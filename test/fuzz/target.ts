/** The whole system without a browser: tasks stay in provisioning, and a worker is played. */
import { randomBytes } from 'node:crypto';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { json } from 'node:stream/consumers';
import { paginateScan } from '@aws-sdk/client-dynamodb';
import { unmarshall } from '@aws-sdk/util-dynamodb';
import * as z from 'zod';
import { COMMANDS } from '../../contract/worker/commands.ts';
import { WORKER_API } from '../../contract/worker/protocol.ts';
import { sessionKey } from '../../core/items.ts';
import { databaseClient } from '../helpers/berth-table.ts';
import { type System, startSystem } from '../helpers/system.ts';
import type { Known } from './inputs.ts';

export type FuzzTarget = {
  readonly known: Known;
  readonly port: number;
  /** Every item of the table by its key, as text, but for what each request counts and the audit log. */
  table(): Promise<ReadonlyMap<string, string>>;
  /** Commands that came to the worker and that its own schemas refuse, since this was last asked. */
  strays(): string[];
  stop(): Promise<void>;
};

/** Rates used and statistics: they change because of any request, not because of its content. */
const COUNTS = /^(RATE#|STATS|HISTORY)/;
/** Each request to an administrative operation is recorded, also if it is rejected (core/observability/audit.ts). */
const AUDIT = /^AUDIT$/;

const itemSchema = z.looseObject({ pk: z.string(), sk: z.string() });
const RUNNING = 'fuzz-running';
const STOPPED = 'fuzz-stopped';

export const startFuzzTarget = async (): Promise<FuzzTarget> => {
  // The test judges answers of Berth, not those of API Gateway's throttle.
  const system = await startSystem({ throttle: false });
  try {
    return await targetOf(system);
  } catch (error) {
    await system.stop();
    throw error;
  }
};

const targetOf = async (system: System): Promise<FuzzTarget> => {
  const { stack, berth, adminKey } = system;
  const database = databaseClient(stack.databaseUrl);
  const [table] = stack.model.tables;
  if (table === undefined) throw new Error('the template has no table');

  const items = async () => {
    const found: z.infer<typeof itemSchema>[] = [];
    for await (const page of paginateScan(
      { client: database },
      { TableName: table.name, ConsistentRead: true },
    ))
      found.push(...(page.Items ?? []).map((item) => itemSchema.parse(unmarshall(item))));
    return found;
  };

  // No task ever starts, so nothing of what is admitted runs, and StopTask ends it at once.
  stack.faults.ecs.holdStarts(Number.MAX_SAFE_INTEGER);
  await berth.sessions.create({ name: STOPPED, start: false });
  await berth.sessions.create({ name: RUNNING });
  const key = sessionKey('admin', RUNNING);
  const session = z
    .looseObject({ sessionId: z.string(), epoch: z.int(), bootstrapToken: z.string() })
    .parse((await items()).find(({ pk, sk }) => pk === key.pk && sk === key.sk));
  const commands = await startCommandServer();
  const worker = await playWorker(system, session, commands.address);
  // From here on the limit refuses every other admission.
  await berth.limits.set({ global: 1 });
  await berth.stats();

  return {
    known: { apiKey: adminKey, worker, running: RUNNING, stopped: STOPPED },
    port: Number(new URL(stack.url).port),
    table: async () =>
      new Map(
        (await items())
          .filter(({ pk }) => !COUNTS.test(pk) && !AUDIT.test(pk))
          .map((item) => [`${item.pk} / ${item.sk}`, JSON.stringify(Object.entries(item).sort())]),
      ),
    strays: () => commands.strays.splice(0),
    stop: async () => {
      commands.close();
      database.destroy();
      await system.stop();
    },
  };
};

/** The command server of a worker whose client refuses everything. */
const startCommandServer = async () => {
  const strays: string[] = [];
  const server = createServer(async (request, response) => {
    const name = request.url?.replace('/v1/commands/', '') ?? '';
    const args = await json(request);
    const known = z.object({ args: z.custom<z.ZodType>() }).safeParse(Reflect.get(COMMANDS, name));
    if (!known.success || !known.data.args.safeParse(args).success)
      strays.push(`${name} ${JSON.stringify(args).slice(0, 500)}`);
    response
      .writeHead(422, { 'content-type': 'application/json' })
      .end(JSON.stringify({ code: 'refused', detail: 'WhatsApp said no.' }));
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as AddressInfo;
  return {
    address: `http://127.0.0.1:${port}`,
    strays,
    close: () => {
      server.closeAllConnections();
      server.close();
    },
  };
};

/** Bootstraps and says that it works. */
const playWorker = async (
  { call }: System,
  { sessionId, epoch, bootstrapToken }: { sessionId: string; epoch: number; bootstrapToken: string },
  address: string,
): Promise<string> => {
  const secret = randomBytes(32).toString('base64url');
  const said = async (path: string, body: object, headers: Record<string, string> = {}) => {
    const answer = await call('POST', path, { body, headers, key: '' });
    if (!answer.ok) throw new Error(`${path}: ${answer.status} ${await answer.text()}`);
  };
  await said(WORKER_API.bootstrap, {
    sessionId,
    epoch,
    bootstrapToken,
    workerSecret: secret,
    commandSecret: randomBytes(32).toString('base64url'),
    address,
    chromiumBuild: 'none',
  });
  const worker = `${sessionId}.${epoch}.${secret}`;
  await said(WORKER_API.report, { seq: 1, status: 'WORKING' }, { authorization: `Bearer ${worker}` });
  return worker;
};
