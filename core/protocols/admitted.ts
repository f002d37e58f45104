import type { Control } from '../control.ts';
import type { Session } from '../session.ts';
import { launch } from './launch.ts';
import { announce } from './outbox.ts';

/** What follows an admission: its task is launched, and whoever listens is told. */
export const admitted = async (
  control: Pick<
    Control,
    'store' | 'tasks' | 'events' | 'clock' | 'sleep' | 'ids' | 'sha256' | 'settings' | 'metrics' | 'log'
  >,
  session: Session,
): Promise<Session> => {
  control.metrics.count('SessionsAdmitted', 1);
  const [launched] = await Promise.all([launch(control, session), announce(control, session)]);
  return launched;
};
