import type * as z from 'zod';
import type { ContactCard, Message, sendContactVcardArgs } from '../../contract/whatsapp/messages.ts';
import type { CommandContext } from './context.ts';
import { send } from './send.ts';

/** RFC 6350's own characters within a value. */
const escaped = (value: string): string => value.replace(/[\\;,]/g, (letter) => `\\${letter}`);

/** As WhatsApp writes them: with `waid` the phone offers to write to the number. */
export const cardOf = (contact: ContactCard): string => {
  if ('fullName' in contact) {
    const { fullName, organization, phoneNumber, whatsappId } = contact;
    return [
      'BEGIN:VCARD',
      'VERSION:3.0',
      `FN:${escaped(fullName)}`,
      ...(organization ? [`ORG:${escaped(organization)};`] : []),
      `TEL;type=CELL;type=VOICE${whatsappId ? `;waid=${whatsappId}` : ''}:${phoneNumber}`,
      'END:VCARD',
    ].join('\n');
  }
  return contact.vcard;
};

export const sendContactVcard = (
  context: CommandContext,
  { contacts, ...to }: z.output<typeof sendContactVcardArgs>,
): Promise<Message> =>
  send(
    context,
    to,
    { kind: 'cards', vcards: contacts.map(cardOf) },
    ({ type }) => type === (contacts.length === 1 ? 'vcard' : 'multi_vcard'),
  );
