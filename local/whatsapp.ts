/** Which WhatsApp the workers meet. */
export type WhatsAppMode = 'simulator' | 'live';

/** `--live` was requested and WhatsApp can't be reached. */
export class WhatsAppUnreachable extends Error {
  override readonly name = 'WhatsAppUnreachable';
}

const WHATSAPP_WEB = 'https://web.whatsapp.com/';
const REACH_DEADLINE_MS = 3_000;

const isReachable = async (url: string): Promise<boolean> => {
  try {
    await fetch(url, { method: 'HEAD', redirect: 'manual', signal: AbortSignal.timeout(REACH_DEADLINE_MS) });
    return true;
  } catch {
    return false;
  }
};

/**
 * The requested mode, else real WhatsApp if it answers within 3 s, and the simulator if not. Throws
 * WhatsAppUnreachable.
 */
export const chooseWhatsApp = async (
  wanted: WhatsAppMode | undefined,
  url: string = WHATSAPP_WEB,
): Promise<WhatsAppMode> => {
  if (wanted === 'simulator') {
    return 'simulator';
  }
  if (await isReachable(url)) {
    return 'live';
  }
  if (wanted === 'live') {
    throw new WhatsAppUnreachable(
      `WhatsApp Web can't be reached: ${url} did not answer within ${REACH_DEADLINE_MS / 1000} s. ` +
        'Check the network or proxy of this machine, or start with --simulate.',
    );
  }
  return 'simulator';
};
