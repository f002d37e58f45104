import { hash } from 'node:crypto';
import { managementPermissions } from '../websocket/management.ts';
import { withDeadline } from './deadline.ts';
import type { Exchange } from './exchange.ts';
import { authenticate, engineOf, flatHeaders } from './exchange.ts';
import { endToEndHeaders, readBody, relay } from './forward.ts';
import type { GatewayOptions, ServiceHandler } from './options.ts';
import { dynamodbPermissions } from './permissions/dynamodb.ts';
import { ecsPermissions } from './permissions/ecs.ts';
import { otherPermissions } from './permissions/other.ts';
import type { OperationInput, Permission } from './permissions/permission.ts';
import { sqsPermissions } from './permissions/sqs.ts';
import { parseServiceCall } from './service-call.ts';
import type { SignatureClaim } from './sigv4.ts';
import { namesQueues, throughGateway } from './sqs.ts';

/** DynamoDB's own limit for a request. */
const MAX_BODY_BYTES = 16 * 1024 * 1024;
/** Longer than SQS's longest poll of 20 s. */
const DEADLINE_MS = 30_000;
/** Lambda's longest timeout is 15 minutes. A function's own timeout ends its invocation before. */
const LAMBDA_DEADLINE_MS = 16 * 60_000;

/** Serves a call to any service but S3: its whole body is read, for the signature covers it. */
export const serveService = async (exchange: Exchange, claim: SignatureClaim): Promise<void> => {
  const { request, options } = exchange;
  const body = await readBody(request, MAX_BODY_BYTES);
  const access = authenticate(exchange, claim, hash('sha256', body));
  const call = parseServiceCall(request, body);
  exchange.operation = call.operation;
  const serve = serverOf(exchange, claim.service);
  const permissions = permissionsOf(claim.service, call, options);
  access.require(permissions);
  await serve(exchange, call, body, permissions);
};

type Serve = (
  exchange: Exchange,
  call: OperationInput,
  body: Buffer,
  permissions: readonly Permission[],
) => Promise<void>;

const serverOf = ({ options }: Exchange, service: string): Serve => {
  const handler = options.services?.[service];
  if (handler !== undefined) {
    return (...call) => serveByHandler(handler, ...call);
  }
  const engineUrl = engineOf(service, service === 'sqs' ? options.engines.sqsUrl : undefined);
  return (exchange, call, body) => serveByEngine(engineUrl, exchange, call, body);
};

const serveByHandler = async (
  handler: ServiceHandler,
  { request, response, service, principal = '', over, options }: Exchange,
  call: OperationInput,
  body: Buffer,
  permissions: readonly Permission[],
): Promise<void> => {
  const handled = handler({
    ...call,
    service,
    method: request.method ?? 'POST',
    target: request.url ?? '/',
    headers: flatHeaders(request),
    body,
    principal,
    resources: permissions.flatMap(({ resources }) => resources),
    over,
  });
  const deadlineMs = options.deadlineMs ?? (service === 'lambda' ? LAMBDA_DEADLINE_MS : DEADLINE_MS);
  const answer = await withDeadline(handled, deadlineMs, over);
  const type = request.headers['content-type'] ?? 'application/x-amz-json-1.1';
  response.writeHead(answer.status, {
    'content-type': type,
    'content-length': Buffer.byteLength(answer.body),
    ...answer.headers,
  });
  response.end(answer.body);
};

const serveByEngine = async (
  engineUrl: string,
  { request, response, service, forwarder, gatewayUrl, over, options }: Exchange,
  { operation }: OperationInput,
  body: Buffer,
): Promise<void> => {
  const answer = await forwarder.send({
    engineUrl,
    method: 'POST',
    // SQS clients may post to the queue's own URL; the engine listens on the root.
    target: '/',
    headers: endToEndHeaders(request.headers),
    body,
    deadlineMs: options.deadlineMs ?? DEADLINE_MS,
    over,
  });
  if (service === 'sqs' && namesQueues(operation) && answer.statusCode === 200) {
    const named = (await readBody(answer, MAX_BODY_BYTES)).toString('utf8');
    response.writeHead(200, { 'content-type': 'application/x-amz-json-1.0' });
    response.end(throughGateway(named, gatewayUrl));
    return;
  }
  await relay(answer, response);
};

const permissionsOf = (service: string, call: OperationInput, options: GatewayOptions): Permission[] => {
  const unknown = () => undefined;
  switch (service) {
    case 'dynamodb':
      return dynamodbPermissions(call, options.partitionKeyOf ?? unknown);
    case 'sqs':
      return sqsPermissions(call);
    case 'ecs':
      return ecsPermissions(call, options.taskDefinitionOf ?? unknown);
    case 'execute-api':
      return managementPermissions(call.operation, options.socketApiOf ?? unknown);
    default:
      return otherPermissions(service, call);
  }
};
