import * as z from 'zod';
import type { requestCodeArgs } from '../../contract/worker/account-commands.ts';
import type { CommandResult } from '../../contract/worker/commands.ts';
import type { CommandContext } from './context.ts';
import { wrongStatus } from './failure.ts';
import { handOver } from './hand-over.ts';

/**
 * A code to type into the phone instead of scanning, and until when it is good. WhatsApp limits how often it gives one:
 * while there is one for the number, also a renewed one, that is the answer.
 */
export const requestCode = async (
  context: CommandContext,
  { phoneNumber }: z.output<typeof requestCodeArgs>,
): Promise<CommandResult<'requestCode'>> => {
  const client = context.client();
  if (context.status() !== 'SCAN_QR_CODE' || !client) throw wrongStatus(context.status(), 'SCAN_QR_CODE');
  const { pairing } = context;
  const good = pairing.current(phoneNumber);
  if (good) return { code: good.value, expiresAt: good.expiresAt };
  pairing.ask(phoneNumber);
  const run = async () =>
    z
      .string()
      .min(1)
      .parse(await client.requestPairingCode(phoneNumber, pairing.lifeMs));
  const letters = await handOver(context, { what: 'requesting a code', run }, client);
  // The library reported it by its event already; a repeat changes nothing.
  const { value, expiresAt } = pairing.shown(letters);
  return { code: value, expiresAt };
};
