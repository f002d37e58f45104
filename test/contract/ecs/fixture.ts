import { existsSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { createServer, type Server } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';
import { ECSClient, type RunTaskCommandInput } from '@aws-sdk/client-ecs';
import { expect, vi } from 'vitest';
import * as z from 'zod';
import type { TaskStateChangeEvent } from '../../../local/engines/ecs/describe.ts';
import { createEcs, type Ecs, type EcsOptions } from '../../../local/engines/ecs/ecs.ts';
import { CLUSTER, DEFINITION, ecsOptions } from './options.ts';

/** How long a condition may take on a busy machine before the test is lost. */
export const SOON = { timeout: 20_000, interval: 20 };

interface LogLine {
  readonly level: 'info' | 'warn' | 'error';
  readonly message: string;
  readonly fields: Readonly<Record<string, unknown>>;
}

/** An ECS behind a loopback server, and the SDK's client for it. */
export class Fixture {
  readonly directory: string;
  readonly events: TaskStateChangeEvent[] = [];
  readonly lines: LogLine[] = [];
  /** The operations that reached the ECS. */
  readonly calls: string[] = [];
  #running: { ecs: Ecs; server: Server; client: ECSClient } | undefined;

  constructor() {
    this.directory = mkdtempSync(join(tmpdir(), 'berth-ecs-'));
  }

  get ecs(): Ecs {
    return this.#current().ecs;
  }

  get client(): ECSClient {
    return this.#current().client;
  }

  async start(overrides: Partial<EcsOptions> = {}): Promise<this> {
    const log =
      (level: LogLine['level']) =>
      (message: string, fields: LogLine['fields'] = {}) => {
        this.lines.push({ level, message, fields });
      };
    const ecs = createEcs({
      ...ecsOptions(this.directory),
      emit: (event) => {
        this.events.push(event);
      },
      logger: { info: log('info'), warn: log('warn'), error: log('error') },
      ...overrides,
    });
    const server = createServer(async (request, response) => {
      const operation = String(request.headers['x-amz-target']).split('.').at(-1) ?? '';
      const input: unknown = JSON.parse(await text(request));
      this.calls.push(operation);
      const answer = await ecs.handle({ operation, input });
      response.writeHead(answer.status, answer.headers).end(answer.body);
    });
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    const address = server.address();
    const port = typeof address === 'object' ? address?.port : undefined;
    const client = new ECSClient({
      region: 'us-east-1',
      endpoint: `http://127.0.0.1:${port}`,
      credentials: { accessKeyId: 'test', secretAccessKey: 'test' },
      maxAttempts: 1,
    });
    this.#running = { ecs, server, client };
    return this;
  }

  /** Ends the ECS and everything that it started; the state on disk stays. */
  async stop(): Promise<void> {
    if (this.#running === undefined) return;
    const { ecs, server, client } = this.#running;
    this.#running = undefined;
    await ecs.close();
    client.destroy();
    server.closeAllConnections();
    await new Promise((resolve) => server.close(resolve));
  }

  async dispose(): Promise<void> {
    await this.stop();
    rmSync(this.directory, { recursive: true, force: true });
  }

  /** The report of the named stand-in about itself, once it is ready. */
  standIn(name = 'task') {
    return standIn(this.directory, name);
  }

  eventsOf(taskArn: string | undefined): TaskStateChangeEvent[] {
    return this.events.filter(({ resources }) => resources[0] === taskArn);
  }

  statusesOf(taskArn: string | undefined): unknown[] {
    return this.eventsOf(taskArn).map(({ detail }) => detail.lastStatus);
  }

  async untilStopped(taskArn: string | undefined): Promise<TaskStateChangeEvent> {
    await expect.poll(() => this.statusesOf(taskArn).at(-1), SOON).toBe('STOPPED');
    const last = this.eventsOf(taskArn).at(-1);
    if (last === undefined) throw new Error('no event');
    return last;
  }

  #current() {
    if (this.#running === undefined) throw new Error('not started');
    return this.#running;
  }
}

const standInSchema = z.object({
  pid: z.int(),
  grandchild: z.int().optional(),
  env: z.record(z.string(), z.string()),
});

export const standIn = async (directory: string, name = 'task'): Promise<z.infer<typeof standInSchema>> => {
  const path = join(directory, `${name}.json`);
  await vi.waitFor(() => expect(existsSync(path)).toBe(true), SOON);
  return standInSchema.parse(JSON.parse(readFileSync(path, 'utf8')));
};

/** A RunTask as Berth makes it, for the stand-in. */
export const runTask = (
  variables: Readonly<Record<string, string>> = {},
  overrides: Partial<RunTaskCommandInput> = {},
): RunTaskCommandInput => ({
  cluster: CLUSTER,
  taskDefinition: DEFINITION,
  capacityProviderStrategy: [{ capacityProvider: 'FARGATE', weight: 1 }],
  networkConfiguration: {
    awsvpcConfiguration: { subnets: ['subnet-1'], securityGroups: ['sg-1'], assignPublicIp: 'ENABLED' },
  },
  overrides: {
    containerOverrides: [
      { name: 'worker', environment: Object.entries(variables).map(([name, value]) => ({ name, value })) },
    ],
  },
  ...overrides,
});
