import type { Command } from 'commander';
import * as z from 'zod';
import { type LiveEvent, UnreachableError } from '../../client/index.ts';
import type { StreamEvent } from '../../contract/bodies/events.ts';
import { cursorSchema, EVENTS_MISSED } from '../../contract/bodies/live.ts';
import { examples, runs } from '../command.ts';
import type { Context } from '../context.ts';
import { collect, countInput, nameInput, userOrAllInput } from '../input.ts';
import { plain } from '../output.ts';

const input = z.object({
  name: nameInput.optional(),
  event: z.array(z.string()).optional(),
  user: userOrAllInput,
  after: cursorSchema.optional(),
  count: countInput.optional(),
});
type Input = z.output<typeof input>;

/** `berth events` */
export const addEvents = (program: Command): void => {
  const command = program
    .command('events')
    .description('follow events as they happen, until Ctrl-C: of one session, or of all')
    .argument('[name]', 'only this session')
    .option('--event <name>', 'only such events, for example message (repeatable)', collect)
    .option('--user <id>', "whose sessions (admin keys); '*': session events of all users")
    .option('--after <cursor>', 'continue behind the event with this cursor (--json shows it)')
    .option('--count <n>', 'end after so many events');
  examples(command, '', 'shop --event message', '--json --count 1', "--user '*'");
  runs(command, input, follow);
};

const follow = async (asked: Input, context: Context): Promise<void> => {
  let count = 0;
  for await (const event of eventsOf(asked, context)) {
    context.out.result(event, lineOf(event));
    if (event.event === EVENTS_MISSED) context.out.note('events are missing here: they had expired');
    else if (++count === asked.count) return;
  }
};

/** Over a WebSocket; if none can be opened, by polling, which has session events only. */
async function* eventsOf(
  { name, event: events, user: userId, after }: Input,
  context: Context,
): AsyncGenerator<LiveEvent | StreamEvent, void, undefined> {
  const api = context.api();
  try {
    yield* api.events.live({ ...(name === undefined ? {} : { sessions: [name] }), events, userId, after });
  } catch (error) {
    if (!(error instanceof UnreachableError)) throw error;
    context.out.note('no WebSocket can be opened: following session events by long polls');
    for await (const event of api.events.follow(userId === '*' ? {} : { userId }))
      if ((name ?? event.session) === event.session && (events?.includes(event.event) ?? true)) yield event;
  }
}

/** The parts of a message's payload that fit on a line. */
const messageSchema = z.object({ from: z.string(), body: z.string() });

const lineOf = ({ timestamp, event, session, payload }: LiveEvent | StreamEvent): string => {
  const message = messageSchema.safeParse(payload);
  const detail = message.success ? `${message.data.from}: ${message.data.body}` : JSON.stringify(payload);
  return [new Date(timestamp).toISOString(), session, event, plain(detail)].join('  ');
};
