import * as z from 'zod';
import { eventBusArn, functionArn, logGroupArn } from '../../iam/arn.ts';
import { invokedFunction } from '../lambda.ts';
import { AwsRefusal } from '../refusals.ts';
import type { OperationInput, Permission } from './permission.ts';

const putEvents = z.object({ Entries: z.array(z.object({ EventBusName: z.string().default('default') })) });
const metric = z.object({ Namespace: z.string().optional() });
const logGroup = z.object({ logGroupName: z.string().optional() });
const topic = z.object({ TopicArn: z.string().optional(), TargetArn: z.string().optional() });

type ServicePermissions = (call: OperationInput) => Permission[];

/**
 * Services with few calls, each checked on the resource that the Service Authorization Reference names.
 * Keyed by the service's signing name, which is not always its IAM prefix.
 */
const SERVICES: Readonly<Record<string, ServicePermissions>> = {
  // GetCallerIdentity needs no permission on AWS.
  sts: ({ operation }) =>
    operation === 'GetCallerIdentity' ? [] : [{ action: `sts:${operation}`, resources: ['*'] }],
  events: ({ operation, input }) => {
    const entries = operation === 'PutEvents' ? putEvents.parse(input).Entries : [];
    const buses = [...new Set(entries.map(({ EventBusName }) => eventBusArn(EventBusName)))];
    return [{ action: `events:${operation}`, resources: buses.length > 0 ? buses : ['*'] }];
  },
  lambda: ({ operation }) => {
    const name = invokedFunction(operation);
    if (name === undefined)
      throw new AwsRefusal('unknownOperation', `Lambda ${operation} is not available locally`);
    return [{ action: 'lambda:InvokeFunction', resources: [functionArn(name)] }];
  },
  monitoring: ({ operation, input }) => {
    const { Namespace } = metric.parse(input);
    const context = Namespace === undefined ? {} : { 'cloudwatch:namespace': Namespace };
    return [{ action: `cloudwatch:${operation}`, resources: ['*'], context }];
  },
  logs: ({ operation, input }) => {
    const { logGroupName } = logGroup.parse(input);
    const resource = logGroupName === undefined ? '*' : `${logGroupArn(logGroupName)}:*`;
    return [{ action: `logs:${operation}`, resources: [resource] }];
  },
  sns: ({ operation, input }) => {
    const { TopicArn, TargetArn } = topic.parse(input);
    return [{ action: `sns:${operation}`, resources: [TopicArn ?? TargetArn ?? '*'] }];
  },
};

/** Permissions of a call to any service that has no entry in a table of permissions: the call's action, on `*`. */
export const otherPermissions = (service: string, call: OperationInput): Permission[] => {
  const known = SERVICES[service];
  return known === undefined ? [{ action: `${service}:${call.operation}`, resources: ['*'] }] : known(call);
};
