/** WhatsApp ids: `<number>@c.us` a person, `<number>@lid` a person by hidden id, `<number>@g.us` a group. */

export const userJid = (phoneNumber: string): string => `${phoneNumber}@c.us`;
/** A person's id by phone number. */
export const isNumberJid = (jid: string): boolean => /^\d+@c\.us$/.test(jid);
export const isGroup = (jid: string): boolean => jid.endsWith('@g.us');

/** The digits of a phone number or of a person's id, without the surrounding text: `+49 170`, `49170:3@c.us`. */
export const numberOf = (name: string): string =>
  (name.replace(/@c\.us$/, '').split(':')[0] ?? '').replace(/[+\s().-]/g, '');
