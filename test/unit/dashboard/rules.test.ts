/** The dashboard's computations before it draws: pure, without a browser. */
import { describe, expect, it } from 'vitest';
import { ApiError, UnreachableError } from '../../../client/index.ts';
import type { LimitsView } from '../../../contract/bodies/admin.ts';
import type { SessionView } from '../../../contract/bodies/sessions.ts';
import { alarmAt, levelOf } from '../../../dashboard/page/rules/capacity.ts';
import { nearest, runsOf, scaleOf } from '../../../dashboard/page/rules/chart.ts';
import { eventLine } from '../../../dashboard/page/rules/event-line.ts';
import { isExpiring, nextExpiry } from '../../../dashboard/page/rules/expiry.ts';
import { bytes, countdown, phoneNumber, span } from '../../../dashboard/page/rules/format.ts';
import { defaultEffects, globalEffects, userEffects } from '../../../dashboard/page/rules/limit-preview.ts';
import { explain } from '../../../dashboard/page/rules/problem.ts';
import { EVERYTHING, selectSessions } from '../../../dashboard/page/rules/session-list.ts';
import { verbsFor } from '../../../dashboard/page/rules/verbs.ts';
import { standingOf } from '../../../dashboard/page/rules/words.ts';
import { BOUNDS_BY_DEFAULT, sessionView, WORKING } from '../cli/fake-api.ts';

const NOW = Date.parse('2026-01-31T12:00:00Z');
const at = (ms: number) => new Date(NOW + ms).toISOString();
const MINUTE = 60_000;

describe('the list of sessions', () => {
  const list: readonly SessionView[] = [
    sessionView('b', {
      ...WORKING,
      userId: 'anna',
      me: { id: '4915199@c.us', pushName: 'Zoë' },
      idleAt: at(9),
    }),
    sessionView('a', { state: 'FAILED', status: 'FAILED', startedAt: null }),
    sessionView('c', { ...WORKING, userId: 'ben', me: null, idleAt: at(3) }),
  ];
  const names = (...[filter, sort]: [Partial<typeof EVERYTHING>, Parameters<typeof selectSessions>[2]]) =>
    selectSessions(list, { ...EVERYTHING, ...filter }, sort).map(({ name }) => name);

  it('lists first the sessions that need an action of a person', () => {
    expect(names({}, { by: 'standing', descending: false })[0]).toBe('a');
  });
  it('finds by every word, in name, user, number and person', () => {
    for (const search of ['zoë', '+4915199', 'anna B'])
      expect(names({ search }, { by: 'name', descending: false })).toEqual(['b']);
    expect(names({ search: 'anna c' }, { by: 'name', descending: false })).toEqual([]);
  });
  it('keeps what has no value at the end, whichever way the order runs', () => {
    expect(names({}, { by: 'idle', descending: false })).toEqual(['c', 'b', 'a']);
    expect(names({}, { by: 'idle', descending: true })).toEqual(['b', 'c', 'a']);
  });
});

describe('a session', () => {
  it('offers only what can be done as it stands', () => {
    expect(verbsFor({ state: 'STOPPED', status: 'STOPPED' })).toEqual(['start', 'delete']);
    expect(verbsFor({ state: 'STOPPING', status: 'WORKING' })).toEqual(['delete']);
    expect(verbsFor({ state: 'RUNNING', status: 'SCAN_QR_CODE' })).not.toContain('logout');
    expect(verbsFor({ state: 'RUNNING', status: 'WORKING' })).toContain('logout');
  });
  it('is stopping, even if its status still differs', () => {
    expect(standingOf({ state: 'STOPPING', status: 'WORKING' })).toBe('stopping');
  });
  it('waits for a restart: it can be started at once, stopped or logged out, and its timeline says why', () => {
    const waiting = {
      state: 'PENDING',
      status: 'STARTING',
      restart: { nextAttemptAt: at(MINUTE) },
    } as const;
    expect(standingOf(waiting)).toBe('restarting');
    expect(verbsFor(waiting)).toEqual(['start', 'stop', 'logout', 'delete']);
    expect(standingOf({ ...waiting, restart: { nextAttemptAt: null } })).toBe('waiting');
    const payload = { reason: 'heartbeat_lost', attempt: 2, maxAttempts: 5 };
    const event = { id: 'e', timestamp: NOW, event: 'session.restarting', epoch: 2, payload };
    expect(eventLine(event).title).toBe('Starts again: worker stopped reporting (2 of 5)');
  });
  it('expires by the earliest of its deadlines, and is marked shortly before', () => {
    const expiry = nextExpiry({ qrExpiresAt: null, idleAt: at(3 * MINUTE), expiresAt: at(4 * MINUTE) });
    expect(expiry).toMatchObject({ why: 'idle' });
    expect(isExpiring(expiry, NOW)).toBe(false);
    expect(isExpiring(expiry, NOW + MINUTE)).toBe(true);
    expect(nextExpiry({ qrExpiresAt: null, idleAt: null, expiresAt: null })).toBeUndefined();
  });
  it('shows why it ended', () => {
    const payload = { stopReason: 'heartbeat_lost', status: 'FAILED' };
    const event = { id: 'e', timestamp: NOW, event: 'session.stopped', epoch: 1, payload };
    expect(eventLine(event)).toMatchObject({ title: 'Ended: worker stopped reporting', tone: 'bad' });
  });
});

