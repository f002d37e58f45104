/**
 * Commands that a session's worker carries out: the arguments and results that cross the command server.
 * `POST /v1/commands/<name>`; an `Idempotency-Key` makes the worker keep the answer (success or failure) for 24 h or
 * its life, and a repeat gets that answer; a repeat while the first still runs waits for it.
 *
 * Failure: a JSON body of commandFailureSchema with the status in COMMAND_FAILURES (command-failures.ts).
 */
import type * as z from 'zod';
import { ALIAS_OPERATIONS } from '../operations/aliases.ts';
import { CHANNEL_OPERATIONS } from '../operations/channels.ts';
import { CHAT_ACTS } from '../operations/chat-acts.ts';
import { CHAT_OPERATIONS } from '../operations/chats.ts';
import { GROUP_ACTS } from '../operations/group-acts.ts';
import { LABEL_OPERATIONS } from '../operations/labels.ts';
import { MESSAGE_ACTS } from '../operations/message-acts.ts';
import { MESSAGE_OPERATIONS } from '../operations/messages.ts';
import { PEOPLE_OPERATIONS } from '../operations/people.ts';
import { STATUS_OPERATIONS } from '../operations/status.ts';
import { messageSchema } from '../whatsapp/messages.ts';
import { ACCOUNT_COMMANDS } from './account-commands.ts';

/** Every operation that is a command, by the command's name. */
export const COMMAND_OPERATIONS = {
  ...MESSAGE_OPERATIONS,
  ...MESSAGE_ACTS,
  ...STATUS_OPERATIONS,
  ...CHAT_OPERATIONS,
  ...CHAT_ACTS,
  ...PEOPLE_OPERATIONS,
  ...GROUP_ACTS,
  ...LABEL_OPERATIONS,
  ...CHANNEL_OPERATIONS,
  ...ALIAS_OPERATIONS,
};

type Operations = typeof COMMAND_OPERATIONS;
type CommandRows = { readonly [Id in keyof Operations]: Operations[Id]['command'] };
type Commands = typeof ACCOUNT_COMMANDS & CommandRows;

/** Those that are operations, by name: what each takes and what it gives. */
export const COMMAND_ROWS = Object.fromEntries(
  Object.entries(COMMAND_OPERATIONS).map(([id, { command }]) => [id, command]),
  // Each operation's own command, under its own name.
) as unknown as CommandRows;

/** Every command by name: what it takes and what it gives. */
export const COMMANDS: Commands = { ...ACCOUNT_COMMANDS, ...COMMAND_ROWS };
export type CommandName = keyof Commands;
/** Whether the command sends a message: its result is that message. */
export const answersMessage = (name: CommandName): boolean => COMMANDS[name].result === messageSchema;
export type CommandArgs<N extends CommandName> = z.input<Commands[N]['args']>;
export type CommandResult<N extends CommandName> = z.infer<Commands[N]['result']>;
