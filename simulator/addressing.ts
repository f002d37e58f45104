/**
 * How a build addresses people. The simulator keeps every person by phone number (`@c.us`) if the number is known,
 * and by hidden id (`@lid`) if it is not. A page of a build that addresses by hidden id gets and gives hidden ids
 * instead. Which number belongs to which hidden id travels beside each event (`identities`), as in WhatsApp's own
 * stanzas.
 */
import type { Build } from './builds.ts';
import { isNumberJid } from './model/jid.ts';

/** One person under both ids. */
export type Identity = { readonly lid: string; readonly pn: string };

type Directory = {
  /** The hidden id of a phone number's id. */
  lidOf(pn: string): string;
  /** The phone number's id; undefined: WhatsApp does not reveal it. */
  pnOf(lid: string): string | undefined;
};

/** Properties of events and calls whose strings are ids of people or chats, alone or in a list. */
const ID_PROPERTIES = new Set([
  'chatId',
  'author',
  'from',
  'voter',
  'owner',
  'id',
  'mentions',
  'recipients',
  'participant',
  'participants',
  'blocked',
]);

/** Replaces each id of a person within `value` by what `change` gives for it. Everything else stays as it is. */
const replaceIds = (value: unknown, change: (id: string) => string, isId = false): unknown => {
  if (typeof value === 'string') return isId ? change(value) : value;
  if (Array.isArray(value)) return value.map((item) => replaceIds(item, change, isId));
  if (typeof value !== 'object' || value === null) return value;
  return Object.fromEntries(
    Object.entries(value).map(([name, item]) => [name, replaceIds(item, change, ID_PROPERTIES.has(name))]),
  );
};

/** The event as a page of this build gets it, and the people in it under both ids. */
export const addressForPage = <T extends object>(
  event: T,
  { addressing }: Build,
  directory: Directory,
): { event: T; identities: Identity[] } => {
  const identities = new Map<string, Identity>();
  const addressed = replaceIds(event, (id) => {
    if (!isNumberJid(id)) return id;
    const lid = directory.lidOf(id);
    identities.set(lid, { lid, pn: id });
    return addressing === 'lid' ? lid : id;
  });
  // The shape is the event's own: only strings were replaced by strings.
  return { event: addressed as T, identities: [...identities.values()] };
};

/** A page's request, with numbers in place of the hidden ids whose number is known. */
export const addressFromPage = <T extends object>(call: T, directory: Directory): T =>
  replaceIds(call, (id) => (id.endsWith('@lid') ? (directory.pnOf(id) ?? id) : id)) as T;
