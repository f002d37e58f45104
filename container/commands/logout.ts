import type { CommandContext } from './context.ts';
import { workingClient } from './context.ts';
import { CommandFailed } from './failure.ts';

/**
 * Unlinks the account. Answers once the page has confirmed it; the session then ends for `logged_out`. Without that the
 * answer is `unknown`, the saved account is kept, and the session works on or ends as WhatsApp Web then says.
 */
export const logout = async (context: CommandContext): Promise<Record<string, never>> => {
  workingClient(context);
  if (await context.logout()) return {};
  throw new CommandFailed(
    'unknown',
    'WhatsApp Web did not confirm that the account is unlinked. The session works again if it is not, and ends as ' +
      'logged_out if it is.',
  );
};
