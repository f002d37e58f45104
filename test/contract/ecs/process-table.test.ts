import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { afterEach, describe, expect, test } from 'vitest';
import {
  identityOf,
  parsePs,
  processTable,
  TASK_VARIABLE,
} from '../../../local/engines/ecs/process-table.ts';
import { taskProcesses } from '../../../local/engines/ecs/process-tree.ts';

const children: ReturnType<typeof spawn>[] = [];
afterEach(() => {
  for (const child of children.splice(0)) child.kill('SIGKILL');
});

describe('the process table', () => {
  test('shows a process with its parent, group and task mark', async () => {
    const child = spawn(process.execPath, ['-e', 'setInterval(() => {}, 60000)'], {
      detached: true,
      stdio: 'ignore',
      env: { PATH: process.env.PATH, [TASK_VARIABLE]: 'a-task' },
    });
    children.push(child);
    await once(child, 'spawn');
    const entry = processTable().find(({ pid }) => pid === child.pid);
    expect(entry).toMatchObject({ parent: process.pid, group: child.pid, task: 'a-task' });
    expect(identityOf(child.pid ?? 0)).toBe(entry?.identity);
    expect(identityOf(process.pid)).not.toBe(entry?.identity);
  });

  test('does not show a process that has ended', async () => {
    const child = spawn(process.execPath, ['-e', ''], { stdio: 'ignore' });
    await once(child, 'exit');
    expect(identityOf(child.pid ?? 0)).toBeUndefined();
  });

  test('is read from what ps prints on macOS', () => {
    const output = [
      '    1     0     1 Ss   Mon Jan  5 09:00:01 2026     /sbin/launchd',
      `  812   700   812 S    Tue Jan  6 10:11:12 2026     node worker.ts PATH=/bin ${TASK_VARIABLE}=a-task`,
      '  813   812   812 Z    Tue Jan  6 10:11:13 2026     (node)',
    ].join('\n');
    expect(parsePs(output)).toEqual([
      { pid: 1, parent: 0, group: 1, identity: 'Mon Jan 5 09:00:01 2026', task: undefined },
      { pid: 812, parent: 700, group: 812, identity: 'Tue Jan 6 10:11:12 2026', task: 'a-task' },
    ]);
  });
});

describe('a task’s processes', () => {
  const entry = (pid: number, parent: number, group: number, task?: string) => ({
    pid,
    parent,
    group,
    identity: `start-${pid}`,
    task,
  });
  const table = [
    entry(10, 1, 10),
    entry(11, 10, 10),
    entry(12, 11, 12),
    entry(13, 12, 12),
    entry(20, 1, 20, 'a-task'),
    entry(21, 1, 20),
    entry(30, 1, 30, 'another'),
    entry(31, 1, 31),
  ];

  test('are those under its root, those with its mark, and the groups that these lead', () => {
    const pids = taskProcesses({ taskId: 'a-task', root: { pid: 10, identity: 'start-10' } }, table);
    expect(pids.sort()).toEqual([10, 11, 12, 13, 20, 21]);
  });

  test('are none under a pid that another process has now', () => {
    expect(taskProcesses({ taskId: 'a-task', root: { pid: 10, identity: 'earlier' } }, table)).toEqual([
      20, 21,
    ]);
  });
});
