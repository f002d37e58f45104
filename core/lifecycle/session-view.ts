import type { SessionView } from '../../contract/bodies/sessions.ts';
import { isTerminal, shownStatus } from '../../contract/lifecycle.ts';
import { restartRuleOf } from '../../contract/restart.ts';
import { shownAccount } from '../../contract/worker/protocol.ts';
import type { Settings } from '../settings.ts';
import { type Deadline, deadlinesOf } from './deadlines.ts';
import { waitsForRestart } from './restart.ts';
import { isLinked, isWhole, type ListedSession, nameOf, type Session, userOf } from './session.ts';
import { shownConfig } from './session-config.ts';
import { startView } from './start-steps.ts';

const iso = (at: number | undefined): string | null => (at === undefined ? null : new Date(at).toISOString());

const deadlineAt = (deadlines: readonly Deadline[], reason: Deadline['reason']): string | null =>
  iso(deadlines.find((d) => d.reason === reason)?.at);

const restartView = (session: ListedSession): SessionView['restart'] => ({
  ...restartRuleOf(session.config),
  attempts: session.restarts?.length ?? 0,
  reason: session.restartReason ?? null,
  lastAt: iso(session.restarts?.at(-1)),
  nextAttemptAt: waitsForRestart(session) ? iso(session.restartAt) : null,
});

/**
 * The session as the API shows it. A list has no steps of the start, and may show of a restart whose launch is under way
 * when it was due.
 */
export const sessionView = (session: Session | ListedSession, settings: Settings): SessionView => {
  const deadlines = isTerminal(session.state) ? [] : deadlinesOf(session, settings);
  const { authState } = session;
  return {
    name: nameOf(session),
    status: shownStatus(session),
    config: shownConfig(session.config),
    me: session.me ? shownAccount(session.me) : null,
    dialogs: isTerminal(session.state) ? null : (session.dialogs ?? null),
    engine: { engine: 'WEBJS', build: session.build ?? null },
    timestamps: { activity: session.lastActivityAt ?? null },
    userId: userOf(session),
    state: session.state,
    stopReason: session.stopReason ?? null,
    detail: session.detail ?? null,
    epoch: session.epoch,
    linked: isLinked(session),
    restart: restartView(session),
    createdAt: new Date(session.createdAt).toISOString(),
    startedAt: iso(session.startedAt),
    start: isWhole(session) ? startView(session) : null,
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
