/** A simulator without its servers. */
import { randomBytes } from 'node:crypto';
import type { Clock } from '../../../contract/clock.ts';
import { Exchange } from '../../../simulator/exchange.ts';
import { openMediaStore } from '../../../simulator/media-store.ts';
import { World } from '../../../simulator/model/world.ts';

export const newExchange = (clock: Clock = () => Date.now()) => {
  const random = (bytes: number) => randomBytes(bytes).toString('hex');
  const world = new World({ clock, random });
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
  return { world, exchange };
};
