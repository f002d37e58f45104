/**
 * The command server: how command functions reach this session. Plain HTTP within the network's own walls; each request
 * proves itself with the secret that this worker made and names the epoch that it means.
 */
import { createHash, timingSafeEqual } from 'node:crypto';
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import * as z from 'zod';
import { fitAnswer } from '../../contract/answer-size.ts';
import { TIMEOUTS_MS } from '../../contract/timeouts.ts';
import { ACCOUNT_COMMANDS } from '../../contract/worker/account-commands.ts';
import {
  COMMAND_FAILURES,
  type CommandFailure,
  commandFailureSchema,
} from '../../contract/worker/command-failures.ts';
import { type Assignment, assignmentSchema, STANDBY_PATH } from '../../contract/worker/protocol.ts';
import type { CommandOutcome } from '../../core/ports.ts';
import { describeError } from '../base/faults.ts';
import type { Log } from '../base/log.ts';
import { type Time, withDeadline } from '../base/time.ts';
import { type Answer, createAnswers } from './answers.ts';
import type { CommandContext } from './context.ts';
import { CommandFailed } from './failure.ts';
import { BadArguments } from './handlers.ts';

/** A file in base64, as large as Lambda hands one on. */
const MAX_BODY_BYTES = 8 * 1024 * 1024;
const REQUEST_LIMIT_MS = 15_000;
/** From a worker's first call until its session serves commands. */
const READY_LIMIT_MS = 10_000;

export type CommandServer = {
  readonly port: number;
  /** Carries out a command that came another way, under the same rules and the same kept answers. */
  run(name: string, body: string, idempotencyKey: string): Promise<CommandOutcome>;
  /** From now on commands for this epoch are taken. */
  bind(epoch: number): void;
  /** From now on commands are carried out. Those that came before wait for it; after `refuse` they are answered with `stopping`. */
  serve(context: CommandContext): void;
  refuse(): void;
  close(): Promise<void>;
};

const failure = (code: CommandFailure['code'], detail: string, status?: string): Answer => ({
  status: COMMAND_FAILURES[code],
  body: { code, detail, ...(status === undefined ? {} : { status }) } satisfies CommandFailure,
});

const digest = (text: string) => createHash('sha256').update(text).digest();
/** Compared as digests: neither content nor length shows in the time it takes. */
const equalSecrets = (a: string, b: string): boolean => timingSafeEqual(digest(a), digest(b));

const readBody = async (request: IncomingMessage): Promise<string | 'too_large'> => {
  const chunks: Buffer[] = [];
  let bytes = 0;
  for await (const chunk of request) {
    const buffer = z.instanceof(Buffer).parse(chunk);
    bytes += buffer.length;
    if (bytes > MAX_BODY_BYTES) return 'too_large';
    chunks.push(buffer);
  }
  return Buffer.concat(chunks).toString('utf8');
};

const jsonOf = (text: string): unknown => {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
};

type Handler = {
  readonly run: (context: CommandContext, json: unknown) => Promise<unknown>;
  /** Whether the command sends a message: its result is that message. */
  readonly answersMessage: boolean;
};

/**
 * Undefined: there is no such command. Neither the worker's first call nor the code waits for its module: those of the
 * account are loaded with the session, the others by the first command that needs them.
 */
const handlerOf = async (name: string): Promise<Handler | undefined> => {
  if (isKeyOf(ACCOUNT_COMMANDS, name)) {
    const { ACCOUNT_HANDLERS } = await import('./account-table.ts');
    return { run: ACCOUNT_HANDLERS[name], answersMessage: false };
  }
  const [{ HANDLERS }, { answersMessage }] = await Promise.all([
    import('./table.ts'),
    import('../../contract/worker/commands.ts'),
  ]);
  return isKeyOf(HANDLERS, name) ? { run: HANDLERS[name], answersMessage: answersMessage(name) } : undefined;
};

const isKeyOf = <T extends object>(table: T, name: string): name is keyof T & string =>
  Object.hasOwn(table, name);

const fitting = (result: unknown): Answer => {
  const fitted = fitAnswer(result);
  if (fitted.fits) return { status: 200, body: fitted.answer };
  const megabytes = (fitted.bytes / 1_000_000).toFixed(1);
  return failure(
    'answer_too_large',
    `The response would have ${megabytes} MB; the maximum is 6 MB. Request fewer items, for example limit=${fitted.items}.`,
  );
};

/** Parses the arguments and runs the command; every end is an answer. */
const carryOut = async (
  context: CommandContext,
  name: string,
  { run, answersMessage }: Handler,
  body: string,
  log: Log,
): Promise<Answer> => {
  let json: unknown;
  try {
    json = body === '' ? {} : JSON.parse(body);
  } catch {
    return failure('bad_arguments', 'the body is not JSON');
  }
  try {
    const answer = fitting(await run(context, json));
    if (answersMessage) context.sent();
    return answer;
  } catch (error) {
    if (error instanceof CommandFailed) return failure(error.code, error.message, error.status);
    if (error instanceof BadArguments) return failure('bad_arguments', error.message.slice(0, 500));
    // A defect: it may have come after the hand-over.
    log.error('command failed', { command: name, error: describeError(error) });
    return failure('unknown', 'The worker failed during the command; whether it was done is unknown.');
  }
};

