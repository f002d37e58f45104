/** A command's surroundings over a fake client, with time in the test's hand. */
import { silentLog } from '../../../container/base/log.ts';
import type { CommandContext } from '../../../container/commands/context.ts';
import { createRecipients } from '../../../container/commands/recipients.ts';
import { createTurns } from '../../../container/commands/turns.ts';
import { createPairing } from '../../../container/whatsapp/pairing.ts';
import type { Status } from '../../../contract/lifecycle.ts';
import type { ManualTime } from '../../helpers/manual-time.ts';
import type { FakeClient } from './fake-library.ts';

type TestContext = CommandContext & {
  /** The library emits an event. */
  readonly emit: (name: string, ...values: unknown[]) => void;
  /** The page shows a new message of the account. */
  readonly own: (message: unknown) => void;
  /** How often the session counted as used. */
  readonly uses: () => number;
};

export const commandContext = (
  time: ManualTime,
  client: FakeClient,
  status: Status = 'WORKING',
  options: { marksSeen?: boolean } = {},
): TestContext => {
  const listeners = new Set<(name: string, values: readonly unknown[]) => void>();
  let uses = 0;
  const emit = (name: string, ...values: unknown[]) => {
    for (const listener of listeners) listener(name, values);
  };
  return {
    time,
    log: silentLog,
    sent: () => {},
    status: () => status,
    qr: () => undefined,
    passkey: () => undefined,
    changed: async () => {},
    client: () => client,
    onEvent: (listener) => {
      listeners.add(listener);
      return () => void listeners.delete(listener);
    },
    pairing: createPairing({ now: time.now, lifeMs: 180_000, onCode: () => {} }),
    recipients: createRecipients({ time, log: silentLog }),
    sending: createTurns(),
    marksSeen: options.marksSeen ?? false,
    media: { maxBytes: 1024, allowLoopback: false, refusedPorts: [] },
    withMedia: async (_source, message) => message,
    rejected: () => {},
    active() {
      uses += 1;
    },
    logout: async () => true,
    emit,
    own: (message) => emit('message_create', message),
    uses: () => uses,
  };
};
