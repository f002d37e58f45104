/**
 * A session is marked while its task is launched, so that a stop does not take a launch that is under way for one that
 * never was:
 *
 *   admitted, marked ── RunTask ────────────── answered ── task recorded ── stopped, and the slot is free once it is gone
 *                          └─ stop or delete: STOPPING ──┘
 *
 * Without the mark the stop would free the slot at once, and a caller who creates and deletes in a loop would run more
 * tasks than slots. An admission writes the mark in its own transaction; every other launch writes one before it begins.
 * The mark goes once a launch has clearly started nothing. If the launching function crashes, the mark stays, and the sweep
 * looks for the task.
 */
import type { Session } from './session.ts';

type Launchable = Pick<Session, 'taskArn' | 'workerSecretHash' | 'launching'>;

/** Whether a task of the epoch is recorded, or its worker has called. */
export const isTaskKnown = ({ taskArn, workerSecretHash }: Omit<Launchable, 'launching'>): boolean =>
  taskArn !== undefined || workerSecretHash !== undefined;

/** Whether a task of the epoch exists or may still come of a launch: its slot must not be freed without it. */
export const mayHaveTask = (session: Launchable): boolean =>
  isTaskKnown(session) || session.launching !== undefined;
