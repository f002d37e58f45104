/** Which members receive which events of a group. */
import { expect, test } from 'vitest';
import { newExchange } from './new-exchange.ts';

const [ADA, BEN] = ['15550001111', '15550002222'];
const [ADA_ID, BEN_ID] = [`${ADA}@c.us`, `${BEN}@c.us`];

const open = () => {
  const { world, exchange } = newExchange(() => 1_800_000_000_000);
  const ada = world.ensureAccount({ phoneNumber: ADA });
  world.ensureAccount({ phoneNumber: BEN });
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
