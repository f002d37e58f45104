/** The alarms and the dashboard of an environment beside stand-ins for what they watch: no whole synth. */
import { App, Duration, Stack } from 'aws-cdk-lib';
import { Template } from 'aws-cdk-lib/assertions';
import { HttpApi, WebSocketApi } from 'aws-cdk-lib/aws-apigatewayv2';
import { Queue } from 'aws-cdk-lib/aws-sqs';
import { AlarmTopic } from '../../infra/constructs/alarm-topic.ts';
import { Alarms } from '../../infra/constructs/alarms.ts';
import { BerthDashboard } from '../../infra/constructs/dashboard.ts';
import { createTable } from '../../infra/constructs/table.ts';
import type { Environment } from '../../infra/environments.ts';

export const observabilityTemplate = (
  environment: Environment,
  hosts?: { readonly cluster: string; readonly provider: string },
): Template => {
  const stack = new Stack(new App());
  const { topic } = new AlarmTopic(stack, 'AlarmTopic', { name: 'alarms', email: 'ops@example.com' });
  const watched = {
    environment,
    sweep: Duration.minutes(environment.sweepMinutes),
    api: new HttpApi(stack, 'Api'),
    workerApi: new HttpApi(stack, 'WorkerApi'),
    live: {
      api: new WebSocketApi(stack, 'Live'),
      queue: new Queue(stack, 'LiveTopics'),
      functions: { connections: 'live-connections', events: 'live-events' },
    },
    table: createTable(stack, 'Table', { protected: false, locked: false }),
    eventDeadLetters: new Queue(stack, 'EventDeadLetters'),
    backgroundDeadLetters: new Queue(stack, 'BackgroundDeadLetters'),
    hosts,
  };
  const alarms = new Alarms(stack, 'Alarms', { watched, topic });
  new BerthDashboard(stack, 'Dashboard', { watched, alarms, events: new Queue(stack, 'Events') });
  return Template.fromStack(stack);
};
