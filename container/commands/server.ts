/**
 * The command server: how command functions reach this session. Plain HTTP within the network's own walls; each request
 * proves itself with the secret that this worker made and names the epoch that it means.
 */
import { createHash, timingSafeEqual } from 'node:crypto';
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import * as z from 'zod';
import { fitAnswer } from '../../contract/answer-size.ts';
import { TIMEOUTS_MS } from '../../contract/timeouts.ts';
import {
  COMMAND_FAILURES,
  type CommandFailure,
  commandFailureSchema,
} from '../../contract/worker/command-failures.ts';
import { COMMANDS, type CommandName } from '../../contract/worker/commands.ts';
import { type Assignment, assignmentSchema, STANDBY_PATH } from '../../contract/worker/protocol.ts';
import type { CommandOutcome } from '../../core/ports.ts';
import { describeError } from '../base/faults.ts';
import type { Log } from '../base/log.ts';
import type { Time } from '../base/time.ts';
import { type Answer, createAnswers } from './answers.ts';
import type { CommandContext } from './context.ts';
import { CommandFailed } from './failure.ts';

/** A file in base64, as large as Lambda hands one on. */
const MAX_BODY_BYTES = 8 * 1024 * 1024;
const REQUEST_LIMIT_MS = 15_000;

export type CommandServer = {
  readonly port: number;
  /** Carries out a command that came another way, under the same rules and the same kept answers. */
  run(name: string, body: string, idempotencyKey: string): Promise<CommandOutcome>;
  /** From now on commands for this epoch are taken. */
  bind(epoch: number): void;
  /** From now on commands are carried out; before that, and after `close`, they are answered with `stopping`. */
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

const isCommand = (name: string): name is CommandName => Object.hasOwn(COMMANDS, name);

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
  name: CommandName,
  body: string,
  log: Log,
): Promise<Answer> => {
  let json: unknown;
  try {
    json = body === '' ? {} : JSON.parse(body);
  } catch {
    return failure('bad_arguments', 'the body is not JSON');
  }
  // With the session, which loads it, and not before: the worker's first call does not wait for it.
  const { BadArguments, HANDLERS } = await import('./table.ts');
  try {
    const until = context.time.now() + TIMEOUTS_MS.command;
    const answer = fitting(await HANDLERS[name]({ ...context, until }, json));
    context.done(name);
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
    if (request.method !== 'POST' || !isCommand(name)) return failure('unknown_command', 'no such command');
    const body = await readBody(request);
    if (body === 'too_large')
      return failure('bad_arguments', `the body is larger than ${MAX_BODY_BYTES} bytes`);
    const key = request.headers['idempotency-key'];
    return await perform(name, body, typeof key === 'string' && key !== '' ? key : undefined);
  };

  const take = async (assigned: NonNullable<typeof assign>, request: IncomingMessage): Promise<Answer> => {
    const body = await readBody(request);
    const assignment = assignmentSchema.safeParse(jsonOf(body));
    if (!assignment.success) return failure('bad_arguments', 'not an assignment');
    return (await assigned(assignment.data))
      ? { status: 200, body: {} }
      : failure('stopping', 'this task does not serve the session');
  };

  const perform = async (name: CommandName, body: string, key: string | undefined): Promise<Answer> => {
    const current = context;
    if (!current) return failure('stopping', 'not ready for commands, or shutting down');
    if (key === undefined) return await carryOut(current, name, body, log);
    const answer = await answers.once(key, `${name} ${body}`, () => carryOut(current, name, body, log));
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
      const answer = isCommand(name)
        ? await perform(name, body, key)
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
    },
    refuse() {
      context = undefined;
    },
    close: () =>
      new Promise((resolve) => {
        context = undefined;
        server.close(() => resolve());
        server.closeAllConnections();
      }),
  };
};
