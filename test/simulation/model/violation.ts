/** The promises that the simulation holds the rules to. */
const INVARIANTS = {
  limit: 'active sessions never pass a limit, global or of a user',
  count: 'every counter is the number of its slots',
  oneWorker:
    'one live worker for an epoch, a slot is free only once its worker is gone, an old epoch changes nothing',
  account: 'a linked session keeps its auth state, and what it names is in storage',
  settled:
    'once faults end: no task without a session, no leaked slot, no drift, and what was asked to stop has stopped',
  due: 'a sweep ends only what is due, overlooks nothing, and looks at nothing again and again',
  lifecycle: 'states change only along the table of transitions',
  published: 'each admission, change of status and end is published, in that order, and none is lost',
  admitted: 'no caller gets an error for an admitted session, and it is launched once ECS permits it',
  messages:
    'a message is recorded as delivered only once it is queued, and a worker continues after the last one that was acknowledged',
  start:
    'a start that succeeds is answered with a session that was admitted or runs, never with one that is stopping',
  logout:
    'a logout that succeeds leaves nothing of the account that was saved, and no session that is stopping',
  launch: 'a caller frees no slot while RunTask of its epoch is under way',
  restart:
    'a session restarts after a loss that its policy covers, on its slot, with back-off and limit, never after a stop and never into a code',
  room: 'no admission is refused while a slot is free',
  once: 'a command is carried out once, and never after its caller received that it was not',
  answer: 'a caller who repeats a request with its idempotency key gets the first answer',
  builds: 'starts leave a build that breaks, return to one that works, obey a pin, and never flap',
  standby:
    'a standby task serves one session at the most and is not stopped while it does; one that fails costs no session more than a cold start',
  rollout:
    'a rollout moves only what it may, one wave at a time, completes with a version that works, and stops with one that does not',
  fair: 'one user’s endpoints and starts take no more than a share: another’s events arrive in time, an endpoint that fails is paused, order holds and nothing is lost',
  host: 'sessions leave a host that drains, with their accounts, work elsewhere by their policy, and nothing else is stopped',
  live: 'a reader that comes back misses nothing, one that is too slow is closed, and no key gets what it may not see',
  defect: 'nothing is thrown that is not in the closed set of errors',
} as const;
export type Invariant = keyof typeof INVARIANTS;

export class Violation extends Error {
  override readonly name = 'Violation';
  readonly invariant: Invariant;

  constructor(invariant: Invariant, detail: string) {
    super(`${INVARIANTS[invariant]}: ${detail}`);
    this.invariant = invariant;
  }
}
