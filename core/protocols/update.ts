import type { SessionConfig } from '../api/sessions.ts';
import { applyChange, toItem } from '../apply.ts';
import type { Control } from '../control.ts';
import { dueAttributes } from '../deadlines.ts';
import { Problem } from '../errors.ts';
import { sessionKey } from '../items.ts';
import { RETRY, retrying } from '../retry.ts';
import { parseSession, type Session } from '../session.ts';
import { and, eq } from '../store.ts';
import { loadSession } from './load.ts';

/** Replaces a session's config, running or not. Throws 404, or 503 where it changes too fast to write. */
export const updateConfig = (
  control: Pick<Control, 'store' | 'clock' | 'sleep' | 'ids' | 'settings'>,
  userId: string,
  name: string,
  config: SessionConfig,
): Promise<Session> =>
  retrying<Session>(
    control,
    8_000,
    async () => {
      const known = await loadSession(control, userId, name);
      const configured = { ...known, config };
      const due = known.slotShard === undefined ? {} : dueAttributes(configured, control.settings);
      const change = { set: { config: toItem(config), ...due }, add: { version: 1 } };
      const written = await control.store.write({
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
