/** Which file carries out which command. A new command is a row in core/commands.ts, a file here, and a row below. */
import type { z } from 'zod';
import { COMMANDS, type CommandName, type CommandResult } from '../../core/commands.ts';
import type { CommandContext } from './context.ts';
import { getQr } from './get-qr.ts';
import { logout } from './logout.ts';
import { requestCode } from './request-code.ts';
import { sendText } from './send-text.ts';

/** Arguments that don't fit: said before anything was done. */
export class BadArguments extends Error {
  constructor(error: z.ZodError) {
    super(error.issues.map((issue) => `${issue.path.join('.') || 'body'}: ${issue.message}`).join('; '));
    this.name = 'BadArguments';
  }
}

const checked =
  <S extends z.ZodType, R>(schema: S, run: (context: CommandContext, args: z.output<S>) => Promise<R>) =>
  async (context: CommandContext, json: unknown): Promise<R> => {
    const parsed = schema.safeParse(json);
    if (!parsed.success) throw new BadArguments(parsed.error);
    return await run(context, parsed.data);
  };

type Handlers = {
  readonly [N in CommandName]: (context: CommandContext, json: unknown) => Promise<CommandResult<N>>;
};

export const HANDLERS: Handlers = {
  getQr: checked(COMMANDS.getQr.args, getQr),
  requestCode: checked(COMMANDS.requestCode.args, requestCode),
  sendText: checked(COMMANDS.sendText.args, sendText),
  logout: checked(COMMANDS.logout.args, logout),
};
