import type { APIGatewayAuthorizerResult, APIGatewayProxyStructuredResultV2 } from 'aws-lambda';
import * as z from 'zod';
import { PING_ACTION, PONG } from '../contract/bodies/live.ts';
import { connectLive } from '../contract/connect-live.ts';
import { Problem, problemBody } from '../contract/errors.ts';
import { findApiKey } from '../core/access/keys.ts';
import { rateLimiter } from '../core/access/rate.ts';
import { connect, redeemTicket, topicOf } from '../core/live/connect.ts';
import { removeConnection } from '../core/live/connections.ts';
import { base, log, logFields } from './adapters/base.ts';
import { dynamoDbStore } from './adapters/dynamodb-store.ts';
import { sqsLive } from './adapters/sqs-live.ts';
import { authContextSchema } from './edge/auth-context.ts';
import { type AuthorizerContext, contextOfKey } from './edge/authorize.ts';
import { callerOf, checked, problemOf, refuseRate } from './edge/http.ts';
import { liveCredentialOf } from './edge/live-credential.ts';

const store = dynamoDbStore();
const deps = { ...base, store, events: sqsLive() };
const refusalOf = rateLimiter(deps);

const parametersSchema = z.record(z.string(), z.array(z.string())).nullish().default({});

const authorizerEventSchema = z.object({
  type: z.literal('REQUEST'),
  methodArn: z.string(),
  headers: z.record(z.string(), z.string()).nullish(),
  multiValueQueryStringParameters: parametersSchema,
});

const socketEventSchema = z.object({
  requestContext: z.object({
    routeKey: z.enum(['$connect', '$disconnect', '$default']),
    connectionId: z.string(),
    requestId: z.string(),
    authorizer: z.record(z.string(), z.unknown()).default({}),
  }),
  multiValueQueryStringParameters: parametersSchema,
  body: z.string().nullish(),
});
type SocketEvent = z.infer<typeof socketEventSchema>;

/**
 * The WebSocket API's authorizer and its routes. The authorizer says who connects and denies no request: API Gateway keeps
 * what it says for all events of the connection, and `$connect` refuses with the status that fits.
 */
export const handler = async (
  event: unknown,
): Promise<APIGatewayAuthorizerResult | APIGatewayProxyStructuredResultV2> => {
  const asked = authorizerEventSchema.safeParse(event);
  if (asked.success) return authorize(asked.data);
  const socketEvent = socketEventSchema.parse(event);
  const { routeKey, connectionId, requestId } = socketEvent.requestContext;
  return logFields.run({ requestId, route: routeKey, connectionId }, () => ROUTES[routeKey](socketEvent));
};

const authorize = async ({
  methodArn,
  headers,
  multiValueQueryStringParameters: query,
}: z.infer<typeof authorizerEventSchema>): Promise<APIGatewayAuthorizerResult> => {
  const context = await contextOf(headers ?? {}, query ?? {});
  return {
    principalId: context.userId ?? 'none',
    policyDocument: {
      Version: '2012-10-17',
      Statement: [{ Action: 'execute-api:Invoke', Effect: 'Allow', Resource: methodArn }],
    },
    context: withTopic(context, query?.userId?.at(-1)),
  };
};

/** For the events of the connection after `$connect`, which come without its query. */
const withTopic = (context: AuthorizerContext, userId: string | undefined): AuthorizerContext =>
  context.userId === undefined ? context : { ...context, topic: topicOf({ userId: context.userId }, userId) };

const contextOf = async (
  headers: Readonly<Record<string, string>>,
  query: Readonly<Record<string, readonly string[]>>,
): Promise<AuthorizerContext> => {
  const credential = liveCredentialOf(headers, query);
  if (credential === undefined) return { role: 'none' };
  return contextOfKey(refusalOf, 'key', () =>
    'key' in credential ? findApiKey(deps, credential.key) : redeemTicket(deps, credential.ticket),
  );
};

const connecting = async (event: SocketEvent): Promise<APIGatewayProxyStructuredResultV2> => {
  const { requestId, connectionId, authorizer } = event.requestContext;
  try {
    const context = authContextSchema.safeParse(authorizer);
    const caller = callerOf(context.success ? context.data : { role: 'none' });
    refuseRate(caller);
    const query = checked(connectLive.query.safeParse(event.multiValueQueryStringParameters ?? {}), 'query');
    await connect(deps, connectionId, caller, query);
    return { statusCode: 200 };
  } catch (error) {
    const problem = problemOf(error, requestId);
    if (problem.status >= 500) deps.metrics.count('LiveFailures', 1);
    const { retryAfterSeconds } = problem.extras;
    return {
      statusCode: problem.status,
      headers: {
        'content-type': 'application/problem+json',
        ...(retryAfterSeconds === undefined ? {} : { 'retry-after': String(retryAfterSeconds) }),
      },
      body: JSON.stringify(problemBody(problem, '/ws', requestId)),
    };
  }
};

const topicSchema = z.object({ topic: z.string() });

/** A connection that the gateway does not report as ended is removed by the first post to it. */
const disconnecting = async (event: SocketEvent): Promise<APIGatewayProxyStructuredResultV2> => {
  const { connectionId: id, authorizer } = event.requestContext;
  const known = topicSchema.safeParse(authorizer);
  if (known.success) await removeConnection(deps, { topic: known.data.topic, id });
  else log.warn('a connection without a topic ended');
  return { statusCode: 200 };
};

const pingSchema = z.object({ action: z.literal(PING_ACTION) });

/** A client sends nothing but pings. */
const receiving = async ({
  body,
  requestContext,
}: SocketEvent): Promise<APIGatewayProxyStructuredResultV2> => {
  const isPing = pingSchema.safeParse(jsonOf(body)).success;
  const answer = isPing
    ? PONG
    : problemBody(
        new Problem('malformed', `The only message that is understood is {"action":"${PING_ACTION}"}.`),
        '/ws',
        requestContext.requestId,
      );
  return { statusCode: 200, body: JSON.stringify(answer) };
};

const jsonOf = (text: string | null | undefined): unknown => {
  try {
    return JSON.parse(text ?? '');
  } catch {
    return undefined;
  }
};

const ROUTES = { $connect: connecting, $disconnect: disconnecting, $default: receiving };
