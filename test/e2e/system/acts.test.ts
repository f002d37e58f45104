/** Actions other than sending, over both builds of WhatsApp Web. */
import { beforeAll, describe, vi } from 'vitest';
import { type BuildName, buildNames } from '../../../contract/phone/behavior.ts';
import { shared } from '../../helpers/shared.ts';
import { linkSession, startSystem } from '../../helpers/system.ts';
import { acts } from './acts.ts';
import { eventShapes } from './event-shapes.ts';

vi.setConfig({ testTimeout: 120_000, hookTimeout: 180_000 });

const ACCOUNT = '491700000001';
const FRIEND = '491700000009';

describe.sequential.each(buildNames)('over the build of %s', (build: BuildName) => {
  const open = shared(
    () => startSystem({ build }),
    (system) => system.stop(),
  );
  beforeAll(async () => {
    await linkSession(open(), { name: 'shop' }, ACCOUNT);
    // An account is known once its passkey was set; it needs no page.
    await open().phone.setPasskey({ account: FRIEND, required: false });
  });
  acts(open, ACCOUNT);
  describe('events', () => eventShapes(open, ACCOUNT));
});
