/** The dashboard in a real browser, in front of one running system: each part's tests are in the file of its name. */
import { describe, expect, test, vi } from 'vitest';
import { shared } from '../../helpers/shared.ts';
import { accessibility } from './accessibility.ts';
import { administration } from './administration.ts';
import { openDashboard } from './dashboard-system.ts';
import { linking } from './linking.ts';
import { overview } from './overview.ts';
import { session } from './session.ts';
import { sessions } from './sessions.ts';
import { signIn } from './sign-in.ts';

vi.setConfig({ testTimeout: 300_000, hookTimeout: 180_000 });

const open = shared(openDashboard, (dashboard) => dashboard.close());

describe.sequential('the dashboard', () => {
  describe('signing in', () => signIn(open));
  describe('linking an account', () => linking(open));
  describe('sessions', () => sessions(open));
  describe('one session', () => session(open));
  describe('capacity at a glance', () => overview(open));
  describe('administration', () => administration(open));
  describe('accessible for all users', () => accessibility(open));

  test('has made no request to another origin, broken no policy and thrown no error in all of this', () => {
    expect(open().faults).toEqual([]);
  });
});
