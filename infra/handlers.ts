import { BACKGROUND_HANDLERS, OPERATIONS } from '../contract/routes.ts';

/** Every handler, sorted: functions/<handler>.ts is bundled and deployed as `berth-<env>-<handler>`. */
export const HANDLERS: readonly string[] = [
  ...new Set([...OPERATIONS.map((route) => route.handler), ...BACKGROUND_HANDLERS]),
].sort();
