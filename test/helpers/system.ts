import assert from 'node:assert/strict';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type Client, createClient } from '../../client/index.ts';
import type { PhoneClient } from '../../contract/phone/client.ts';
import { accessRecordOf, writeAccessRecord } from '../../local/iam-report/record.ts';
import { type LocalOptions, type LocalStack, startLocal } from '../../local/stack.ts';

export type System = {
  readonly stack: LocalStack;
  readonly phone: PhoneClient;
  /** With the admin's key. */
  readonly berth: Client;
  readonly adminKey: string;
  readonly dataDir: string;
  /** The bare API: status, headers and body as they come. */
  call(
    method: string,
    path: string,
    options?: { body?: unknown; key?: string; headers?: Record<string, string> },
  ): Promise<Response>;
  /** Throws if a function was denied an AWS call: its role lacks what it needs. */
  stop(): Promise<void>;
};

/** A test system has one user who does everything at once; a test of these bounds sets its own. */
const UNBOUNDED = { startsPerMinute: 0, requestsPerMinute: 0 };

/** More than any test sends: on a fast machine, the template's throttle would refuse what the same test may send on a slow one. */
const UNREACHED_THROTTLE = { rate: 100_000, burst: 100_000 };

/**
 * The whole system on a free port in its own folder, with the simulator. Schedules run only when triggered, and only
 * a test that passes a throttle meets one.
 */
export const startSystem = async (options: Partial<LocalOptions> = {}): Promise<System> => {
  const dataDir = options.dataDir ?? (await mkdtemp(join(tmpdir(), 'berth-system-')));
  const stack = await startLocal({
    port: 0,
    whatsapp: 'simulator',
    schedules: false,
    throttle: UNREACHED_THROTTLE,
    ...options,
    settings: { ...UNBOUNDED, ...options.settings },
    dataDir,
  });
  const { adminKey, phone } = stack;
  if (adminKey === undefined || phone === undefined)
    throw new Error('the system has no admin key or no phone');
  return {
    stack,
    phone,
    adminKey,
    dataDir,
    berth: createClient({ baseUrl: stack.url, apiKey: adminKey }),
    call: (method, path, { body, key = adminKey, headers = {} } = {}) =>
      fetch(`${stack.url}${path}`, {
        method,
        signal: AbortSignal.timeout(40_000),
        headers: {
          ...(key === '' ? {} : { 'x-api-key': key }),
          ...(body === undefined ? {} : { 'content-type': 'application/json' }),
          ...headers,
        },
        ...(body === undefined ? {} : { body: typeof body === 'string' ? body : JSON.stringify(body) }),
      }),
    stop: async () => {
      await stack.stop();
      await rm(dataDir, { recursive: true, force: true });
      const { BERTH_IAM_RECORD: folder } = process.env;
      if (folder !== undefined) await writeAccessRecord(folder, accessRecordOf(stack.model, stack.access));
      assert.deepEqual(stack.access.denied(), [], 'a function was denied a call that it makes');
    },
  };
};

/** Creates a session and links it with the phone: WORKING when it returns. */
export const linkSession = async (
  { berth, phone }: System,
  request: Parameters<Client['sessions']['create']>[0] & { name: string },
  account: string,
): Promise<void> => {
  await berth.sessions.create(request);
  // The worker shows its code a moment before the control plane receives it.
  await berth.sessions.waitForStatus(request.name, 'SCAN_QR_CODE');
  const code = await berth.auth.qr(request.name, { waitSeconds: 25 });
  await phone.scan({ code, account });
  await berth.sessions.waitForStatus(request.name, 'WORKING');
};
