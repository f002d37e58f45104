import type { SessionView } from '../../../contract/bodies/sessions.ts';
import { isTerminal } from '../../../contract/lifecycle.ts';

export const VERBS = ['start', 'stop', 'restart', 'logout', 'delete'] as const;
export type Verb = (typeof VERBS)[number];

/** What can be asked of a session as it stands. */
export const verbsFor = ({ state, status }: Pick<SessionView, 'state' | 'status'>): readonly Verb[] => {
  if (isTerminal(state)) return ['start', 'delete'];
  if (state === 'STOPPING') return ['delete'];
  // The worker unlinks at WhatsApp, so it must work.
  return status === 'WORKING' ? ['stop', 'restart', 'logout', 'delete'] : ['stop', 'restart', 'delete'];
};
