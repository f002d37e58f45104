import { randomBytes } from 'node:crypto';
import type { CommandView } from '../contract/bodies/commands.ts';
import { Problem, problemBody } from '../contract/errors.ts';
import { isTerminal } from '../contract/lifecycle.ts';
import type { Operation } from '../contract/operation.ts';
import { getCommand } from '../contract/operations/commands.ts';
import { getNewMessageId, getNewStatusId } from '../contract/operations/message-ids.ts';
import { pollUntil } from '../contract/poll.ts';
import { TIMEOUTS_MS } from '../contract/timeouts.ts';
import { CUT_HEADER, LIST_CAP } from '../contract/whatsapp/chats.ts';
import { MAX_INLINE_MEDIA_BYTES, MAX_KEPT_ARGS_BYTES } from '../contract/whatsapp/messages.ts';
import {
  COMMAND_OPERATIONS,
  COMMANDS,
  type CommandArgs,
  type CommandName,
} from '../contract/worker/commands.ts';
import { withOpenWait } from '../core/access/open-waits.ts';
import { runCommand } from '../core/commands/command.ts';
import { problemOf, type WaitingCommand } from '../core/commands/waiting-command.ts';
import { isSettled, readCommandAndSession } from '../core/commands/waiting-commands.ts';
import { wakeAndRun } from '../core/commands/wake.ts';
import { loadSession } from '../core/lifecycle/load.ts';
import { nameOf, type Session } from '../core/lifecycle/session.ts';
import { base } from './adapters/base.ts';
import { dynamoDbStore } from './adapters/dynamodb-store.ts';
import { ecsTasks } from './adapters/ecs-tasks.ts';
import { sqsEvents } from './adapters/sqs-events.ts';
import { standbyCall, workerCall } from './adapters/worker-call.ts';
import { defineHandler, type Request, router } from './edge/http.ts';

const deps = {
  ...base,
  store: dynamoDbStore(),
  tasks: ecsTasks(),
  events: sqsEvents(),
  workers: workerCall(),
  standby: standbyCall(),
};

/**
 * Every operation that is a command to a worker: answered once it is carried out, a send once WhatsApp's server has
 * accepted it. Berth never repeats it. With `wake=true` a stopped, linked session is started first; 202 with the
 * command's id if that takes longer than a request may.
 */
const operations: readonly Operation[] = Object.values(COMMAND_OPERATIONS);
const running = defineHandler(...operations)(async (request) => {
  const { idempotencyKey, operation } = request;
  const { command, args, sessionName, wake } = commandOf(request);
  refuseTooLarge(args, wake);
  const { userId, name } = request.session(sessionName);
  const session = await loadSession(deps, userId, name);
  const status = 200 in operation.responses ? 200 : 201;
  if (!wake) {
    const begun = deps.clock();
    const ready = await whenReady(request, session);
    const timeoutMs = begun + TIMEOUTS_MS.workerCall - deps.clock();
    const result = await runCommand(deps, ready, command, args, { idempotencyKey, timeoutMs });
    return { ...answer(status, result), ...cutHeader(args, result) };
  }
  // Starting a session takes most of a request's time; one that works gets the command directly.
  const waitMs = session.status === 'WORKING' ? 0 : TIMEOUTS_MS.function;
  const woken = await withOpenWait(deps, request.caller().userId, waitMs, () =>
    wakeAndRun(deps, session, command, args, idempotencyKey),
  );
  return woken.kind === 'done' ? answer(status, woken.result) : answer(202, { commandId: woken.commandId });
});

/** So long a command waits for a session that is about to work, as WAHA's does. */
const READY_WAIT_MS = 15_000;
const READY_POLL_MS = 400;

/** It may work without a person: it starts, or starts again. Whether it has a saved account shows within the wait. */
const isStarting = ({ state, status }: Session): boolean =>
  !isTerminal(state) && state !== 'STOPPING' && status === 'STARTING';

const whenReady = async (request: Request, session: Session): Promise<Session> => {
  if (!isStarting(session)) return session;
  const { userId, name } = request.session(nameOf(session));
  const end = deps.clock() + READY_WAIT_MS;
  return withOpenWait(deps, request.caller().userId, READY_WAIT_MS, () =>
    pollUntil(
      deps,
      () => loadSession(deps, userId, name),
      (now) => !isStarting(now),
      {
        end,
        pollMs: READY_POLL_MS,
      },
    ),
  );
};

