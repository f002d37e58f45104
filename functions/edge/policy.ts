import type { SessionConfig, SessionConfigRequest } from '../../contract/bodies/session-config.ts';
import { Problem } from '../../contract/errors.ts';
import type { Caller } from './http.ts';

/**
 * `keepAlive` holds a slot for ever, and a large task costs more: only an admin may ask for them. Any caller may leave
 * them as an admin set them.
 */
export const refuseAdminPolicy = (
  caller: Caller,
  asked: Pick<SessionConfigRequest, 'keepAlive' | 'size'> | undefined,
  before?: SessionConfig,
): void => {
  if (asked?.keepAlive && !before?.keepAlive && caller.role !== 'admin') {
    throw new Problem('forbidden', 'Only an admin key can set keepAlive.');
  }
  if (asked?.size === 'large' && before?.size !== 'large' && caller.role !== 'admin') {
    throw new Problem('forbidden', 'Only an admin key can set the size large.');
  }
};
