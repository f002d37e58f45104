/**
 * Faults planted into the rules, one at a time, to show that the simulation finds them. Each is an edit of a module's
 * text as it is imported; a text that is not there (any more) exactly once fails loudly.
 */
import type { SimulationName } from './simulations.ts';

type Edit = { readonly file: string; readonly find: string; readonly replace: string };
export type Mutation = {
  readonly name: string;
  /** The first seed from 1 on that finds it: the one that a test replays. */
  readonly seed: number;
  /** Which simulation finds it; the control plane's without it. */
  readonly simulation?: SimulationName;
  readonly edits: readonly Edit[];
};

const mutation = (
  name: string,
  seed: number,
  ...edits: [file: string, find: string, replace: string][]
): Mutation => ({
  name,
  seed,
  edits: edits.map(([file, find, replace]) => ({
    file: file.startsWith('contract/') ? file : `core/${file}`,
    find,
    replace,
  })),
});

const mutationOf =
  (simulation: SimulationName) =>
  (...args: Parameters<typeof mutation>): Mutation => ({ ...mutation(...args), simulation });

const buildsMutation = mutationOf('builds');
const floodMutation = mutationOf('flood');
const liveMutation = mutationOf('live');
const standbyMutation = mutationOf('standby');
const rolloutMutation = mutationOf('rollout');
const fairMutation = mutationOf('fair');
const hostsMutation = mutationOf('hosts');

const START = 'lifecycle/start.ts';
const LOGOUT = 'lifecycle/logout.ts';
const ADMIT = 'admission/admit.ts';
const PLAN = 'admission/plan.ts';
const FULL = 'admission/confirm-full.ts';
const RELEASE = 'lifecycle/release.ts';
const CHANGE = 'lifecycle/change.ts';
const DEADLINES = 'lifecycle/deadlines.ts';
const WORKER = 'lifecycle/worker.ts';
const REPORTED = 'lifecycle/reported.ts';
const SNAPSHOTS = 'accounts/snapshots.ts';
const LAUNCH = 'lifecycle/launch.ts';
const REAP = 'reaping/reap.ts';
const STOP = 'lifecycle/stop.ts';
const RESTART = 'lifecycle/restart.ts';
const RESTART_LAUNCH = 'lifecycle/restart-launch.ts';
const RECONCILE = 'reconciliation/reconcile.ts';
const CAPACITY = 'admission/read-capacity.ts';
const WAITING = 'commands/waiting-commands.ts';
const OUTBOX = 'events/outbox.ts';
const RULING = 'builds/ruling.ts';
const RULE = 'builds/rule.ts';
const CLAIM = 'standby/claim.ts';
const KEEP = 'standby/keep.ts';
const STOPPED = 'standby/stopped.ts';
const BRAKE = 'reaping/brake.ts';
const FAN_OUT = 'live/fan-out.ts';
const RIGHTS = 'live/rights.ts';
const CONNECT = 'live/connect.ts';
const TOPICS = 'live/topics.ts';
const ROLLOUT = 'rollout/rollout.ts';
const BREAKER = 'events/breaker.ts';
const DELIVER = 'events/deliver.ts';
const SHARE = 'events/share.ts';
const DRAIN_HOST = 'lifecycle/drain-host.ts';
const EPOCH = 'lifecycle/epoch.ts';
const ROLLOUT_RULE = 'rollout/rule.ts';

