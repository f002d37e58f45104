import type { SessionConfig } from '../../core/api/sessions.ts';
import { Problem } from '../../core/errors.ts';
import type { Caller } from './http.ts';

/** `keepAlive` holds a slot for ever, so only an admin may ask for it. */
export const refuseAdminPolicy = (caller: Caller, config: SessionConfig | undefined): void => {
  if (config?.keepAlive && caller.role !== 'admin') {
    throw new Problem('forbidden', 'Only an admin key may set keepAlive.');
  }
};
