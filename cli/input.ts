/** Parses people's input to values: durations, pairs, chats. Each schema's message says what was expected. */
import * as z from 'zod';
import { sessionNameSchema, userIdSchema } from '../contract/bodies/sessions.ts';
import { boundsChangeSchema } from '../contract/bounds.ts';
import { rateSchema } from '../contract/rate.ts';
import { chatIdSchema } from '../contract/whatsapp/messages.ts';
import { requestCodeArgs } from '../contract/worker/account-commands.ts';

export const nameInput = sessionNameSchema;
/** The owner of the session; `*` for all users, if a list allows it. */
export const userInput = userIdSchema.optional();
export const userOrAllInput = z.union([z.literal('*'), userIdSchema]).optional();

const UNIT_SECONDS = { s: 1, m: 60, h: 3600, d: 86_400 } as const;

/** `90s`, `10m`, `2h`, `30d`; gives whole seconds. */
export const durationInput = z
  .string()
  .regex(/^\d{1,9}[smhd]$/, 'must be a duration such as 90s, 10m, 2h or 30d')
  .transform((text) => {
    const unit = z.enum(['s', 'm', 'h', 'd']).parse(text.slice(-1));
    return Number(text.slice(0, -1)) * UNIT_SECONDS[unit];
  });

/** `key=value`; the value may hold further `=`. */
const pairInput = z
  .string()
  .regex(/^[^=]+=/, 'must be key=value')
  .transform((text): [string, string] => {
    const at = text.indexOf('=');
    return [text.slice(0, at), text.slice(at + 1)];
  });
export const metadataInput = z
  .array(pairInput)
  .transform((pairs) => Object.fromEntries(pairs))
  .optional();

/** `waits=20`, `starts=none`: bounds by their names. */
export const boundsInput = z
  .array(pairInput)
  .transform((pairs, context) => {
    const values = pairs.map(([name, value]) => [name, value === 'none' ? null : Number(value)]);
    const parsed = boundsChangeSchema.safeParse(Object.fromEntries(values));
    if (parsed.success) return parsed.data;
    const [issue] = parsed.error.issues;
    context.addIssue({ code: 'custom', message: [...(issue?.path ?? []), issue?.message].join(': ') });
    return z.NEVER;
  })
  .optional();

export const phoneNumberInput = requestCodeArgs.shape.phoneNumber;

/** A chat's id, or a phone number in any usual spelling. */
export const chatInput = z.string().transform((text, context) => {
  const parsed = text.includes('@')
    ? chatIdSchema.safeParse(text)
    : phoneNumberInput.transform((digits) => `${digits}@c.us`).safeParse(text);
  if (parsed.success) return parsed.data;
  context.addIssue({ code: 'custom', message: parsed.error.issues[0]?.message ?? 'is no chat' });
  return z.NEVER;
});

export const countInput = z
  .string()
  .regex(/^\d{1,6}$/, 'must be a whole number')
  .transform(Number);

/** `600`, or `600/50`: requests a minute, and how many at once. */
export const rateInput = z.string().transform((text, context) => {
  const [, perMinute, burst] = /^(\d{1,5})(?:\/(\d{1,5}))?$/.exec(text) ?? [];
  const parsed = rateSchema.safeParse({
    perMinute: Number(perMinute),
    ...(burst === undefined ? {} : { burst: Number(burst) }),
  });
  if (parsed.success) return parsed.data;
  context.addIssue({
    code: 'custom',
    message: 'must be requests a minute such as 600, or 600/50 with a burst',
  });
  return z.NEVER;
});

/** `none` takes away what was set. */
export const orNone = <T extends z.ZodType>(input: T) =>
  z.union([z.literal('none').transform(() => null), input]).optional();

/** For options that may be given several times. */
export const collect = (value: string, before: string[] = []): string[] => [...before, value];
