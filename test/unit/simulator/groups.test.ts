/** Which members receive which events of a group. */
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
  const { id } = exchange.groups.create(ada, 'Team', [BEN_ID]);
  const received = (account: string) =>
    world.messages(account).flatMap(({ type, subtype }) => (type === 'gp2' ? [subtype] : []));
  return { exchange, world, id, received };
};

test('a removed member receives the removal, and no later change', () => {
  const { exchange, world, id, received } = open();
  exchange.groups.change(id, ADA_ID, { remove: [BEN_ID] });
  exchange.groups.change(id, ADA_ID, { subject: 'Without Ben' });
  expect(received(ADA)).toEqual(['remove', 'subject']);
  expect(received(BEN)).toEqual(['remove']);
  expect(world.groups(BEN)).toMatchObject([{ subject: 'Team' }]);
});

test('a member that comes back receives it once, and the group as it is now', () => {
  const { exchange, world, id, received } = open();
  exchange.groups.change(id, ADA_ID, { remove: [BEN_ID] });
  exchange.groups.change(id, ADA_ID, { subject: 'Without Ben' });
  exchange.groups.change(id, BEN_ID, { add: [BEN_ID] });
  expect(received(BEN)).toEqual(['remove', 'add']);
  expect(world.groups(BEN)).toMatchObject([{ subject: 'Without Ben', participants: [{}, { id: BEN_ID }] }]);
});
