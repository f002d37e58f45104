/** How an epoch of a session begins: by an admission, or by a restart that keeps the slot. */
import type { StopReason } from '../../contract/lifecycle.ts';
import type { Deps } from '../deps.ts';
import { slotKey } from '../items.ts';
import type { Write } from '../store.ts';
import { nameOf, type Session, userOf } from './session.ts';
import { statusAttributes } from './statuses.ts';

/** The attributes of the earlier epoch's task and worker. */
const OF_THE_EPOCH_BEFORE = [
  'admissionId',
  'launching',
  'avoidsHosts',
  'taskArn',
  'workerTaskArn',
  'standby',
  'workerSecretHash',
  'commandSecret',
  'page',
  'builds',
  'address',
  'lastReportSeq',
  'lastHeartbeatAt',
  'lastActivityAt',
  'qrSince',
  'qrCodes',
  'passkeySince',
  'statusDataHash',
  'readyAt',
  'startSteps',
  'stoppingAt',
  'stoppedAt',
  'stopReason',
  'detail',
  'snapshots',
  'snapshotBytes',
  'settledSnapshot',
] as const;

/**
 * The attributes of a session whose next epoch begins: PENDING, with its own bootstrap token.
 *
 * @param endedFor why the epoch before ended. After a start that timed out, hosts are not tried: ECS does not refuse a task
 * without room but lets it wait for a host, so that start tried no other capacity
 */
export const nextEpoch = (
  { ids, clock }: Pick<Deps, 'ids' | 'clock'>,
  session: Session,
  endedFor: StopReason | undefined,
) => ({
  set: {
    state: 'PENDING' as const,
    ...statusAttributes(session, 'STARTING', clock()),
    epoch: session.epoch + 1,
    bootstrapToken: ids.secret(),
    ...(endedFor === 'start_timeout' ? { avoidsHosts: true } : {}),
  },
  remove: OF_THE_EPOCH_BEFORE.filter((name) => name !== 'avoidsHosts' || endedFor !== 'start_timeout'),
});

/** The item of the slot that the session holds in `shard`, for the session's present epoch. */
export const slotWrite = (session: Session, shard: number): Write => {
  const key = slotKey(shard, session.sessionId);
  return {
    kind: 'put',
    key,
    item: { ...key, userId: userOf(session), name: nameOf(session), epoch: session.epoch },
  };
};
