/**
 * Hidden ids and phone numbers. WhatsApp names people by hidden id (`…@lid`) in chats, events and groups; which
 * number belongs to one is known only if WhatsApp reveals it. Paths and shapes as in WAHA's API.
 */
import * as z from 'zod';
import { pageArgs } from './chats.ts';

const lidSchema = z
  .string()
  .transform((id) => id.replace(/@lid$/, ''))
  .pipe(z.string().regex(/^\d{1,20}$/, 'must be a hidden id such as 12345678901234@lid'))
  .transform((digits) => `${digits}@lid`);
const phoneNumberSchema = z
  .string()
  .transform((id) => id.replace(/@(c\.us|s\.whatsapp\.net)$/, '').replace(/[\s()+-]/g, ''))
  .pipe(z.string().regex(/^[1-9]\d{6,14}$/, 'must be an international phone number in digits'))
  .transform((digits) => `${digits}@c.us`);

/** One person under both ids; null: WhatsApp does not reveal that one, or the number is not on WhatsApp. */
export const lidToPhoneNumberSchema = z.object({
  lid: z.string().nullable().describe('The hidden id, such as 12345678901234@lid.'),
  pn: z.string().nullable().describe("The phone number's id, such as 491701234567@c.us."),
});
export type LidToPhoneNumber = z.infer<typeof lidToPhoneNumberSchema>;

export const getLidsArgs = pageArgs;
export const findNumberByLidArgs = z.strictObject({ lid: lidSchema });
export const findLidByNumberArgs = z.strictObject({ phoneNumber: phoneNumberSchema });
export const countSchema = z.object({ count: z.int() });
