import * as z from 'zod';
import type { requestCodeArgs } from '../../core/commands.ts';
import type { CommandContext } from './context.ts';
import { wrongStatus } from './failure.ts';
import { handOver } from './hand-over.ts';

/** A code to type into the phone instead of scanning. WhatsApp limits how often it gives one. */
export const requestCode = async (
  context: CommandContext,
  { phoneNumber }: z.output<typeof requestCodeArgs>,
): Promise<{ code: string }> => {
  const client = context.client();
  if (context.status() !== 'SCAN_QR_CODE' || !client) throw wrongStatus(context.status(), 'SCAN_QR_CODE');
  const run = async () => ({
    code: z
      .string()
      .min(1)
      .parse(await client.requestPairingCode(phoneNumber)),
  });
  return await handOver(context, { what: 'requesting a code', run }, client);
};
