import type { Client, Message } from '../../client/index.ts';
import type { Account } from '../../contract/worker/protocol.ts';

/** The dependencies of the steps of a self-test. */
export type Trial = {
  readonly berth: Client;
  readonly session: string;
  readonly about: { readonly userId: string | undefined };
  readonly me: Account;
  /** The chat with the second number. */
  readonly to: string | undefined;
  /** The second number's own session, if it is linked here too: messages that arrive there can be checked. */
  readonly peer: { readonly session: string; readonly me: Account } | undefined;
  /** In every text that is sent, so that this run's messages can be distinguished from others. */
  readonly mark: string;
  readonly sleep: (ms: number) => Promise<void>;
  readonly now: () => number;
  /** The bytes behind a link of the API. */
  readonly download: (url: string) => Promise<Uint8Array>;
};

/** A step that did not see what it should; any other error is one of the API. */
export class NotSeen extends Error {
  override readonly name = 'NotSeen';
}

export type Step = {
  readonly name: string;
  /** Skipped without it. */
  readonly needs?: 'to' | 'peer';
  /** Skipped with `--no-restart`. */
  readonly restarts?: true;
  /** Gives what was seen, in a few words. */
  readonly run: (trial: Trial) => Promise<string>;
};

export type StepResult = {
  readonly step: string;
  readonly result: 'ok' | 'failed' | 'skipped';
  readonly seen: string;
  readonly ms: number;
};

const LOOK_EVERY_MS = 1_000;
const LOOK_FOR_MS = 30_000;

/** Looks until `find` has something. Throws NotSeen with `what` once the time (ms) has passed. */
export const until = async <R>(
  { now, sleep }: Pick<Trial, 'now' | 'sleep'>,
  what: string,
  find: () => Promise<R | undefined>,
  forMs = LOOK_FOR_MS,
): Promise<R> => {
  const end = now() + forMs;
  for (;;) {
    const found = await find();
    if (found !== undefined) return found;
    if (now() >= end) throw new NotSeen(`${what} within ${forMs / 1000} s`);
    await sleep(LOOK_EVERY_MS);
  }
};

/** The part of a message's id that is the same in every account that has the message. */
export const keyOf = (id: string): string => id.split('_')[2] ?? id;

/** The newest messages of a chat, as a session has them. */
export const newest = (
  { berth, about }: Trial,
  session: string,
  chatId: string,
  downloadMedia = false,
): Promise<Message[]> => berth.chats.messages(session, chatId, { ...about, limit: 30, downloadMedia });

/** A message that was sent, read back from its chat once WhatsApp's server has it. */
export const readBack = (trial: Trial, chatId: string, { id }: Message): Promise<Message> =>
  until(trial, `the message was not read back from ${chatId} with an acknowledgement`, async () =>
    (await newest(trial, trial.session, chatId)).find(
      (message) => keyOf(message.id) === keyOf(id) && message.ack >= 1,
    ),
  );

/** A message of this account, as the second number's session received it. */
export const arrived = (trial: Trial, sent: Message, chatId?: string): Promise<Message> => {
  const { peer, me } = trial;
  if (!peer) throw new NotSeen('the second number has no session here');
  return until(trial, 'it did not arrive at the second number', async () =>
    (await newest(trial, peer.session, chatId ?? me.id)).find(
      ({ id, fromMe }) => !fromMe && keyOf(id) === keyOf(sent.id),
    ),
  );
};

export const expect = (holds: boolean, what: string): void => {
  if (!holds) throw new NotSeen(what);
};
