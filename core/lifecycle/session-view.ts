import type { SessionView } from '../../contract/bodies/sessions.ts';
import { isTerminal, shownStatus } from '../../contract/lifecycle.ts';
import type { Settings } from '../settings.ts';
import { type Deadline, deadlinesOf } from './deadlines.ts';
import { isLinked, nameOf, type Session, userOf } from './session.ts';
import { shownConfig } from './session-config.ts';

const iso = (at: number | undefined): string | null => (at === undefined ? null : new Date(at).toISOString());

const deadlineAt = (deadlines: readonly Deadline[], reason: Deadline['reason']): string | null =>
  iso(deadlines.find((d) => d.reason === reason)?.at);

/** The session as the API shows it. */
export const sessionView = (session: Session, settings: Settings): SessionView => {
  const deadlines = isTerminal(session.state) ? [] : deadlinesOf(session, settings);
  const { authState } = session;
  return {
    name: nameOf(session),
    status: shownStatus(session),
    config: shownConfig(session.config),
    me: session.me ?? null,
    dialogs: isTerminal(session.state) ? null : (session.dialogs ?? null),
    engine: { engine: 'WEBJS', build: session.build ?? null },
    timestamps: { activity: session.lastActivityAt ?? null },
    userId: userOf(session),
    state: session.state,
    stopReason: session.stopReason ?? null,
    detail: session.detail ?? null,
    epoch: session.epoch,
    linked: isLinked(session),
    createdAt: new Date(session.createdAt).toISOString(),
    startedAt: iso(session.startedAt),
    qrExpiresAt: deadlineAt(deadlines, 'qr_expired'),
    idleAt: deadlineAt(deadlines, 'idle'),
    expiresAt: deadlineAt(deadlines, 'max_duration'),
    authState: authState
      ? {
          savedAt: new Date(authState.savedAt).toISOString(),
          bytes: authState.bytes,
          chromiumBuild: authState.chromiumBuild,
        }
      : null,
  };
};
