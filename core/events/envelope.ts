import type { SessionConfig } from '../../contract/bodies/session-config.ts';
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
  environment: string,
  { id, timestamp, event, payload, name, me, metadata }: SessionEvent & EnvelopeSession,
) => ({
  id,
  timestamp,
  event,
  session: name,
  metadata: metadata ?? {},
  me,
  payload: payload ?? {},
  environment,
  engine: 'WEBJS',
});
