import type { SessionConfig, SessionConfigRequest } from '../../contract/bodies/session-config.ts';
import { Problem } from '../../contract/errors.ts';
import { boundOf } from '../access/bounds.ts';
import { applyChange, toItem } from '../apply.ts';
import type { Deps } from '../deps.ts';
import { sessionKey } from '../items.ts';
import { RETRY, retryTransient } from '../retry.ts';
import { and, eq } from '../store.ts';
import { dueAttributes } from './deadlines.ts';
import { loadSession } from './load.ts';
import { parseSession, type Session } from './session.ts';
import { acceptConfig } from './session-config.ts';

/**
 * Replaces a session's config, running or not; secrets that it leaves out or masks are kept
 * (core/lifecycle/session-config.ts). `permit` may refuse, with the config before and after. Throws 400, 404, or 503
 * if it changes too fast to write.
 */
export const updateConfig = (
  deps: Pick<Deps, 'store' | 'clock' | 'sleep' | 'ids' | 'sha256' | 'settings'>,
  userId: string,
  name: string,
  requested: SessionConfigRequest | undefined,
  permit: (before: SessionConfig, after: SessionConfig) => void = () => {},
): Promise<Session> =>
  retryTransient<Session>(
    deps,
    8_000,
    async () => {
      const [known, most] = await Promise.all([
        loadSession(deps, userId, name),
        boundOf(deps, userId, 'configBytes'),
      ]);
      if (requested === undefined) return known;
      const config = acceptConfig(deps.sha256, known.config, requested, most);
      permit(known.config, config);
      const configured = { ...known, config };
      const due = known.slotShard === undefined ? {} : dueAttributes(configured, deps.settings);
      const change = { set: { config: toItem(config), ...due }, add: { version: 1 } };
      const written = await deps.store.write({
        kind: 'update',
        key: sessionKey(userId, name),
        condition: and(eq('sessionId', known.sessionId), eq('version', known.version)),
        ...change,
      });
      return written.ok ? parseSession(applyChange(toItem(known), change)) : RETRY;
    },
    () => {
      throw new Problem('unavailable', 'The session keeps changing; try again.', { retryAfterSeconds: 2 });
    },
  );
