import type { CommandContext } from './context.ts';
import { workingClient } from './context.ts';

/** Unlinks the account. Answers once begun; the session then ends for `logged_out`. */
export const logout = async (context: CommandContext): Promise<Record<string, never>> => {
  workingClient(context);
  context.logout();
  return {};
};
