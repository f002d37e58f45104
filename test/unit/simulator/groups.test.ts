/** Who hears what of a group. */
import { randomBytes } from 'node:crypto';
import { expect, test } from 'vitest';
import { Exchange } from '../../../simulator/exchange.ts';
import { openMediaStore } from '../../../simulator/media-store.ts';
import { World } from '../../../simulator/model/world.ts';

const [ADA, BEN] = ['15550001111', '15550002222'];
const [ADA_ID, BEN_ID] = [`${ADA}@c.us`, `${BEN}@c.us`];

const open = () => {
  const clock = () => 1_800_000_000_000;
  const random = (bytes: number) => randomBytes(bytes).toString('hex');
  const world = new World({ clock, random });
  const ada = world.ensureAccount({ phoneNumber: ADA });
  world.ensureAccount({ phoneNumber: BEN });
  const exchange = new Exchange({
    world,
    media: openMediaStore(undefined),
    clock,
    random,
    qrRefreshMs: 20_000,
    qrRefreshLimit: 3,
    profileKilobytes: 0,
    build: '2026-07',
  });
  const { id } = exchange.createGroup(ada, 'Team', [BEN_ID]);
  const heard = (account: string) =>
    world.messages(account).flatMap(({ type, subtype }) => (type === 'gp2' ? [subtype] : []));
  return { exchange, world, id, heard };
};

test('who was removed hears of it, and of nothing that is later changed', () => {
  const { exchange, world, id, heard } = open();
  exchange.changeGroup(id, ADA_ID, { remove: [BEN_ID] });
  exchange.changeGroup(id, ADA_ID, { subject: 'Without Ben' });
  expect(heard(ADA)).toEqual(['remove', 'subject']);
  expect(heard(BEN)).toEqual(['remove']);
  expect(world.groups(BEN)).toMatchObject([{ subject: 'Team' }]);
});

test('who comes back hears of it once, and has the group as it is now', () => {
  const { exchange, world, id, heard } = open();
  exchange.changeGroup(id, ADA_ID, { remove: [BEN_ID] });
  exchange.changeGroup(id, ADA_ID, { subject: 'Without Ben' });
  exchange.changeGroup(id, BEN_ID, { add: [BEN_ID] });
  expect(heard(BEN)).toEqual(['remove', 'add']);
  expect(world.groups(BEN)).toMatchObject([{ subject: 'Without Ben', participants: [{}, { id: BEN_ID }] }]);
});
