import type { SessionView } from '../../../contract/bodies/sessions.ts';
import { isTerminal } from '../../../contract/lifecycle.ts';
import { waitsToRestart } from './words.ts';

const VERBS = ['start', 'stop', 'restart', 'logout', 'delete'] as const;
export type Verb = (typeof VERBS)[number];

/** The actions that a session's present state allows. */
export const verbsFor = (
  session: Pick<SessionView, 'state' | 'status'> & Parameters<typeof waitsToRestart>[0],
): readonly Verb[] => {
  const { state, status } = session;
  if (isTerminal(state)) return ['start', 'delete'];
  // A start does not wait any longer; a stop or a logout prevents the restart.
  if (waitsToRestart(session)) return ['start', 'stop', 'logout', 'delete'];
  if (state === 'STOPPING') return ['delete'];
  // The worker unlinks at WhatsApp, so it must work.
  return status === 'WORKING' ? ['stop', 'restart', 'logout', 'delete'] : ['stop', 'restart', 'delete'];
};
