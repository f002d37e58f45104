import * as z from 'zod';

const text = z.string().min(1);
const serialized = z.looseObject({ _serialized: text });
/** Builds of WhatsApp Web since July 2026 name the property `$1`. */
const renamed = z.looseObject({ $1: text });
const wid = z.looseObject({ user: text, server: text });
const key = z.looseObject({
  fromMe: z.boolean(),
  remote: z.unknown().optional(),
  id: text,
  participant: z.unknown().optional(),
});

const withNumber = z.looseObject({ pn: text });
/** The phone number's id of a hidden id, if the page knew it (compat/page-pieces.ts puts it there). */
export const numberId = (id: unknown): string | undefined => withNumber.safeParse(id).data?.pn;

/**
 * An id of WhatsApp Web (message key or account id) as text, in whichever form the page's build has it: a string,
 * `{_serialized}`, `{$1}`, or only its parts. Every id that the worker reads goes through here.
 */
export const idText = (id: unknown): string | undefined => {
  if (typeof id === 'string') return id === '' ? undefined : id;
  const old = serialized.safeParse(id);
  if (old.success) return old.data._serialized;
  const current = renamed.safeParse(id);
  if (current.success) return current.data.$1;
  const account = wid.safeParse(id);
  if (account.success) return `${account.data.user}@${account.data.server}`;
  const message = key.safeParse(id);
  if (!message.success) return undefined;
  const remote = idText(message.data.remote);
  if (remote === undefined) return undefined;
  const participant = idText(message.data.participant);
  return [String(message.data.fromMe), remote, message.data.id, ...(participant ? [participant] : [])].join(
    '_',
  );
};
