import type { SessionConfig } from '../../contract/bodies/session-config.ts';
import { RELEASE } from '../../contract/release.ts';
import { accountSchema, shownAccount } from '../../contract/worker/protocol.ts';
import type { SessionEvent } from '../ports.ts';

/** The session of an event, as far as its envelope names it. */
export type EnvelopeSession = {
  readonly name: string;
  /** The linked account, or null. */
  readonly me: unknown;
  readonly metadata: SessionConfig['metadata'];
};

/** The body of a webhook's request, which is also a message of a WebSocket connection. */
export const envelopeOf = (
  environmentName: string,
  { id, timestamp, event, payload, name, me, metadata }: SessionEvent & EnvelopeSession,
) => ({
  id,
  timestamp,
  event,
  session: name,
  metadata: metadata ?? {},
  me: meOf(me),
  payload: payload ?? {},
  environment: { ...RELEASE, name: environmentName },
  engine: RELEASE.engine,
});

const meOf = (me: unknown) => {
  const account = accountSchema.safeParse(me);
  return account.success ? shownAccount(account.data) : null;
};