/** A list that reached the cap may have more. */
const cutHeader = (args: object, result: unknown) =>
  'limit' in args && args.limit === LIST_CAP && Array.isArray(result) && result.length === LIST_CAP
    ? { headers: { [CUT_HEADER]: String(LIST_CAP) } }
    : {};

/** Checked by the command's own schema, which the table of operations names, too; types can't follow that. */
const answer = (status: number, body: unknown) => ({ status, body: body as never });

/** The request and its session: path, query and body together are the command's arguments, the session aside. */
const commandOf = ({ operation, params, query, body }: Request) => {
  const command = operation.id;
  if (!isCommand(command)) throw new Error(`the operation ${command} is no command`);
  const given: Record<string, unknown> = { ...query, ...Object(body), ...params };
  const { session, userId: _userId, wake, ...args } = given;
  return {
    command,
    // Validated by the operation's schemas, which are the command's own.
    args: args as CommandArgs<CommandName>,
    sessionName: typeof session === 'string' ? session : undefined,
    wake: wake === true,
  };
};

const isCommand = (id: string): id is CommandName => Object.hasOwn(COMMANDS, id);

const MIB = 1024 * 1024;

/** What Lambda or the database would refuse, with an answer that says what to do instead. */
const refuseTooLarge = (args: object, wake: boolean): void => {
  const data = 'file' in args && Object(args.file).data;
  if (typeof data === 'string' && data.length > (MAX_INLINE_MEDIA_BYTES / 3) * 4 + 4) {
    throw new Problem(
      'too_large',
      `The file in the request exceeds ${MAX_INLINE_MEDIA_BYTES / MIB} MiB (API Gateway accepts 10 MB per request, Lambda 6 MB, and base64 adds a third). Send a larger file by its URL.`,
    );
  }
  if (wake && JSON.stringify(args).length > MAX_KEPT_ARGS_BYTES) {
    throw new Problem(
      'too_large',
      `With wake=true the request exceeds ${MAX_KEPT_ARGS_BYTES / 1024} KiB; it is stored until the session works. Send the file by its URL, or start the session first.`,
    );
  }
};

const POLL_MS = 400;

/** GET /api/commands/{id}; with `wait=25` answers once it is settled, or as things stand after so many seconds. */
const showing = defineHandler(getCommand)(async (request) => {
  const end = deps.clock() + request.query.wait * 1000;
  const seen = await load(request);
  const command = isSettled(seen)
    ? seen
    : await withOpenWait(deps, request.caller().userId, end - deps.clock(), () =>
        pollUntil(deps, () => load(request), isSettled, { end, pollMs: POLL_MS }),
      );
  return { status: 200, body: viewOf(command, request) };
});

/** Another user's command reads as absent, and so does that of a session that the key may not access. */
const load = async (request: Request<typeof getCommand>): Promise<WaitingCommand> => {
  const id = request.params.id;
  const command = (await readCommandAndSession(deps, id))?.command;
  const { sessions } = request.caller();
  if (command?.userId === request.owner() && (sessions?.includes(command.name) ?? true)) return command;
  throw new Problem('not_found', 'No such command, or its record expired (after a day).');
};

const viewOf = (command: WaitingCommand, request: Request<typeof getCommand>): CommandView => ({
  id: command.id,
  session: command.name,
  status: command.status,
  ...(command.result === undefined ? {} : { result: JSON.parse(command.result) }),
  ...(command.problem === undefined
    ? {}
    : { problem: problemBody(problemOf(command.problem), request.path, request.requestId) }),
});

/** GET /api/{session}/new-message-id: ids as WhatsApp Web makes them. */
const naming = defineHandler(
  getNewMessageId,
  getNewStatusId,
)(async (request) => {
  const { userId, name } = request.session(request.params.session);
  await loadSession(deps, userId, name);
  return { status: 200, body: { id: `3EB0${randomBytes(9).toString('hex').toUpperCase()}` } };
});

export const handler = router(running, showing, naming);
