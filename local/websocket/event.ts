import type { IncomingMessage } from 'node:http';
import { ACCOUNT_ID, REGION } from '../iam/arn.ts';

/** A connection as its events name it. */
export type ConnectionFacts = {
  readonly apiId: string;
  readonly stage: string;
  readonly connectionId: string;
  readonly connectedAt: number;
  readonly domainName: string;
  readonly sourceIp: string;
  readonly userAgent: string;
};

type Values = Record<string, string[]>;

const grouped = (pairs: readonly (readonly [string, string])[]): Values =>
  Object.fromEntries(
    [...Map.groupBy(pairs, ([name]) => name)].map(([name, all]) => [name, all.map(([, value]) => value)]),
  );

const headersOf = ({ rawHeaders }: IncomingMessage): Values =>
  grouped(rawHeaders.flatMap((name, i) => (i % 2 === 0 ? [[name, rawHeaders[i + 1] ?? ''] as const] : [])));

const queryOf = (rawQuery: string): Values => grouped([...new URLSearchParams(rawQuery)]);

/** Of several values under one name API Gateway takes the last. */
const lastOf = (values: Values): Record<string, string> =>
  Object.fromEntries(Object.entries(values).map(([name, all]) => [name, all.at(-1) ?? '']));

const requestContext = (facts: ConnectionFacts, route: string, requestId: string, at: number) => ({
  routeKey: route,
  eventType: { $connect: 'CONNECT', $disconnect: 'DISCONNECT' }[route] ?? 'MESSAGE',
  extendedRequestId: requestId,
  requestTimeEpoch: at,
  messageDirection: 'IN',
  stage: facts.stage,
  connectedAt: facts.connectedAt,
  identity: { sourceIp: facts.sourceIp, userAgent: facts.userAgent },
  requestId,
  domainName: facts.domainName,
  connectionId: facts.connectionId,
  apiId: facts.apiId,
});

/** What `$connect` has beside the context: headers and query, both in the two forms of API Gateway. */
export const requestOf = (request: IncomingMessage, rawQuery: string) => {
  const headers = headersOf(request);
  const query = queryOf(rawQuery);
  return {
    headers: lastOf(headers),
    multiValueHeaders: headers,
    ...(rawQuery === ''
      ? {}
      : { queryStringParameters: lastOf(query), multiValueQueryStringParameters: query }),
  };
};

/** The event of a `REQUEST` authorizer. */
export const authorizerEvent = (
  facts: ConnectionFacts,
  received: ReturnType<typeof requestOf>,
  requestId: string,
) => ({
  type: 'REQUEST',
  methodArn: methodArn(facts, '$connect'),
  ...received,
  requestContext: requestContext(facts, '$connect', requestId, facts.connectedAt),
});

/** `arn:…:<api>/ws/$connect` */
export const methodArn = ({ apiId, stage }: ConnectionFacts, route: string): string =>
  `arn:aws:execute-api:${REGION}:${ACCOUNT_ID}:${apiId}/${stage}/${route}`;

/** The event of a route; `rest` has what its kind has beside the context. */
export const routeEvent = (
  facts: ConnectionFacts,
  route: string,
  {
    requestId,
    at,
    authorizer,
    context = {},
    ...rest
  }: {
    readonly requestId: string;
    readonly at: number;
    readonly authorizer: Readonly<Record<string, unknown>> | undefined;
    readonly context?: Readonly<Record<string, unknown>>;
  } & Readonly<Record<string, unknown>>,
) => ({
  ...rest,
  requestContext: {
    ...requestContext(facts, route, requestId, at),
    ...(authorizer === undefined ? {} : { authorizer }),
    ...context,
  },
  isBase64Encoded: false,
});
