/** Labels of business accounts in WAHA's shapes. */
import * as z from 'zod';
import type { Label } from '../../contract/whatsapp/labels.ts';
import { idText } from './ids.ts';
import { anything, pnOf } from './payloads.ts';

const labelSource = z.object({
  id: z.union([z.string(), z.number().transform(String)]),
  name: z.string().catch(''),
  color: z.number().int().min(0).max(19).catch(0),
  hexColor: z.string().nullable().catch(null),
});

export const labelPayload = (source: unknown): Label | undefined => {
  const parsed = labelSource.safeParse(source);
  if (!parsed.success) return undefined;
  const { id, name, color, hexColor } = parsed.data;
  return { id, name, color, colorHex: hexColor };
};

const labeledSource = z.object({
  chatId: anything,
  labelId: z.string(),
  added: z.boolean(),
  label: anything,
});

const labeled = (added: boolean) => (source: unknown) => {
  const parsed = labeledSource.safeParse(source);
  const chatId = parsed.success ? idText(parsed.data.chatId) : undefined;
  if (!parsed.success || chatId === undefined || parsed.data.added !== added) return undefined;
  const { labelId, label } = parsed.data;
  return { labelId, chatId, ...pnOf('chatPn', parsed.data.chatId), label: labelPayload(label) ?? null };
};
/** A chat was given a label, or one was taken from it; undefined: it is the other one. */
export const labelAdded = labeled(true);
export const labelTaken = labeled(false);