export const startCommandServer = async (options: {
  readonly host: string;
  readonly port: number;
  readonly secret: string;
  /** Undefined: of a standby task, which has none yet. */
  readonly epoch: number | undefined;
  /** Of a standby task: makes it the worker of a session. False: it is not, and never will be. */
  readonly assign?: (assignment: Assignment) => Promise<boolean>;
  readonly time: Time;
  readonly log: Log;
}): Promise<CommandServer> => {
  const { log, assign } = options;
  let { epoch } = options;
  const answers = createAnswers(options.time.now);
  let context: CommandContext | undefined;
  /** The session serves, or never will. */
  const begun = Promise.withResolvers<void>();

  const respond = async (request: IncomingMessage): Promise<Answer> => {
    const { pathname } = new URL(request.url ?? '/', 'http://worker');
    if (pathname === '/healthz') return { status: 200, body: { status: context?.status() ?? 'STARTING' } };
    const given = /^Bearer (\S+)$/.exec(request.headers.authorization ?? '')?.[1] ?? '';
    if (!equalSecrets(given, options.secret)) return failure('unauthorized', 'wrong credentials');
    if (assign && request.method === 'POST' && pathname === STANDBY_PATH) return await take(assign, request);
    // The address may have passed on to another session's task: the secret differs then; an old epoch's caller gets an
    // answer.
    if (request.headers['x-berth-epoch'] !== String(epoch)) return failure('stopping', 'another epoch');
    const name = /^\/v1\/commands\/(\w+)$/.exec(pathname)?.[1] ?? '';
    const handler = request.method === 'POST' ? await handlerOf(name) : undefined;
    if (!handler) return failure('unknown_command', 'no such command');
    const body = await readBody(request);
    if (body === 'too_large')
      return failure('bad_arguments', `the body is larger than ${MAX_BODY_BYTES} bytes`);
    const key = request.headers['idempotency-key'];
    return await perform(name, handler, body, typeof key === 'string' && key !== '' ? key : undefined);
  };

  const take = async (assigned: NonNullable<typeof assign>, request: IncomingMessage): Promise<Answer> => {
    const body = await readBody(request);
    const assignment = assignmentSchema.safeParse(jsonOf(body));
    if (!assignment.success) return failure('bad_arguments', 'not an assignment');
    return (await assigned(assignment.data))
      ? { status: 200, body: {} }
      : failure('stopping', 'this task does not serve the session');
  };

  const perform = async (
    name: string,
    handler: Handler,
    body: string,
    key: string | undefined,
  ): Promise<Answer> => {
    // From now on, for the caller's time runs.
    const until = options.time.now() + TIMEOUTS_MS.command;
    // Its address is known from the first call on, and the library is loaded after that.
    if (!context)
      await withDeadline(options.time, READY_LIMIT_MS, 'the start', begun.promise).catch(() => {});
    const current = context && { ...context, until };
    if (!current) return failure('stopping', 'not ready for commands, or shutting down');
    if (key === undefined) return await carryOut(current, name, handler, body, log);
    const answer = await answers.once(key, `${name} ${body}`, () =>
      carryOut(current, name, handler, body, log),
    );
    return answer === 'conflict'
      ? failure('bad_arguments', 'this Idempotency-Key was used for another request')
      : answer;
  };

  const listener = (request: IncomingMessage, response: ServerResponse) => {
    respond(request)
      .catch((error: unknown) => {
        log.error('request failed', { error: describeError(error) });
        return failure('client_failed', 'the worker failed');
      })
      .then(({ status, body }) => {
        // The unread part of a rejected body ends the connection.
        response.writeHead(status, {
          'content-type': 'application/json',
          'cache-control': 'no-store',
          ...(request.complete ? {} : { connection: 'close' }),
        });
        response.end(JSON.stringify(body));
      });
  };
  const server: Server = createServer(
    { requestTimeout: REQUEST_LIMIT_MS, headersTimeout: REQUEST_LIMIT_MS, maxHeaderSize: 16_384 },
    listener,
  );
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject);
    server.listen(options.port, options.host, resolve);
  });
  const { port } = z.object({ port: z.number() }).parse(server.address());

  return {
    port,
    async run(name, body, key) {
      const handler = await handlerOf(name);
      const answer = handler
        ? await perform(name, handler, body, key)
        : failure('unknown_command', 'no such command');
      return answer.status === 200
        ? { ok: true, result: answer.body }
        : { ok: false, failure: commandFailureSchema.parse(answer.body) };
    },
    bind(next) {
      epoch = next;
    },
    serve(next) {
      context = next;
      begun.resolve();
    },
    refuse() {
      context = undefined;
      begun.resolve();
    },
    close: () =>
      new Promise((resolve) => {
        context = undefined;
        begun.resolve();
        server.close(() => resolve());
        server.closeAllConnections();
      }),
  };
};
