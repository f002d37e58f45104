import * as z from 'zod';
import type { Change, Condition, Item, Value } from './store.ts';

/** An item as any store may answer it: plain JSON. */
export const itemSchema = z.record(z.string(), z.json());

/** A record as an item: plain JSON, undefined left out. */
export const toItem = (record: object): Item => itemSchema.parse(JSON.parse(JSON.stringify(record)));

/** The item after a change: what DynamoDB's UpdateItem leaves. An attribute both removed and set is set. */
export const applyChange = (item: Item, change: Change): Item => {
  const removed = new Set(change.remove);
  const kept = Object.entries(item).filter(([attr]) => !removed.has(attr));
  const next: Record<string, Value> = { ...Object.fromEntries(kept), ...change.set };
  for (const [attr, by] of Object.entries(change.add ?? {})) {
    const before = next[attr];
    next[attr] = (typeof before === 'number' ? before : 0) + by;
  }
  return next;
};

/** Whether the condition holds for the item (`undefined`: there is none), as DynamoDB would decide. */
export const holds = (condition: Condition, item: Item | undefined): boolean => {
  switch (condition.op) {
    case 'exists':
      return item?.[condition.attr] !== undefined;
    case 'absent':
      return item?.[condition.attr] === undefined;
    case 'and':
      return condition.of.every((c) => holds(c, item));
    case 'or':
      return condition.of.some((c) => holds(c, item));
    case 'in': {
      const value = item?.[condition.attr];
      return typeof value === 'string' && condition.values.includes(value);
    }
    case 'ltAttr':
      return compare('lt', item?.[condition.attr], item?.[condition.other]);
    default:
      return compare(condition.op, item?.[condition.attr], condition.value);
  }
};

/** A missing attribute or another type makes every comparison false, except that `ne` is then true. */
const compare = (
  op: 'eq' | 'ne' | 'lt' | 'le' | 'gt' | 'ge',
  left: Value | undefined,
  right: Value | undefined,
): boolean => {
  if (op === 'ne') return left !== right;
  if (left === undefined || right === undefined || typeof left !== typeof right) return false;
  if (op === 'eq') return left === right;
  if (typeof left === 'number' && typeof right === 'number') return ordered(op, left - right);
  if (typeof left === 'string' && typeof right === 'string')
    return ordered(op, left < right ? -1 : left > right ? 1 : 0);
  return false;
};

const ordered = (op: 'lt' | 'le' | 'gt' | 'ge', difference: number): boolean =>
  op === 'lt'
    ? difference < 0
    : op === 'le'
      ? difference <= 0
      : op === 'gt'
        ? difference > 0
        : difference >= 0;
