/** Every command and every event over the build of WhatsApp Web before July 2026; session.test.ts has the newest. */
import { beforeAll, describe, vi } from 'vitest';
import { shared } from '../../helpers/shared.ts';
import { linkSession, startSystem } from '../../helpers/system.ts';
import { messages } from './messages.ts';

vi.setConfig({ testTimeout: 120_000, hookTimeout: 180_000 });

const ACCOUNT = '491700000001';

const open = shared(
  () => startSystem({ build: '2026-04' }),
  (system) => system.stop(),
);
beforeAll(() => linkSession(open(), { name: 'shop' }, ACCOUNT));

describe.sequential('over the build of 2026-04', () => messages(open, ACCOUNT));
