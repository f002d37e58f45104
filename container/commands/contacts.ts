import type * as z from 'zod';
import type {
  Contact,
  checkNumberArgs,
  getContactArgs,
  getContactsArgs,
  numberStatusSchema,
} from '../../contract/whatsapp/chats.ts';
import { contactPayload } from '../whatsapp/chat-payloads.ts';
import { idText } from '../whatsapp/ids.ts';
import { ask, pageOf } from './ask.ts';
import type { CommandContext } from './context.ts';
import { CommandFailed } from './failure.ts';

export const checkNumber = async (
  context: CommandContext,
  { phone }: z.output<typeof checkNumberArgs>,
): Promise<z.infer<typeof numberStatusSchema>> => {
  const chatId = idText(await ask(context, 'looking the number up', (account) => account.numberId(phone)));
  return chatId === undefined ? { numberExists: false } : { numberExists: true, chatId };
};

export const getContact = async (
  context: CommandContext,
  { contactId }: z.output<typeof getContactArgs>,
): Promise<Contact> => {
  const found = await ask(context, 'reading the contact', (account) => account.contact(contactId));
  const contact = contactPayload(found ?? {});
  if (!contact) throw new CommandFailed('not_found', 'There is no such contact.');
  return contact;
};

/** By id: names may be missing, and paging needs an order that stays. */
export const getContacts = async (
  context: CommandContext,
  page: z.output<typeof getContactsArgs>,
): Promise<Contact[]> => {
  const found = await ask(context, 'reading the contacts', (account) => account.contacts());
  const contacts = found
    .flatMap((source) => contactPayload(source) ?? [])
    .sort((a, b) => (a.id < b.id ? -1 : 1));
  return pageOf(contacts, page);
};
