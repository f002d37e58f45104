import { expect, test } from 'vitest';
import {
  type Admission,
  outcomeOf,
  planAdmitted,
  planStored,
  type Stored,
} from '../../../core/admission/plan.ts';
import { parseSession, type Session } from '../../../core/lifecycle/session.ts';
import { NOW, testSystem } from './test-system.ts';

const sessionWith = (changes: Partial<Session> = {}): Session =>
  parseSession({
    pk: 'USER#ann',
    sk: 'SESSION#a',
    listUser: 'ann',
    listName: 'a',
    sessionId: 'ses_other',
    config: {},
    createdAt: NOW,
    version: 1,
    state: 'STOPPED',
    status: 'STOPPED',
    epoch: 0,
    ...changes,
  });

const START: Admission = { kind: 'start', id: 'evt_start', userId: 'ann', name: 'a' };
const CREATE: Admission = {
  kind: 'create',
  id: 'evt_create',
  userId: 'ann',
  name: 'a',
  session: sessionWith({ sessionId: 'ses_new' }),
  start: true,
  idempotency: { key: 'k', requestHash: 'hash' },
};
const NOTHING: Stored = { session: undefined, record: undefined };
const record = { requestHash: 'hash', sessionId: 'ses_first' };

test.each<[string, Admission, Stored, unknown]>([
  ['a start without a session', START, NOTHING, { kind: 'rejection', problem: { code: 'not_found' } }],
  ['a start of a stopped session', START, { ...NOTHING, session: sessionWith() }, undefined],
  [
    'a start of a running session',
    START,
    { ...NOTHING, session: sessionWith({ state: 'RUNNING', epoch: 1 }) },
    { kind: 'answer', admitted: { admitted: false } },
  ],
  [
    'a start whose own write is stored',
    START,
    { ...NOTHING, session: sessionWith({ state: 'PENDING', epoch: 1, admissionId: 'evt_start' }) },
    { kind: 'answer', admitted: { admitted: true } },
  ],
  ['a creation under a free name', CREATE, NOTHING, undefined],
  [
    'a creation whose own write is stored',
    CREATE,
    {
      session: sessionWith({ sessionId: 'ses_new', state: 'PENDING', epoch: 1, admissionId: 'evt_create' }),
      record: { ...record, sessionId: 'ses_new' },
    },
    { kind: 'answer', admitted: { admitted: true } },
  ],
  [
    'a creation whose session another call admitted again since',
    CREATE,
    { session: sessionWith({ sessionId: 'ses_new', state: 'PENDING', epoch: 2 }), record: undefined },
    { kind: 'answer', admitted: { admitted: false } },
  ],
  [
    'a creation that repeats an earlier request',
    CREATE,
    { session: sessionWith({ sessionId: 'ses_first' }), record },
    { kind: 'answer', admitted: { admitted: false } },
  ],
  [
    'a creation under a taken name',
    CREATE,
    { ...NOTHING, session: sessionWith() },
    { kind: 'rejection', problem: { code: 'unprocessable' } },
  ],
  [
    'a key that belongs to another request',
    CREATE,
    { ...NOTHING, record: { ...record, requestHash: 'other' } },
    { kind: 'rejection', problem: { code: 'unprocessable' } },
  ],
  [
    'a key whose session was deleted',
    CREATE,
    { ...NOTHING, record },
    { kind: 'rejection', problem: { code: 'conflict' } },
  ],
])('%s has its outcome', (_case, admission, stored, outcome) => {
  const found = outcomeOf(admission, stored);
  if (outcome === undefined) expect(found).toBeUndefined();
  else expect(found).toMatchObject(Object(outcome));
});

const seenWith = (
  active: number,
  changes: {
    readonly generation?: number;
    readonly userActive?: number;
    readonly starts?: number;
    readonly startsUntil?: number;
  } = {},
) => ({
  capacity: {
    limits: { globalLimit: 5, userLimit: 2, shards: 1 },
    generation: changes.generation ?? 0,
    plan: undefined,
    active,
    shards: [{ shard: 0, active, limit: 5, version: 0, generation: 0, closed: false }],
    item: {},
  },
  user: {
    active: changes.userActive ?? 0,
    limit: 2,
    version: 0,
    starts: changes.starts ?? 0,
    startsUntil: changes.startsUntil,
  },
});

test('the plan of an admission carries its id, and takes one slot of each counter', () => {
  const { deps } = testSystem();
  const plan = planAdmitted(deps, START, sessionWith(), seenWith(4));
  if (plan.kind !== 'writes') throw new Error(plan.kind);
  expect(plan.session).toMatchObject({ state: 'PENDING', epoch: 1, slotShard: 0, admissionId: 'evt_start' });
  const counters = plan.writes.filter((write) => write.kind === 'update' && write.add?.active === 1);
  expect(counters.map(({ key }) => key.sk).sort()).toHaveLength(2);
});

test('a stored session is not admitted, and carries the id as well', () => {
  const { deps } = testSystem();
  if (CREATE.kind !== 'create') throw new Error('no creation');
  const { session, writes } = planStored(deps, CREATE);
  expect(session).toMatchObject({ state: 'STOPPED', epoch: 0, admissionId: 'evt_create' });
  expect(writes).toHaveLength(3);
});

test('a full counter and an unfinished change of limits make no writes', () => {
  const { deps } = testSystem();
  expect(planAdmitted(deps, START, sessionWith(), seenWith(5)).kind).toBe('full');
  expect(planAdmitted(deps, START, sessionWith(), seenWith(0, { userActive: 2 })).kind).toBe('full');
  expect(planAdmitted(deps, START, sessionWith(), seenWith(0, { generation: 1 })).kind).toBe('unsettled');
});

test('a start that comes too fast makes no writes, and says when it would pass', () => {
  const { deps } = testSystem();
  // 60 a minute, 10 at once: nine seconds ahead is the last that passes.
  const ahead = (seconds: number) => (deps.clock() + seconds * 1000) * 1000;
  const last = planAdmitted(deps, START, sessionWith(), seenWith(0, { starts: 60, startsUntil: ahead(9) }));
  expect(last.kind).toBe('writes');
  const next = planAdmitted(deps, START, sessionWith(), seenWith(0, { starts: 60, startsUntil: ahead(9.5) }));
  expect(next).toMatchObject({
    kind: 'too fast',
    problem: { code: 'too_many', extras: { scope: 'starts', limit: 60, retryAfterSeconds: 1 } },
  });
});
