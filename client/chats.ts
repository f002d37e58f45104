import type * as z from 'zod';
import type {
  Chat,
  Contact,
  Group,
  getChatsArgs,
  getMessagesArgs,
  numberStatusSchema,
} from '../contract/whatsapp/chats.ts';
import type { LidToPhoneNumber } from '../contract/whatsapp/lids.ts';
import type { Message } from '../contract/whatsapp/messages.ts';
import {
  COMMANDS,
  type CommandArgs,
  type CommandName,
  type CommandResult,
} from '../contract/worker/commands.ts';
import type { CallOptions } from './sessions.ts';
import { path, type Transport } from './transport.ts';

/** At most 500 at once, 100 where nothing is said. */
type Paging = { readonly limit?: number | undefined; readonly offset?: number | undefined };
type SortOrder = z.output<typeof getChatsArgs>['sortOrder'];

/** Each rejects with 422 where the session does not work. */
export type ChatsClient = {
  /** By what happened last. */
  readonly list: (
    session: string,
    options?: CallOptions & Paging & { sortOrder?: SortOrder },
  ) => Promise<Chat[]>;
  /** Newest first. `downloadMedia` has files fetched and linked. */
  readonly messages: (
    session: string,
    chatId: string,
    options?: CallOptions &
      Paging &
      Partial<Pick<z.output<typeof getMessagesArgs>, 'sortOrder' | 'downloadMedia'>>,
  ) => Promise<Message[]>;
};
export type ContactsClient = {
  readonly list: (session: string, options?: CallOptions & Paging) => Promise<Contact[]>;
  readonly get: (session: string, contactId: string, options?: CallOptions) => Promise<Contact>;
  /** Whether a number is on WhatsApp, and the chat's id if so. */
  readonly checkExists: (
    session: string,
    phone: string,
    options?: CallOptions,
  ) => Promise<z.infer<typeof numberStatusSchema>>;
};
/** Hidden ids (`…@lid`) and phone numbers. */
export type LidsClient = {
  /** Those that the session knows. */
  readonly list: (session: string, options?: CallOptions & Paging) => Promise<LidToPhoneNumber[]>;
  readonly count: (session: string, options?: CallOptions) => Promise<number>;
  /** `pn` is null where WhatsApp does not tell the number. */
  readonly number: (session: string, lid: string, options?: CallOptions) => Promise<LidToPhoneNumber>;
  /** `lid` is null where the number is not on WhatsApp, or has no hidden id. */
  readonly lid: (session: string, phoneNumber: string, options?: CallOptions) => Promise<LidToPhoneNumber>;
};
export type GroupsClient = {
  readonly list: (session: string, options?: CallOptions & Paging) => Promise<Group[]>;
  readonly get: (session: string, id: string, options?: CallOptions) => Promise<Group>;
  readonly create: (
    session: string,
    group: CommandArgs<'createGroup'>,
    options?: CallOptions,
  ) => Promise<CommandResult<'createGroup'>>;
  readonly participants: (
    session: string,
    id: string,
    options?: CallOptions,
  ) => Promise<Group['participants']>;
  /** What became of each. */
  readonly add: (
    session: string,
    id: string,
    participants: readonly string[],
    options?: CallOptions,
  ) => Promise<CommandResult<'addParticipants'>>;
  readonly remove: (
    session: string,
    id: string,
    participants: readonly string[],
    options?: CallOptions,
  ) => Promise<void>;
};

export const chatClients = (
  transport: Transport,
): { chats: ChatsClient; contacts: ContactsClient; lids: LidsClient; groups: GroupsClient } => {
  // The command's own schema; TypeScript loses that link through the table.
  const resultOf = <N extends CommandName>(name: N): z.ZodType<CommandResult<N>> =>
    COMMANDS[name].result as never;

  const reads = <N extends CommandName>(
    name: N,
    at: string,
    { signal, ...query }: CallOptions & Record<string, unknown> = {},
  ): Promise<CommandResult<N>> => {
    const given = Object.entries(query).filter(([, value]) => value !== undefined);
    const call = { method: 'GET', path: at, idempotent: true, signal } as const;
    return transport.json(
      { ...call, query: Object.fromEntries(given.map(([key, value]) => [key, String(value)])) },
      resultOf(name),
    );
  };
  const changes = <N extends CommandName>(
    name: N,
    at: string,
    body: unknown,
    { userId, signal }: CallOptions = {},
  ): Promise<CommandResult<N>> =>
    transport.json(
      { method: 'POST', path: at, query: { userId }, body, idempotent: false, signal },
      resultOf(name),
    );
  const members = (ids: readonly string[]) => ({ participants: ids.map((id) => ({ id })) });

  return {
    chats: {
      list: (session, options) => reads('getChats', path`/api/${session}/chats`, options),
      messages: (session, chatId, options) =>
        reads('getMessages', path`/api/${session}/chats/${chatId}/messages`, options),
    },
    contacts: {
      list: (session, options) => reads('getContacts', '/api/contacts/all', { ...options, session }),
      get: (session, contactId, options) =>
        reads('getContact', '/api/contacts', { ...options, session, contactId }),
      checkExists: (session, phone, options) =>
        reads('checkNumber', '/api/contacts/check-exists', { ...options, session, phone }),
    },
    lids: {
      list: (session, options) => reads('getLids', path`/api/${session}/lids`, options),
      count: async (session, options) =>
        (await reads('countLids', path`/api/${session}/lids/count`, options)).count,
      number: (session, lid, options) => reads('findNumberByLid', path`/api/${session}/lids/${lid}`, options),
      lid: (session, phoneNumber, options) =>
        reads('findLidByNumber', path`/api/${session}/lids/pn/${phoneNumber}`, options),
    },
    groups: {
      list: (session, options) => reads('getGroups', path`/api/${session}/groups`, options),
      get: (session, id, options) => reads('getGroup', path`/api/${session}/groups/${id}`, options),
      create: (session, group, options) =>
        changes('createGroup', path`/api/${session}/groups`, group, options),
      participants: (session, id, options) =>
        reads('getParticipants', path`/api/${session}/groups/${id}/participants`, options),
      add: (session, id, participants, options) =>
        changes(
          'addParticipants',
          path`/api/${session}/groups/${id}/participants/add`,
          members(participants),
          options,
        ),
      remove: async (session, id, participants, options) => {
        const at = path`/api/${session}/groups/${id}/participants/remove`;
        await changes('removeParticipants', at, members(participants), options);
      },
    },
  };
};
