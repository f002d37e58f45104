import * as z from 'zod';
import { commandStatusQuerySchema, commandViewSchema } from '../bodies/commands.ts';
import { operation } from '../operation.ts';

export const getCommand = operation({
  id: 'getCommand',
  method: 'GET',
  path: '/api/commands/{id}',
  handler: 'commands',
  auth: 'key',
  scope: 'messages:send',
  client: 'commands.get',
  holds: 'wait',
  tag: 'Commands',
  summary: 'The result of a command that was answered 202',
  description:
    'With `wait` it responds when the command has ended, or with its current state after that many seconds.',
  params: z.object({ id: z.string().max(128).describe('The `commandId` of the 202.') }),
  query: commandStatusQuerySchema,
  responses: { 200: { description: 'The command.', body: commandViewSchema } },
});
