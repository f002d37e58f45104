import type { SessionConfig, SessionConfigRequest } from '../../contract/bodies/session-config.ts';
import { Problem } from '../../contract/errors.ts';
import type { Caller } from './http.ts';

/** `keepAlive` holds a slot for ever, so only an admin may set it; a user's change may keep a value that an admin set. */
export const refuseAdminPolicy = (
  caller: Caller,
  asked: Pick<SessionConfigRequest, 'keepAlive'> | undefined,
  before?: SessionConfig,
): void => {
  if (asked?.keepAlive && !before?.keepAlive && caller.role !== 'admin') {
    throw new Problem('forbidden', 'Only an admin key can set keepAlive.');
  }
};
