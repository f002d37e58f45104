/** Starts wait while callers wait for answers, and not for ever. */
import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import { ChangesUnderWay } from '../../../local/api/changes-under-way.ts';
import { StartQueue } from '../../../local/engines/ecs/start-queue.ts';

beforeEach(() => void vi.useFakeTimers());
afterEach(() => void vi.useRealTimers());

const open = () => {
  const changes = new ChangesUnderWay();
  const queue = new StartQueue({ atOnce: 2, mostMs: 60_000, behind: changes }, () => {});
  const begun: string[] = [];
  const enter = (id: string) => void queue.enter(id).then(() => begun.push(id));
  return { changes, queue, begun, enter };
};

test('starts wait until no more than one change is unanswered', async () => {
  const { changes, queue, begun, enter } = open();
  const answers = [changes.begin('POST'), changes.begin('PUT'), changes.begin('DELETE')];
  for (const id of ['a', 'b', 'c']) enter(id);
  await vi.advanceTimersByTimeAsync(100);
  expect(begun).toEqual([]);
  answers[0]?.();
  answers[0]?.();
  await vi.advanceTimersByTimeAsync(100);
  expect(begun).toEqual([]);
  answers[1]?.();
  await vi.advanceTimersByTimeAsync(0);
  expect(begun).toEqual(['a', 'b']);
  queue.remove('a');
  await vi.advanceTimersByTimeAsync(0);
  expect(begun).toEqual(['a', 'b', 'c']);
});

test('a single change, requests that read, and long ones hold up nothing', async () => {
  const { changes, begun, enter } = open();
  for (const method of ['GET', 'GET', 'HEAD', 'POST']) changes.begin(method);
  enter('a');
  await vi.advanceTimersByTimeAsync(0);
  expect(begun).toEqual(['a']);
  changes.begin('POST');
  enter('b');
  await vi.advanceTimersByTimeAsync(2_000);
  expect(begun).toEqual(['a']);
  await vi.advanceTimersByTimeAsync(1_100);
  expect(begun).toEqual(['a', 'b']);
});

test('a start waits for a bounded time, however many changes come', async () => {
  const { changes, begun, enter } = open();
  const coming = setInterval(() => changes.begin('POST'), 100);
  await vi.advanceTimersByTimeAsync(500);
  enter('a');
  await vi.advanceTimersByTimeAsync(1_000);
  enter('b');
  await vi.advanceTimersByTimeAsync(2_900);
  expect(begun).toEqual([]);
  await vi.advanceTimersByTimeAsync(200);
  expect(begun).toEqual(['a']);
  await vi.advanceTimersByTimeAsync(1_000);
  expect(begun).toEqual(['a', 'b']);
  clearInterval(coming);
});

test('a task that has time takes its turn after a pause, and another one does not wait for it', async () => {
  const pauseMs = (startedBy: string | undefined) => (startedBy === 'spare' ? 1_000 : 0);
  const queue = new StartQueue({ atOnce: 1, mostMs: 60_000, pauseMs }, () => {});
  const begun: string[] = [];
  const enter = (id: string, startedBy: string) => void queue.enter(id, startedBy).then(() => begun.push(id));
  enter('spare', 'spare');
  enter('stopped', 'spare');
  enter('session', 'session');
  await vi.advanceTimersByTimeAsync(500);
  expect(begun).toEqual(['session']);
  queue.remove('session');
  queue.remove('stopped');
  await vi.advanceTimersByTimeAsync(499);
  expect(begun).toEqual(['session', 'stopped']);
  await vi.advanceTimersByTimeAsync(1);
  expect(begun).toEqual(['session', 'stopped', 'spare']);
});
