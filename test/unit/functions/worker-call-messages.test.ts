import { expect, test } from 'vitest';
import { COMMANDS } from '../../../contract/worker/commands.ts';
import { workerCallSchema } from '../../../functions/adapters/worker-call-messages.ts';

const call = (command: string) => ({
  worker: { address: 'http://10.0.0.1:8080', commandSecret: 'secret', epoch: 1 },
  command,
  args: {},
  timeoutMs: 1000,
});

test.each(Object.keys(COMMANDS))('passes %s on', (command) => {
  expect(workerCallSchema.parse(call(command))).toEqual(call(command));
});

test.each(['', 'logout/../assign', 'a?b', 'a#b', 'a%2fb', 'a b', '.', '..'])(
  'refuses "%s", which would be another path of the worker',
  (command) => {
    expect(workerCallSchema.safeParse(call(command)).success).toBe(false);
  },
);
