/** The passkey of a session that is being linked: what WhatsApp asks for, and what a person answers. */
import type * as z from 'zod';
import type { PasskeyAssertion, passkeyWaitArgs } from '../../contract/whatsapp/passkey.ts';
import type { CommandResult } from '../../contract/worker/commands.ts';
import { TimedOut } from '../base/faults.ts';
import type { PasskeyOutcome, PasskeyStep } from '../whatsapp/passkey.ts';
import type { CommandContext } from './context.ts';
import { CommandFailed, wrongStatus } from './failure.ts';

type WaitArgs = z.output<typeof passkeyWaitArgs>;

/** Waits for `read` to find something; fails with the status that the session is in if it does not in time. */
const waitFor = async <R>(
  context: CommandContext,
  { waitSeconds }: WaitArgs,
  needs: string,
  read: (step: PasskeyStep | undefined) => R | undefined,
): Promise<R> => {
  const until = context.time.now() + waitSeconds * 1000;
  for (;;) {
    const found = read(context.passkey()?.step);
    if (found !== undefined) return found;
    const left = until - context.time.now();
    if (context.status() === 'WORKING' || left <= 0) throw wrongStatus(context.status(), needs);
    await context.changed(left);
  }
};

/** The challenge, with what is left of its time. */
export const getPasskeyChallenge = (
  context: CommandContext,
  args: WaitArgs,
): Promise<CommandResult<'getPasskeyChallenge'>> =>
  waitFor(context, args, 'PASSKEY_REQUIRED', (step) => {
    if (step?.step !== 'challenge') return undefined;
    const timeout = Math.round(step.expiresAt - context.time.now());
    return timeout > 0 ? { ...step.challenge, timeout } : undefined;
  });

export const getPasskeyConfirmation = (
  context: CommandContext,
  args: WaitArgs,
): Promise<CommandResult<'getPasskeyConfirmation'>> =>
  waitFor(context, args, 'PASSKEY_CONFIRMATION_REQUIRED', (step) =>
    step?.step === 'confirmation' ? { code: step.code } : undefined,
  );

/**
 * Gives the signed challenge to WhatsApp Web. An assertion that does not fit is rejected, and the page's call stays
 * open.
 */
export const submitPasskey = async (
  context: CommandContext,
  assertion: PasskeyAssertion,
): Promise<Record<string, never>> => {
  const passkey = context.passkey();
  if (!passkey) throw wrongStatus(context.status(), 'PASSKEY_REQUIRED');
  const outcome = await timely(passkey.answer(assertion));
  const failure = failureOf(outcome, context);
  if (failure) throw failure;
  return {};
};

const failureOf = (outcome: PasskeyOutcome, context: CommandContext): CommandFailed | undefined => {
  switch (outcome.kind) {
    case 'given':
      return undefined;
    case 'malformed':
      return new CommandFailed('bad_arguments', outcome.detail);
    case 'invalid':
      return new CommandFailed(
        'assertion_invalid',
        `WhatsApp would reject this assertion: ${outcome.detail}`,
      );
    case 'answered':
      return new CommandFailed('challenge_answered', 'this challenge was answered before', context.status());
    case 'expired':
      return new CommandFailed(
        'challenge_expired',
        'this challenge has expired: get the new one and sign that',
        context.status(),
      );
    case 'unknown':
      return new CommandFailed(
        'challenge_unknown',
        'the assertion is for a challenge of another session',
        context.status(),
      );
    case 'none_asked':
      return wrongStatus(context.status(), 'PASSKEY_REQUIRED');
  }
};

/** Confirms to WhatsApp Web that the phone shows the same code. */
export const confirmPasskey = async (context: CommandContext): Promise<Record<string, never>> => {
  const confirmed = await timely(context.passkey()?.confirm() ?? Promise.resolve(false));
  if (!confirmed) throw wrongStatus(context.status(), 'PASSKEY_CONFIRMATION_REQUIRED');
  return {};
};

const timely = async <R>(answer: Promise<R>): Promise<R> => {
  try {
    return await answer;
  } catch (error) {
    if (!(error instanceof TimedOut)) throw error;
    throw new CommandFailed(
      'timeout',
      'WhatsApp Web did not respond in time; whether it accepted the assertion is unknown',
    );
  }
};
