import type { CommandView } from '../core/api/commands.ts';
import * as operations from '../core/api/operations/commands.ts';
import { Problem, problemBody } from '../core/errors.ts';
import { isSettled, lookAt } from '../core/protocols/waiting-commands.ts';
import { problemOf, type WaitingCommand } from '../core/waiting-command.ts';
import { base } from './adapters/base.ts';
import { dynamoDbStore } from './adapters/dynamodb-store.ts';
import { http, type Request } from './edge/http.ts';

const control = { ...base, store: dynamoDbStore() };

const POLL_MS = 400;

/** GET /api/commands/{id}; with `wait=25` answers once it is settled, or as things stand after so many seconds. */
export const handler = http(operations.getCommand)(async (request) => {
  const end = control.clock() + request.query.wait * 1000;
  let command = await load(request);
  while (!isSettled(command) && control.clock() + POLL_MS < end) {
    await control.sleep(POLL_MS);
    command = await load(request);
  }
  return { status: 200, body: viewOf(command, request) };
});

/** Somebody else's reads as absent, as does that of a session which the key is not for. */
const load = async (request: Request<typeof operations.getCommand>): Promise<WaitingCommand> => {
  const id = request.params.id;
  const command = (await lookAt(control, id))?.command;
  const { sessions } = request.caller();
  if (command?.userId === request.owner() && (sessions?.includes(command.name) ?? true)) return command;
  throw new Problem('not_found', 'There is no such command, or it is older than a day.');
};

const viewOf = (command: WaitingCommand, request: Request<typeof operations.getCommand>): CommandView => ({
  id: command.id,
  session: command.name,
  status: command.status,
  ...(command.result === undefined ? {} : { result: JSON.parse(command.result) }),
  ...(command.problem === undefined
    ? {}
    : { problem: problemBody(problemOf(command.problem), request.path, request.requestId) }),
});
