import type { Status } from '../../contract/lifecycle.ts';
import type { Message } from '../../contract/whatsapp/messages.ts';
import type { Log } from '../base/log.ts';
import type { Time } from '../base/time.ts';
import type { MediaLimits } from '../media/fetch.ts';
import type { QrCode } from '../whatsapp/client-host.ts';
import type { LibraryClient } from '../whatsapp/library.ts';
import type { Pairing } from '../whatsapp/pairing.ts';
import type { Passkey } from '../whatsapp/passkey.ts';
import { wrongStatus } from './failure.ts';
import type { Recipients } from './recipients.ts';
import type { Turns } from './turns.ts';

/** Receives an event of the library. True: the command that listens caused it. */
export type EventListener = (name: string, values: readonly unknown[]) => boolean;

/** The parts of the worker that a command may use. */
export type CommandContext = {
  readonly time: Time;
  readonly log: Log;
  status(): Status;
  /** Called for each command that has sent a message. */
  sent(): void;
  /** The code shown now; `expiresAt` by the control plane's clock. */
  qr(): QrCode | undefined;
  /** The passkey that WhatsApp may ask for; undefined if there is no client. */
  passkey(): Passkey | undefined;
  /** The pairing code; times by the control plane's clock. */
  readonly pairing: Pairing;
  /** Resolves at the next change of status or code, or after `ms`. */
  changed(ms: number): Promise<void>;
  client(): LibraryClient | undefined;
  /** The command must have answered by then (ms, local clock); without it, its time begins now. */
  readonly until?: number;
  /** Calls back with each event of the library (its name and values) until the returned function is called. */
  onEvent(listener: EventListener): () => void;
  /** The recipient of a message; looked up before it is handed to the page. */
  readonly recipients: Recipients;
  /** Sends that must not overlap: two of the same content could not be distinguished in the page's reports. */
  readonly sending: Turns;
  /** The session's configuration: mark a chat as read before writing to it. */
  readonly marksSeen: boolean;
  /** Limits of files that are sent. */
  readonly media: MediaLimits;
  /** The message with a link to its file, if it has one. */
  withMedia(source: unknown, message: Message): Promise<Message>;
  /** A call was rejected, which the library does not report. */
  rejected(callId: string, from: string): void;
  /** The session was used: its idle deadline is put off. */
  active(): void;
  /** Unlinks the account. True: it is, and the worker discards what is saved and ends. False: it is unknown whether it is. */
  logout(): Promise<boolean>;
};

/** The client of a working session, or `wrong_status`. */
export const workingClient = (context: CommandContext): LibraryClient => {
  const client = context.client();
  if (context.status() !== 'WORKING' || !client) throw wrongStatus(context.status(), 'WORKING');
  return client;
};
