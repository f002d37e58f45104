import { setTimeout as sleep } from 'node:timers/promises';
import { ApiError, type Client } from '../../client/index.ts';
import type { SessionView } from '../../contract/bodies/sessions.ts';
import { isPasskeyStatus } from '../../contract/lifecycle.ts';
import { accountText } from '../account.ts';
import type { Context } from '../context.ts';
import { CliError, EXIT } from '../exit.ts';
import { plain } from '../output.ts';
import { createScreen } from './screen.ts';

type Following = {
  readonly name: string;
  readonly userId: string | undefined;
  readonly invert: boolean;
  /** A code that is known already. */
  readonly first?: string | undefined;
};

/** WhatsApp renews its code every 20 s or so; this is how old a shown one can be. Seconds. */
const LOOK_AGAIN_SECONDS = 2;

/** Shows the session's code, and each that replaces it, until the account is linked (resolves) or it ended. */
export const followQr = async (
  context: Context,
  { name, userId, invert, first }: Following,
): Promise<void> => {
  const client = context.api();
  const screen = createScreen(context.out, invert);
  const draw = (code: string) => screen.show(code, `scan with WhatsApp to link ${name}`);
  let shown = first;
  if (first !== undefined) draw(first);
  let noted = false;
  let session = await client.sessions.get(name, { userId });
  for (;;) {
    if (session.status === 'WORKING') return linked(context, session);
    if (session.status === 'STOPPED' || session.status === 'FAILED')
      throw ended(session, shown !== undefined);
    if (session.status === 'SCAN_QR_CODE') {
      const code = await codeIfAny(client, name, userId);
      if (code !== undefined && code !== shown) draw(code);
      shown = code ?? shown;
    } else if (isPasskeyStatus(session.status)) {
      if (!noted)
        context.out.note(
          `WhatsApp asks for the passkey of the account; continue with: berth passkey ${name}`,
        );
      noted = true;
    } else if (shown === undefined) context.out.note(`${name} is ${session.status} …`);
    const before = session.status;
    session = await client.sessions.waitForChange(name, before, LOOK_AGAIN_SECONDS, { userId });
    if (session.status === before) await sleep(250);
  }
};

/** None if the session left SCAN_QR_CODE between two looks. */
const codeIfAny = async (client: Client, name: string, userId: string | undefined) => {
  try {
    return await client.auth.qr(name, { userId, waitSeconds: 5 });
  } catch (error) {
    if (error instanceof ApiError && error.status === 422) return undefined;
    throw error;
  }
};

const linked = (context: Context, session: SessionView): void =>
  context.out.result(
    { linked: true, session },
    context.out.style('green', `linked as ${accountText(session.me)}`),
  );

const ended = (session: SessionView, afterCode: boolean): CliError => {
  const again = `berth sessions start ${session.name} --qr`;
  if (session.stopReason === 'qr_expired') return new CliError(EXIT.failure, 'expired; try again', again);
  const why = session.detail ?? session.stopReason;
  const text = `${session.name} ${afterCode ? 'ended' : 'is'} ${session.status}${why ? `: ${plain(why)}` : ''}`;
  return new CliError(EXIT.failure, text, `start it with: ${again}`);
};
