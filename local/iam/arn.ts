/** The account and region that everything local pretends to live in; the same as CDK's dummy environment. */
export const ACCOUNT_ID = '000000000000';
export const REGION = 'us-east-1';

const arn = (service: string, resource: string): string =>
  `arn:aws:${service}:${REGION}:${ACCOUNT_ID}:${resource}`;

const isArn = (value: string): boolean => value.startsWith('arn:');

/** ARN of a DynamoDB table; a table may be named by its ARN already. */
export const tableArn = (table: string): string => (isArn(table) ? table : arn('dynamodb', `table/${table}`));

/** ARN of a table's index. Query and Scan on an index are authorized on this, not on the table. */
export const indexArn = (table: string, index: string): string => `${tableArn(table)}/index/${index}`;

export const bucketArn = (bucket: string): string => `arn:aws:s3:::${bucket}`;

export const objectArn = (bucket: string, key: string): string => `arn:aws:s3:::${bucket}/${key}`;

export const queueArn = (queue: string): string => arn('sqs', queue);

/** ARN of an ECS resource such as `cluster/berth`, or the ARN given. */
export const ecsArn = (kind: string, id: string): string =>
  isArn(id) ? id : arn('ecs', id.startsWith(`${kind}/`) ? id : `${kind}/${id}`);

export const functionArn = (name: string): string => (isArn(name) ? name : arn('lambda', `function:${name}`));

export const eventBusArn = (bus: string): string => (isArn(bus) ? bus : arn('events', `event-bus/${bus}`));

export const logGroupArn = (group: string): string => arn('logs', `log-group:${group}`);

/** How AWS names a role's session in its AccessDenied messages. */
export const assumedRoleArn = (role: string): string =>
  `arn:aws:sts::${ACCOUNT_ID}:assumed-role/${role}/local`;
