import { z } from 'zod';
import type { requestCodeArgs } from '../../core/commands.ts';
import { describeError, TimedOut } from '../base/faults.ts';
import { withDeadline } from '../base/time.ts';
import type { CommandContext } from './context.ts';
import { CommandFailed, wrongStatus } from './failure.ts';

const LIMIT_MS = 20_000;

/** A code to type into the phone instead of scanning. WhatsApp limits how often it gives one. */
export const requestCode = async (
  context: CommandContext,
  { phoneNumber }: z.output<typeof requestCodeArgs>,
): Promise<{ code: string }> => {
  const client = context.client();
  if (context.status() !== 'SCAN_QR_CODE' || !client) throw wrongStatus(context.status(), 'SCAN_QR_CODE');
  try {
    const code = await withDeadline(
      context.time,
      LIMIT_MS,
      'requesting a code',
      client.requestPairingCode(phoneNumber),
    );
    return { code: z.string().min(1).parse(code) };
  } catch (error) {
    if (error instanceof TimedOut) throw new CommandFailed('timeout', 'WhatsApp gave no code in time');
    const text = describeError(error);
    if (/rate|429|too many/i.test(text))
      throw new CommandFailed('rate_limited', 'WhatsApp gives no further code for now');
    context.log.warn('no pairing code', { error: text });
    throw new CommandFailed('refused', 'WhatsApp gave no code for this number');
  }
};
