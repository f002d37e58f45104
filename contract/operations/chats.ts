/** Operations that look at an account's chats, contacts and groups, or change groups; each is named as its command. */
import * as z from 'zod';
import { inSession } from '../bodies/commands.ts';
import { sessionNameSchema } from '../bodies/sessions.ts';
import { type Operation, ownerQuerySchema } from '../operation.ts';
import { groupIdSchema } from '../whatsapp/chats.ts';
import { chatIdSchema } from '../whatsapp/messages.ts';
import { COMMANDS, type CommandName } from '../worker/commands.ts';

const session = sessionNameSchema.describe("The session's name.");
const ofSession = z.object({ session });
const ofChat = z.object({ session, chatId: chatIdSchema });
const ofGroup = z.object({ session, id: groupIdSchema });

const command = {
  handler: 'commands',
  auth: 'key',
  tag: 'Chats',
  problems: ['not_found', 'unprocessable', 'worker_failed', 'worker_timeout'],
} as const;

type Reads = Pick<Operation, 'path' | 'summary' | 'description' | 'params'> & { query?: z.ZodObject };
const reads = (id: CommandName, { query = z.strictObject({}), ...rest }: Reads): Operation => ({
  ...command,
  ...rest,
  id,
  method: 'GET',
  query: query.extend(ownerQuerySchema.shape),
  answers: { 200: { description: 'As the session has it now.', body: COMMANDS[id].result } },
});

type Changes = Pick<Operation, 'path' | 'summary' | 'params'> & { body: z.ZodObject; status: 200 | 201 };
const changes = (id: CommandName, { status, ...rest }: Changes): Operation => ({
  ...command,
  ...rest,
  id,
  method: 'POST',
  query: ownerQuerySchema,
  answers: { [status]: { description: 'Done.', body: COMMANDS[id].result } },
});

const { getChats, getMessages, checkNumber, getContact, getContacts, getGroups } = COMMANDS;
const { getLids, findNumberByLid, findLidByNumber } = COMMANDS;
const { createGroup, addParticipants, removeParticipants } = COMMANDS;
const only = <S extends z.ZodObject>(args: S, left: string): z.ZodObject => {
  const { [left]: _left, ...shape } = args.shape;
  return z.strictObject(shape);
};

export const CHAT_OPERATIONS: readonly Operation[] = [
  reads('getChats', {
    path: '/api/{session}/chats',
    summary: 'Chats, by what happened last',
    params: ofSession,
    query: getChats.args,
  }),
  reads('getMessages', {
    path: '/api/{session}/chats/{chatId}/messages',
    summary: 'Messages of a chat, newest first',
    description:
      '`offset` counts from the newest message. With `downloadMedia=true` files are fetched and linked.',
    params: ofChat,
    query: only(getMessages.args, 'chatId'),
  }),
  reads('checkNumber', {
    path: '/api/contacts/check-exists',
    summary: 'Whether a phone number is on WhatsApp',
    query: inSession(checkNumber.args),
  }),
  reads('getContacts', {
    path: '/api/contacts/all',
    summary: 'Contacts',
    query: inSession(getContacts.args),
  }),
  reads('getContact', {
    path: '/api/contacts',
    summary: 'One contact',
    query: inSession(getContact.args),
  }),
  reads('getLids', {
    path: '/api/{session}/lids',
    summary: 'Hidden ids that the session knows, with their phone numbers',
    description:
      'WhatsApp names people by hidden id (`…@lid`). `pn` is null where it does not tell the phone number.',
    params: ofSession,
    query: getLids.args,
  }),
  reads('countLids', {
    path: '/api/{session}/lids/count',
    summary: 'How many hidden ids the session knows',
    params: ofSession,
  }),
  reads('findNumberByLid', {
    path: '/api/{session}/lids/{lid}',
    summary: 'The phone number of a hidden id',
    description: '`pn` is null where WhatsApp does not tell the phone number.',
    params: findNumberByLid.args.extend({ session }),
  }),
  reads('findLidByNumber', {
    path: '/api/{session}/lids/pn/{phoneNumber}',
    summary: 'The hidden id of a phone number',
    description: '`lid` is null where the number is not on WhatsApp, or has no hidden id.',
    params: findLidByNumber.args.extend({ session }),
  }),
  reads('getGroups', {
    path: '/api/{session}/groups',
    summary: 'Groups that the account is in',
    params: ofSession,
    query: getGroups.args,
  }),
  changes('createGroup', {
    path: '/api/{session}/groups',
    summary: 'Make a group',
    params: ofSession,
    body: createGroup.args,
    status: 201,
  }),
  reads('getGroup', { path: '/api/{session}/groups/{id}', summary: 'One group', params: ofGroup }),
  reads('getParticipants', {
    path: '/api/{session}/groups/{id}/participants',
    summary: 'Who is in a group',
    params: ofGroup,
  }),
  changes('addParticipants', {
    path: '/api/{session}/groups/{id}/participants/add',
    summary: 'Add people to a group',
    params: ofGroup,
    body: only(addParticipants.args, 'id'),
    status: 201,
  }),
  changes('removeParticipants', {
    path: '/api/{session}/groups/{id}/participants/remove',
    summary: 'Remove people from a group',
    params: ofGroup,
    body: only(removeParticipants.args, 'id'),
    status: 201,
  }),
];
