/** Labels of business accounts. Shapes as in WAHA's API. */
import * as z from 'zod';
import { chatIdSchema } from './messages.ts';

export const labelSchema = z.object({
  id: z.string(),
  name: z.string(),
  color: z.int().describe('0 to 19: the place of the color in WhatsApp’s palette; 0 if it is not known.'),
  colorHex: z.string().nullable(),
});
export type Label = z.infer<typeof labelSchema>;

const labelId = z.string().min(1).max(32);
export const chatLabelsArgs = z.strictObject({ chatId: chatIdSchema });
export const setChatLabelsArgs = chatLabelsArgs.extend({
  labels: z
    .array(z.strictObject({ id: z.union([labelId, z.int().transform(String)]) }))
    .max(20)
    .describe('All labels that the chat is to have.'),
});
export const labelChatsArgs = z.strictObject({ labelId });
