import { expect, it } from 'vitest';
import { reportOn } from '../../../local/iam-report/report.ts';

const table = 'arn:aws:dynamodb:us-east-1:000000000000:table/t';
const anyTask = 'arn:aws:ecs:us-east-1:000000000000:task/c/*';
const access = (action: string, resource: string) => ({ action, resource });

it('counts a grant as used if a use of any run falls under it', () => {
  const granted = [access('dynamodb:GetItem', table), access('ecs:StopTask', anyTask)];
  const run = (used: { action: string; resource: string }[]) => ({ reaper: { granted, used, denied: [] } });
  const [report] = reportOn(
    [run([access('dynamodb:GetItem', table)]), run([access('ecs:StopTask', anyTask.replace('*', '1'))])],
    () => undefined,
  );
  expect(report).toMatchObject({ handler: 'reaper', used: granted, unused: [], explained: [] });
});

it('lists unused permissions apart, with a reason or as unused; use of another resource does not count', () => {
  const granted = [access('dynamodb:GetItem', table), access('logs:PutLogEvents', '*')];
  const used = [access('dynamodb:GetItem', `${table}2`)];
  const denied = [access('dynamodb:Scan', table)];
  const [report] = reportOn([{ stats: { granted, used, denied } }], (_handler, action) =>
    action.startsWith('logs:') ? 'Lambda does' : undefined,
  );
  expect(report).toEqual({
    handler: 'stats',
    used: [],
    unused: [access('dynamodb:GetItem', table)],
    explained: [{ ...access('logs:PutLogEvents', '*'), reason: 'Lambda does' }],
    denied,
  });
});