export const MUTATIONS: readonly Mutation[] = [
  mutation('admission without the global condition', 10, [
    PLAN,
    "and(ltAttr('active', 'limit'), isOfGeneration(",
    'and(isOfGeneration(',
  ]),
  mutation('admission without the user’s condition', 2, [
    PLAN,
    'condition: and(userHasRoom(capacity), ...(ruling.condition ? [ruling.condition] : [])),',
    '',
  ]),
  // Either rule alone keeps a limit that was read too early from being the one that counts.
  mutation(
    'admission by a default limit as it was read',
    8,
    [
      PLAN,
      "and(ltAttr('active', 'limit'), isOfGeneration(capacity.generation))",
      "ltAttr('active', 'limit')",
    ],
    [PLAN, 'if (!isSettled(capacity))', 'if (capacity.shards.length === 0)'],
  ),
  mutation('admission whose user is counted after the commit', 1, [
    ADMIT,
    'const result = await deps.store.transact(writes, transactionToken(deps.ids));',
    `const user = writes.find((w) => w.key.sk === 'QUOTA');
        const result = await deps.store.transact(writes.filter((w) => w !== user), transactionToken(deps.ids));
        if (user?.kind === 'update' && result.ok) await deps.store.write(user);`,
  ]),
  mutation('a start that forgets state and epoch', 12, [
    PLAN,
    `eq('epoch', before.epoch),
    oneOf('state', ['STOPPED', 'FAILED']),
    absent('slotShard'),
    // Deadlines and events are made from the config as it was read.
    eq('version', before.version),`,
    '',
  ]),
  mutation('a start answered with a session that is stopping', 3, [
    START,
    "if (started.session.state !== 'STOPPING') return started;",
    'if (started.session) return started;',
  ]),
  mutation('a logout that answers with a session that is stopping', 12, [
    LOGOUT,
    "if (session.state === 'STOPPING') {",
    "if (session.state === 'STOPPED') {",
  ]),
  mutation('a full limit hides the earlier answer', 9, [
    ADMIT,
    "return conclude(outcomeOf(admission, stored) ?? { kind: 'rejection', problem });",
    "return conclude({ kind: 'rejection', problem });",
  ]),
  mutation('an admission that does not recognize its own session', 17, [
    PLAN,
    'session.admissionId === admission.id',
    'session.admissionId === undefined',
  ]),
  mutation('release that forgets whether the slot is still held', 33, [
    RELEASE,
    `eq('slotShard', shard),
    eq('version', session.version),`,
    '',
  ]),
  mutation(
    'release that forgets the epoch',
    123,
    [RELEASE, 'known.epoch !== epoch || ', ''],
    [RELEASE, 'const known = n === 0 ? session : await', 'const known = await'],
  ),
  mutation('release that counts twice', 1, [RELEASE, 'active: -1', 'active: -2']),
  mutation('release whose counters are outside of the transaction', 1, [
    RELEASE,
    'const result = await deps.store.transact(writes, transactionToken(deps.ids));',
    `const counters = writes.filter((w) => w.kind === 'update' && w.key.sk !== 'META');
      const result = await deps.store.transact(writes.filter((w) => !counters.includes(w)), transactionToken(deps.ids));
      for (const w of counters) if (result.ok && w.kind === 'update') await deps.store.write(w);`,
  ]),
  mutation('release that leaves the slot item', 1, [
    RELEASE,
    "{ kind: 'delete', key: slotKey(shard, session.sessionId) },",
    '',
  ]),
  mutation('release that takes the account along', 3, [
    RELEASE,
    "'stoppingAt',",
    "'stoppingAt', 'authState',",
  ]),
  mutation('changes without a version condition', 3, [
    CHANGE,
    "condition: and(eq('sessionId', known.sessionId), eq('version', known.version)),",
    "condition: eq('sessionId', known.sessionId),",
  ]),
  mutation('changes that forget epoch and slot', 162, [
    CHANGE,
    'if (known.epoch !== session.epoch || known.slotShard === undefined) return undefined;',
    '',
  ]),
  mutation(
    'worker credentials without epoch and secret',
    25,
    [WORKER, 'session.epoch !== Number(epoch) || ', ''],
    [WORKER, 'if (!sameSecret(deps, secret, session.workerSecretHash)) {', 'if (!secret) {'],
  ),
  mutation(
    'bootstrap of an epoch that has ended',
    148,
    [WORKER, 'if (!found || found.epoch !== request.epoch) throw fenced();', 'if (!found) throw fenced();'],
    [
      WORKER,
      '!sameSecret(deps, request.bootstrapToken, now.bootstrapToken && deps.sha256(now.bootstrapToken))',
      'now.bootstrapToken === undefined',
    ],
  ),
  // Without its token alone, a launch starts several tasks, and each rule that distinguishes them is intact.
  mutation(
    'launches without a client token, and the end of any task ends the session',
    60,
    [LAUNCH, 'epoch, clientToken, bootstrapToken,', 'epoch, clientToken: deps.ids.secret(), bootstrapToken,'],
    ['lifecycle/task-stopped.ts', 'if (known !== undefined && known !== task.taskArn) return undefined;', ''],
  ),
  mutation(
    'bootstrap tokens that are good twice',
    31,
    [LAUNCH, 'epoch, clientToken, bootstrapToken,', 'epoch, clientToken: deps.ids.secret(), bootstrapToken,'],
    [WORKER, 'if (now.workerSecretHash !== undefined) {', 'if (now.state === undefined) {'],
  ),
  mutation(
    'a task launched after its session ended, and never stopped',
    2417,
    [LAUNCH, "await stopTask(deps, taskArn, 'the session ended while its task was launched');", ''],
    [RECONCILE, "await stopTask(deps, task.taskArn, 'no session owns this task');", ''],
  ),
  mutation('a throttled launch that ends the session', 1, [
    LAUNCH,
    'result = { ok: false, retryable: true, detail: error.message };',
    'result = { ok: false, retryable: false, detail: error.message };',
  ]),
  mutation('a lack of capacity that ends the session', 1, [
    LAUNCH,
    'if (result.retryable) return unclear ? session : nothingStarted(deps, session, launching);',
    '',
  ]),
  mutation('an answer that waits for its launch, however long it takes', 27, [
    LAUNCH,
    'const limitMs = Math.max(LEAST_TRY_MS, until - deps.clock());',
    'const limitMs = 3_600_000;',
  ]),
  mutation('a launch whose fault is the answer', 17, [
    'admission/launch-and-publish.ts',
    '      return session;',
    '      throw error;',
  ]),
  mutation('the auth state before is removed first', 1, [
    SNAPSHOTS,
    'const { bytes } = await deps.auth.completeUpload(',
    'if (session.authState) await deps.auth.remove([session.authState.key]);\n  const { bytes } = await deps.auth.completeUpload(',
  ]),
  mutation('a commit before its upload is complete', 1, [
    SNAPSHOTS,
    'const { bytes } = await deps.auth.completeUpload(request.key, request.uploadId, request.etags);',
    'const { bytes } = request;',
  ]),
  mutation(
    'commits in any order of arrival',
    10,
    [SNAPSHOTS, 'if (number <= (session.settledSnapshot ?? 0)) return;', ''],
    [
      SNAPSHOTS,
      'if (number <= (now.settledSnapshot ?? 0)) return undefined;',
      'if (now.authState?.key === key) return undefined;',
    ],
  ),
  mutation('a stop that discards the account', 3, [
    WORKER,
    'const { ended } = await release(deps, session, reason, detail);',
    `if (request.reason === 'task_stopped') await updateActiveSession(deps, session, () => ({ remove: ['authState'] }));
  const { ended } = await release(deps, session, reason, detail);`,
  ]),
  mutation(
    'a sweep that trusts the index',
    138,
    [
      REAP,
      'const passed = passedOf(session, deps);',
      'const passed = deadlinesOf(session, deps.settings).slice(0, 1);',
    ],
    [REAP, 'd.reason === deadline.reason && d.at <= deps.clock()', 'd.reason === deadline.reason'],
  ),
  mutation(
    'an early entry that ends a session',
    3,
    [
      REAP,
      'deadlinesOf(session, deps.settings).filter((d) => d.at <= deps.clock())',
      'deadlinesOf(session, deps.settings).slice(0, 1)',
    ],
    [REAP, 'd.reason === deadline.reason && d.at <= deps.clock()', 'd.reason === deadline.reason'],
    [REAP, '!hadTimeForHeartbeat(sweeps, deadline.at, timesOf(deps))', 'false'],
  ),
  mutation('an entry of the due index that stays behind its deadline', 3, [
    DEADLINES,
    'nextDeadlineAt <= due.nextDeadlineAt && nextDeadlineAt >= nextReportAt',
    'nextDeadlineAt >= nextReportAt',
  ]),
  mutation('an early entry that each sweep finds again', 1, [
    DEADLINES,
    'nextDeadlineAt <= due.nextDeadlineAt && nextDeadlineAt >= nextReportAt',
    'nextDeadlineAt <= due.nextDeadlineAt',
  ]),
  mutation('a lost heartbeat that frees the slot at once', 11, [
    REAP,
    'if (await taskIsGone(deps, session)) {',
    'if (session) {',
  ]),
  mutation('a grace time that frees the slot at once', 25, [
    REAP,
    'if (!task || task.stopped) return',
    'if (task !== null) return',
  ]),
  mutation('a stop that frees the slot while its task is launched', 10, [
    'lifecycle/launching.ts',
    'isTaskKnown(session) || session.launching !== undefined',
    'isTaskKnown(session)',
  ]),
  mutation('a sweep that never forces a stop', 3, [
    REAP,
    'return forceStop(deps, session);',
    'return undefined;',
  ]),
  mutation(
    'a sweep that never launches again',
    1,
    [REAP, 'await relaunch(deps, session);', ''],
    [REAP, 'passed.find((d) => !isLaunchDeadline(d.reason)) ?? passed[0]', 'passed[0]'],
  ),
  mutation('a restart that gives its slot up', 3, [
    RELEASE,
    'slotWrite(ended, known.slotShard),',
    `{ kind: 'delete', key: slotKey(known.slotShard, sessionId) },`,
  ]),
  mutation('a restart that takes another slot', 3, [
    RELEASE,
    'sessionWrite(known, known.slotShard, change),',
    `sessionWrite(known, known.slotShard, change),
              { kind: 'update', key: userQuotaKey(userOf(known)), add: { active: 1, version: 1 } },`,
  ]),
  // Either rule alone keeps a code from being shown.
  mutation(
    'a restart into a QR code',
    43,
    [WORKER, 'mayLink: !isRestart(session),', 'mayLink: true,'],
    [
      REPORTED,
      'if (isRestart(now) && isLinkingStatus(request.status)) return refusedLinking(clock, now, request);',
      '',
    ],
  ),
  mutation('a restart of a session that asks to be linked', 10, [
    RESTART,
    'if (!covers(rule, reason) || !isLinked || isLinkingStatus(session.status))',
    'if (!covers(rule, reason))',
  ]),
  mutation('restarts without back-off', 3, [
    RESTART,
    'const at = now + restartDelayMs(planned ? 1 : recent.length + 1, random);',
    'const at = now;',
  ]),
  mutation(
    'a restart launched before it is due',
    6,
    [RESTART_LAUNCH, 'if (waitMs > LONGEST_WAIT_MS) return session;', ''],
    [RESTART_LAUNCH, 'if (waitMs > 0) await deps.sleep(waitMs);', ''],
    [
      RESTART_LAUNCH,
      'waitsForRestart(session) && (session.restartAt ?? 0) <= deps.clock();',
      'waitsForRestart(session);',
    ],
  ),
  mutation('restarts that are not counted', 3, [
    RESTART,
    'restarts: planned ? recent : [...recent, now]',
    'restarts: []',
  ]),
  mutation('restarts without a limit', 98, [
    RESTART,
    '!planned && recent.length >= rule.maxAttempts',
    'rule.maxAttempts < 0',
  ]),
  mutation('a restart after a stop that was asked for', 3, [
    RELEASE,
    "session.state === 'STOPPING' ? (session.stopReason ?? reason) : reason",
    'reason',
  ]),
  mutation('a stop that does not prevent the restart of a silent session', 79, [
    STOP,
    'return isLoss(now.stopReason) && !isLoss(reason) ? { set: { stopReason: reason } } : undefined;',
    'return undefined;',
  ]),
  mutation('a silent worker that is restarted beside itself', 28, [
    REAP,
    "await stopSession(deps, session, 'heartbeat_lost', stillDue);",
    "return (await release(deps, session, 'heartbeat_lost')).session;",
  ]),
  mutation('a restart that starts the maximum duration again', 3, [
    RELEASE,
    'const fresh = { ...set, restartAt: at,',
    'const fresh = { ...set, startedAt: at, restartAt: at,',
  ]),
  mutation('a recount without a version condition', 10, [
    RECONCILE,
    "condition: eq('version', counter.version),",
    '',
  ]),
  mutation('tasks without a session that are never stopped', 4743, [
    RECONCILE,
    "await stopTask(deps, task.taskArn, 'no session owns this task');",
    '',
  ]),
  mutation(
    'sub-limits made while shards are open',
    1,
    [CAPACITY, 'set: closed,', 'set: { generation, closed: true },'],
    [PLAN, 'if (!isSettled(capacity))', 'if (capacity.shards.length === 0)'],
    [
      PLAN,
      "and(ltAttr('active', 'limit'), isOfGeneration(capacity.generation))",
      "ltAttr('active', 'limit')",
    ],
  ),
  mutation('sub-limits of limits that others took the place of', 126, [
    CAPACITY,
    "condition: and(eq('generation', generation), eq('closed', true)),",
    "condition: eq('closed', true),",
  ]),
  mutation(
    'a change of limits that is never finished',
    5,
    [RECONCILE, 'if (capacity) await settle(deps, capacity);', ''],
    [ADMIT, 'if (attempt % HELP_EVERY === HELP_EVERY - 1) await settle(deps, plan.capacity);', ''],
  ),
  mutation('a refusal because the sub-limits are spent', 48, [
    FULL,
    'if (capacity.active >= capacity.limits.globalLimit) return',
    'return',
  ]),
  mutation(
    'a waiting command claimed twice',
    99,
    [
      WAITING,
      "change(deps, command.id, eq('status', 'pending'), {",
      "change(deps, command.id, or(eq('status', 'pending'), eq('status', 'running')), {",
    ],
    // By it the worker would know that it is the same.
    ['commands/wake.ts', 'idempotencyKey: command.workerKey,', ''],
  ),
  mutation('a waiting command without an answer called failed', 496, [
    WAITING,
    "return { status: 'unknown', problem };",
    "return { status: 'failed', problem, again: true };",
  ]),
  mutation('sub-limits handed out above the limit', 15, [
    'admission/capacity.ts',
    '() => 0)',
    '(_, i) => active(i))',
  ]),
  mutation('a stopped task of any epoch ends the session', 10, [
    'lifecycle/task-stopped.ts',
    'session.epoch !== task.epoch || ',
    '',
  ]),
  mutation('the end of another provider’s task ends the session', 18, [
    'lifecycle/task-stopped.ts',
    'const known = taskArnOf(session);',
    'const known = session.taskArn;',
  ]),
  mutation('a discard that a late commit undoes', 10, [
    SNAPSHOTS,
    'set: { settledSnapshot: snapshots },',
    'set: {},',
  ]),
  mutation('a session deleted without a check of its present epoch', 284, [
    'lifecycle/end.ts',
    `eq('version', session.version),
          oneOf('state', ['STOPPED', 'FAILED']),
          absent('slotShard'),`,
    '',
  ]),
  mutation('messages recorded as delivered before they are queued', 3, [
    WORKER,
    'await drainOutbox(deps, session);',
    'if (request.told) await noteForwarded(deps, session, request.told);\n  await drainOutbox(deps, session);',
  ]),
  mutation('a mark of the last delivered message that an old epoch sets back', 25, [
    'events/forwarded-messages.ts',
    "condition: or(absent('pk'), lt('epoch', epoch), and(eq('epoch', epoch), lt('seq', seq))),",
    '',
  ]),
  mutation('an event that leaves the outbox before it is sent', 2, [
    OUTBOX,
    'if (session) await enqueue(',
    "await deps.store.write({ kind: 'delete', key: { pk, sk } });\n    if (session) await enqueue(",
  ]),
  mutation('an event whose change is committed before it', 1, [
    RELEASE,
    'const result = await deps.store.transact(writes, ',
    'const result = await deps.store.transact(writes.slice(0, -1), ',
  ]),
  mutation('a sweep that sends nothing', 2, [REAP, 'failed += await sweepOutbox(deps);', '']),
  mutation('events sent without those that wait before them', 9, [
    OUTBOX,
    'await sendAll(deps, session, items.map(parse));',
    'await sendAll(deps, session, items.slice(-1).map(parse));',
  ]),
  mutation('a challenge that is published only if the status changes', 2, [
    REPORTED,
    'after.statusDataHash !== before.statusDataHash',
    'false',
  ]),
  mutation('each challenge gives the time for linking once more', 2, [
    REPORTED,
    'isPasskeyStatus(status) && now.passkeySince === undefined',
    'isPasskeyStatus(status)',
  ]),
  mutation('a challenge that the timeline keeps', 2, [
    OUTBOX,
    'const { data: _secret, ...shown } = payload;',
    'const shown = payload;',
  ]),
  buildsMutation('an outcome that overwrites a pin', 112, [
    RULING,
    "condition: engine.version === undefined ? absent('pk') : eq('version', engine.version),",
    '',
  ]),
  buildsMutation('counts that every repeat of a report adds again', 2, [
    'contract/builds/counts.ts',
    'now[name] - (old?.[name] ?? 0)',
    'now[name]',
  ]),
  buildsMutation('a fallback that makes no probes', 1, [
    RULE,
    "random * 100 < ruling.probePercent ? 'live' : { version: ruling.target }",
    '{ version: ruling.target }',
  ]),
  buildsMutation('a return after any probe that works', 3, [
    RULE,
    'probesWorked >= probesNeeded(next)',
    'outcome.ok',
  ]),
  buildsMutation('a fallback to the build that breaks', 2, [
    RULE,
    'lastThatWorked(next, saved, now, buildsOf(streakOf(recent)))',
    'lastThatWorked(next, saved, now, [])',
  ]),
  buildsMutation('a streak of failures that a success does not end', 1, [
    RULE,
    'const streak = streakOf(recent);',
    'const streak = recent;',
  ]),
  buildsMutation('a live build that is trusted after any number of failures', 1, [
    RULE,
    '!outcome.ok && breaks(recent, next.records[candidate])',
    '!outcome.ok && false',
  ]),
  floodMutation('a sweep that never brakes', 1, [BRAKE, 'late > passCap(sessions)', 'false']),
  floodMutation('a sweep that trusts the old reports of a late worker', 18, [
    REAP,
    'reportedAt >= at && !late',
    'true',
  ]),
  floodMutation('a sweep that takes activity that is not reported yet for none', 11, [
    REAP,
    'reportedAt >= at && !late',
    '!late',
  ]),
  floodMutation('a brake that takes every worker for a late one', 1, [
    REAP,
    'holders.filter((session) => isLate(session, settings.heartbeatSeconds, clock()))',
    'holders',
  ]),
  standbyMutation('a claim of a standby task that is not offered any more', 2, [
    CLAIM,
    'condition: STILL_OPEN,',
    '',
  ]),
  standbyMutation('a claim of a standby task from before a deployment', 37, [
    CLAIM,
    'task.revision === deps.tasks.revision',
    'true',
  ]),
  standbyMutation('a claim of a standby task that the session does not know of', 1, [
    CLAIM,
    'set: { standby, ...dueAttributes(claimed, deps.settings) },',
    'set: dueAttributes(claimed, deps.settings),',
  ]),
  standbyMutation('no launch after a standby task that does not serve', 1, [
    'lifecycle/launch.ts',
    'const { taskArn } = claimed;',
    'const { taskArn } = claimed;\n  if (replacing !== undefined && taskArn === undefined) return claimed.session;',
  ]),
  standbyMutation('a standby task that is stopped while it serves', 1, [
    KEEP,
    'return session.workerTaskArn !== undefined && session.workerTaskArn !== taskArn;',
    'return session.workerTaskArn !== undefined;',
  ]),
  standbyMutation('a session that ends with a standby task that could not serve it', 12, [
    STOPPED,
    'if (serving !== undefined)',
    'if (serving === undefined) return taskStopped(deps, { ...task, ...claimedBy });\n  if (serving !== undefined)',
  ]),
  standbyMutation('a standby task that counts as a task without a session', 1, [
    RECONCILE,
    'waiting.has(task.standbyId)',
    'false',
  ]),
  standbyMutation('a retired standby task that is not stopped', 109, [
    KEEP,
    '[...ending, ...spent.filter((task) => task !== undefined)]',
    'spent.filter((task) => task !== undefined)',
  ]),
  rolloutMutation('a rollout that uses up the attempts of the policy', 1, [
    RESTART,
    'restarts: planned ? recent : [...recent, now]',
    'restarts: [...recent, now]',
  ]),
  rolloutMutation('a rollout of sessions whose policy does not restart them', 3, [
    ROLLOUT_RULE,
    "restartRuleOf(session.config).policy === 'always' && isLinked(session)",
    'isLinked(session)',
  ]),
  rolloutMutation('a rollout that continues after a session failed', 1, [
    ROLLOUT_RULE,
    'if (failed.length > 0)',
    'if (failed.length > 99)',
  ]),
  rolloutMutation('a wave that does not wait for the one before', 11, [
    ROLLOUT_RULE,
    'if (open.length > 0)',
    'if (open.length > 99)',
  ]),
  rolloutMutation('a wave whose sessions are asked to stop before it is written', 1, [
    ROLLOUT,
    'if (!(await write(deps, stored, { ...over, members, dueAt }))) return;',
    'await ask(deps, await progressOf(deps, members));\n  if (!(await write(deps, stored, { ...over, members, dueAt }))) return;',
  ]),
  rolloutMutation('a wave that no later step asks', 3, [
    ROLLOUT,
    "if (wave.kind === 'under_way') return ask(deps, progress);",
    "if (wave.kind === 'under_way') return;",
  ]),
  rolloutMutation('a second rollout beside one that runs', 1, [
    ROLLOUT,
    "if (before?.state === 'running') throw",
    'if (before === null) throw',
  ]),
  rolloutMutation('a rollout that is changed without its version', 21, [
    ROLLOUT,
    "condition: before ? eq('version', before.version) : absent('pk'),",
    '',
  ]),
  fairMutation('a share of deliveries that holds back none', 1, [
    DELIVER,
    "if (permit === 'full') return postponed(",
    "if (permit === 'full' && receipt.receives < 0) return postponed(",
  ]),
  fairMutation('a place for a delivery that two may take', 1, [
    SHARE,
    'condition: or(absent(attribute), le(attribute, now)),',
    '',
  ]),
  fairMutation('places for deliveries that are not given back', 1, [
    DELIVER,
    'if (permit) await releasePermit(deps, userId, permit);',
    '',
  ]),
  fairMutation('a circuit breaker that never opens', 1, [
    BREAKER,
    'step === 0 && failures >= FAILURES_TO_OPEN',
    'step === 0 && failures < 0',
  ]),
  fairMutation('pauses that do not grow', 1, [BREAKER, '2 ** (step - 1)', '1 ** step']),
  fairMutation('probes that all deliveries make', 2, [
    DELIVER,
    'if (permission.claim && !(await permission.claim()))',
    'if (permission.claim && (await permission.claim()) === undefined)',
  ]),
  fairMutation('a success that does not close the circuit breaker', 1, [
    'events/endpoints.ts',
    "if (known) await deps.store.write({ kind: 'delete', key: keyOf(deps, whose.userId, whose.webhook) });",
    '',
  ]),
  fairMutation('a breaker that gives events up', 1, [
    DELIVER,
    "if (permission.kind === 'wait') return postponed(permission.ms);",
    "if (permission.kind === 'wait') return { kind: 'dropped' };",
  ]),
  fairMutation('starts that are not counted', 1, [
    PLAN,
    'set: { ...quotaListing(userId), ...ruling.change.set },',
    'set: quotaListing(userId),',
  ]),
  fairMutation('starts that are counted without a condition', 2, [
    PLAN,
    'and(userHasRoom(capacity), ...(ruling.condition ? [ruling.condition] : []))',
    'userHasRoom(capacity)',
  ]),
  hostsMutation('a drain after which no session restarts', 2, [
    DRAIN_HOST,
    "await stopSession(deps, session, 'task_stopped', serves);",
    "await stopSession(deps, session, 'user', serves);",
  ]),
  hostsMutation('a drain that looks once', 17, [
    DRAIN_HOST,
    'for (const taskArn of await stopAllOn(deps, host)) seen.add(taskArn);',
    '',
  ]),
  hostsMutation('a drain that is not repeated after an error', 18, [
    DRAIN_HOST,
    'if (failures.length > 0) throw failures[0];',
    '',
  ]),
  hostsMutation('a start that waits for a host again after one that timed out', 2, [
    EPOCH,
    "...(endedFor === 'start_timeout' ? { avoidsHosts: true } : {}),",
    '',
  ]),
  liveMutation('a reader that comes back and gets only what is new', 1, [
    CONNECT,
    'const position = after === undefined ? last : Number(after);',
    'const position = last;',
  ]),
  liveMutation('a post without an answer that counts as sent', 3, [
    FAN_OUT,
    "case 'unknown':\n        return 'again';",
    "case 'unknown':\n        break;",
  ]),
  liveMutation('a slow reader that is sent more', 6, [
    FAN_OUT,
    "return drop(deps, connection, 'slow');",
    "return 'again';",
  ]),
  liveMutation('a key’s scopes that are not looked at', 1, [RIGHTS, 'mayUse(holder, scopeOf(event)) &&', '']),
  liveMutation('a key’s named sessions that are not looked at', 1, [
    RIGHTS,
    '(topic === ALL_USERS || (holder.sessions?.includes(session) ?? true))',
    '(topic === ALL_USERS || true)',
  ]),
  liveMutation('a gap in a read of the log that is not read again', 35, [
    TOPICS,
    'if (!hasGap || last === undefined) return entries;',
    'if (hasGap || !hasGap || last === undefined) return entries;',
  ]),
  liveMutation('an entry of the log that takes the place of another', 1, [
    TOPICS,
    "const { ok } = await store.write({ kind: 'put', key, item, condition: absent('pk') });",
    "const { ok } = await store.write({ kind: 'put', key, item });",
  ]),
];