describe('capacity', () => {
  it('is judged by the share in use, as the deployed alarms are', () => {
    expect([39, 40, 47, 48].map((active) => levelOf(active, 50))).toEqual([
      'calm',
      'warning',
      'warning',
      'critical',
    ]);
    expect(levelOf(0, 0)).toBe('calm');
    expect(levelOf(1, 0)).toBe('critical');
    expect([alarmAt(50, 'warning'), alarmAt(50, 'critical'), alarmAt(0, 'warning')]).toEqual([40, 48, 1]);
  });
});

describe('the preview of a limit', () => {
  const limits: LimitsView = {
    global: { limit: 50, active: 37 },
    userDefault: 5,
    user: {
      userId: 'anna',
      limit: 5,
      active: 5,
      own: false,
      rate: null,
      ownRate: false,
      bounds: BOUNDS_BY_DEFAULT,
      ownBounds: {},
    },
    rateDefault: null,
    bounds: BOUNDS_BY_DEFAULT,
  };
  const texts = (effects: readonly { readonly text: string }[]) => effects.map(({ text }) => text).join(' ');

  it('says how many may still start, and that no session is stopped', () => {
    expect(texts(globalEffects(40, limits))).toContain('3 sessions more can start; now it is 13.');
    expect(texts(globalEffects(30, limits))).toMatch(/before 8 sessions have ended.*37 continue, 7 above/);
    expect(texts(globalEffects(0, limits))).toContain('No session can start until the limit is raised.');
    expect(globalEffects(50, limits)).toEqual([]);
  });
  it('names the users whom a new default refuses', () => {
    const users = {
      anna: { active: 3, limit: 5 },
      ben: { active: 1, limit: 5 },
      carla: { active: 9, limit: 9 },
    };
    const shown = texts(defaultEffects(3, limits, users));
    expect(shown).toContain('2 active users have the default.');
    expect(shown).toMatch(/rejected until one ends: anna\./);
  });
  it('says what a user falls back to', () => {
    expect(texts(userEffects(null, limits))).toMatch(/default of 5.*5 sessions run now/);
  });
});

describe('the trend', () => {
  it('draws no line over missing measurements', () => {
    const points = [0, 1, 2, 60, 61].map((minute) => ({ at: minute * MINUTE }));
    expect(runsOf(points).map((run) => run.length)).toEqual([3, 2]);
    expect(runsOf([])).toEqual([]);
  });
  it('has whole numbers at its side, and room for the highest', () => {
    for (const highest of [0, 1, 7, 50, 1234]) {
      const { ticks, top, y } = scaleOf(highest, 0, 1, { width: 100, height: 100 });
      expect(ticks.every(Number.isInteger)).toBe(true);
      expect(ticks.length).toBeLessThanOrEqual(6);
      expect(top).toBeGreaterThan(highest);
      expect(y(0)).toBe(100);
    }
  });
  it('shows the point that is nearest in time', () => {
    expect(nearest([{ at: 1 }, { at: 5 }, { at: 9 }], 6)).toEqual({ at: 5 });
  });
});

describe('words and figures', () => {
  it('are short and exact', () => {
    expect([countdown(-1), countdown(61_000), countdown(3_849_000)]).toEqual(['0:00', '1:01', '1:04:09']);
    expect([span(45_000), span(12 * MINUTE), span(200 * MINUTE), span(52 * 60 * MINUTE)]).toEqual([
      '45 s',
      '12 min',
      '3 h 20 min',
      '2 d 4 h',
    ]);
    expect([bytes(12), bytes(265_700), bytes(12_400_000)]).toEqual(['12 B', '265.7 kB', '12.4 MB']);
    expect([phoneNumber('491701@c.us'), phoneNumber('1@lid')]).toEqual(['+491701', '1@lid']);
  });
  it('of a failure are those of the API, with the request to look for', () => {
    const problem = {
      type: 't',
      title: 'Limit reached',
      status: 429,
      detail: 'The limit is 5.',
      instance: '/',
      requestId: 'r1',
    };
    expect(explain(new ApiError(problem, undefined))).toEqual({
      title: 'Limit reached',
      detail: 'The limit is 5.',
      fields: [],
      requestId: 'r1',
    });
    expect(explain(new UnreachableError('timeout', 'x', 'y')).detail).toContain('unknown');
  });
});
