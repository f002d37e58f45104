import { randomBytes } from 'node:crypto';
import { setTimeout as sleep } from 'node:timers/promises';
import type { Command } from 'commander';
import * as z from 'zod';
import type { Account } from '../../contract/worker/protocol.ts';
import { accountText } from '../account.ts';
import { examples, runs } from '../command.ts';
import type { Context } from '../context.ts';
import { CliError, EXIT } from '../exit.ts';
import { chatInput, nameInput, userInput } from '../input.ts';
import { plain, table } from '../output.ts';
import { runSteps } from '../selftest/run.ts';
import type { StepResult, Trial } from '../selftest/trial.ts';

/** `berth selftest`: walks a linked account through what Berth offers. */
export const addSelftest = (program: Command): void => {
  const command = program
    .command('selftest')
    .description(
      'test a linked account with every kind of message, reading, groups and restarts; ' +
        'it writes to its own number, and keeps what it wrote',
    )
    .argument('<session>', 'the session of a spare account')
    .option('--to <phone>', 'a second number, for steps that need two accounts')
    .option('--to-session <name>', 'the session of the second number, if it is linked here too')
    .option('--no-restart', 'leave out restart, resume and wake')
    .option('--user <id>', 'owner of the sessions (admin keys)');
  examples(
    command,
    'spare',
    'spare --to "+49 170 1234567"',
    'spare --to-session second --json',
    'spare --no-restart',
  );
  const input = z
    .object({
      session: nameInput,
      to: chatInput.optional(),
      toSession: nameInput.optional(),
      restart: z.boolean(),
      user: userInput,
    })
    .refine(({ to, toSession }) => !(to && toSession), {
      path: ['to'],
      error: 'cannot be combined with --to-session',
    });
  runs(command, input, async ({ session, to, toSession, restart, user: userId }, context) => {
    const about = { userId };
    const me = await accountOf(context, session, about);
    const peer =
      toSession === undefined
        ? undefined
        : { session: toSession, me: await accountOf(context, toSession, about) };
    const trial: Trial = {
      berth: context.api(),
      session,
      about,
      me,
      to: peer?.me.id ?? to,
      peer,
      mark: `Berth selftest ${randomBytes(4).toString('hex')}`,
      sleep,
      now: context.now,
      download,
    };
    context.out.note(`self-test of ${session}, ${accountText(me)}`);
    const results = await runSteps(trial, {
      restart,
      onResult: ({ step, result, seen }) => context.out.note(`${result.padEnd(7)} ${step}: ${plain(seen)}`),
    });
    report(context, { session, me, to: trial.to ?? null, results });
  });
};

const accountOf = async (
  context: Context,
  name: string,
  about: { readonly userId: string | undefined },
): Promise<Account> => {
  const { status, me } = await context.api().sessions.get(name, about);
  if (status === 'WORKING' && me) return me;
  throw new CliError(
    EXIT.failure,
    `${name} is ${status}: a self-test needs a linked session that works`,
    `link a spare account with: berth sessions create ${name} --qr`,
  );
};

const DOWNLOAD_LIMIT_MS = 30_000;

const download = async (url: string): Promise<Uint8Array> => {
  const answer = await fetch(url, { signal: AbortSignal.timeout(DOWNLOAD_LIMIT_MS) });
  if (!answer.ok) throw new Error(`the link of the file answered ${answer.status}`);
  return new Uint8Array(await answer.arrayBuffer());
};

type Outcome = {
  readonly session: string;
  readonly me: Account;
  readonly to: string | null;
  readonly results: readonly StepResult[];
};

const report = ({ out }: Context, { session, me, to, results }: Outcome): void => {
  const failed = results.filter(({ result }) => result === 'failed').length;
  const rows = results.map(({ step, result, seen, ms }) => [
    step,
    result,
    result === 'skipped' ? '-' : `${(ms / 1000).toFixed(1)} s`,
    plain(seen),
  ]);
  out.result(
    { session, me, to, ok: failed === 0, steps: results },
    table([['STEP', 'RESULT', 'TIME', 'SEEN'], ...rows], (heading) => out.style('bold', heading)),
  );
  if (failed > 0) throw new CliError(EXIT.failure, `${failed} of ${results.length} steps failed`);
};
