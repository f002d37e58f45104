import type * as z from 'zod';
import type { getQrArgs, qrResult } from '../../contract/worker/account-commands.ts';
import type { CommandContext } from './context.ts';
import { CommandFailed, wrongStatus } from './failure.ts';

/** The code to scan; waits for the next one if none is shown yet. */
export const getQr = async (
  context: CommandContext,
  { waitSeconds }: z.output<typeof getQrArgs>,
): Promise<z.infer<typeof qrResult>> => {
  const until = context.time.now() + waitSeconds * 1000;
  for (;;) {
    const qr = context.qr();
    if (context.status() === 'SCAN_QR_CODE' && qr) return qr;
    if (context.status() === 'WORKING') throw wrongStatus('WORKING', 'SCAN_QR_CODE');
    const left = until - context.time.now();
    if (left <= 0) break;
    await context.changed(left);
  }
  if (context.status() !== 'SCAN_QR_CODE') throw wrongStatus(context.status(), 'SCAN_QR_CODE');
  throw new CommandFailed('timeout', 'no code yet', context.status());
};
