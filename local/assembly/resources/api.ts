import * as z from 'zod';
import { TIMEOUTS_MS } from '../../../contract/timeouts.ts';
import type { StageThrottles, Throttle } from '../../api/throttle.ts';
import type { AuthorizerModel, CorsModel } from '../model.ts';
import { COSMETIC, functionNameOf, integer, properties } from './properties.ts';

const corsSchema = z.strictObject({
  AllowOrigins: z.array(z.string()).default([]),
  AllowMethods: z.array(z.string()).default([]),
  AllowHeaders: z.array(z.string()).default([]),
  ExposeHeaders: z.array(z.string()).default([]),
  AllowCredentials: z.boolean().default(false),
  MaxAge: integer.optional(),
});

const apiSchema = properties(
  {
    ProtocolType: z.enum(['HTTP', 'WEBSOCKET']),
    CorsConfiguration: corsSchema.optional(),
    // The one that is interpreted (local/websocket/api.ts).
    RouteSelectionExpression: z.literal('$request.body.action').optional(),
  },
  {
    ...COSMETIC,
    Name: 'cosmetic',
    DisableExecuteApiEndpoint: 'one API has one address here',
    IpAddressType: 'everything is on loopback',
  },
);

export const interpretApi = (
  value: unknown,
): { protocol: 'HTTP' | 'WEBSOCKET'; cors: CorsModel | undefined } => {
  const { ProtocolType: protocol, CorsConfiguration: cors } = apiSchema.parse(value);
  return {
    protocol,
    cors:
      cors === undefined
        ? undefined
        : {
            allowOrigins: cors.AllowOrigins,
            allowMethods: cors.AllowMethods,
            allowHeaders: cors.AllowHeaders,
            exposeHeaders: cors.ExposeHeaders,
            allowCredentials: cors.AllowCredentials,
            maxAgeSeconds: cors.MaxAge,
          },
  };
};

const throttleSchema = z.strictObject({
  ThrottlingRateLimit: z.coerce.number().positive().optional(),
  ThrottlingBurstLimit: integer.optional(),
  DetailedMetricsEnabled: z.boolean().optional(),
});

const stageSchema = properties(
  {
    ApiId: z.string(),
    StageName: z.string(),
    DefaultRouteSettings: throttleSchema.optional(),
    RouteSettings: z.record(z.string(), throttleSchema).default({}),
  },
  {
    ...COSMETIC,
    AutoDeploy: 'what is synthesized is served',
    AccessLogSettings: 'its access log is the API log',
  },
);

/** A rate without a burst, or a burst without a rate, is a throttle that API Gateway fills from the account's limits. */
const throttleOf = (settings: z.infer<typeof throttleSchema> | undefined): Throttle | undefined => {
  const { ThrottlingRateLimit: rate, ThrottlingBurstLimit: burst } = settings ?? {};
  if (rate === undefined && burst === undefined) return undefined;
  if (rate === undefined || burst === undefined)
    throw new Error('a throttle needs both ThrottlingRateLimit and ThrottlingBurstLimit');
  return { rate, burst };
};

export const interpretStage = (
  value: unknown,
): { apiId: string; name: string; throttles: StageThrottles } => {
  const { ApiId: apiId, StageName: name, DefaultRouteSettings, RouteSettings } = stageSchema.parse(value);
  const byRoute = Object.entries(RouteSettings).flatMap(([route, settings]) => {
    const throttle = throttleOf(settings);
    return throttle ? [[route, throttle] as const] : [];
  });
  return {
    apiId,
    name,
    throttles: { byDefault: throttleOf(DefaultRouteSettings), byRoute: Object.fromEntries(byRoute) },
  };
};

const integrationSchema = properties({
  ApiId: z.string(),
  IntegrationType: z.literal('AWS_PROXY'),
  IntegrationUri: z.string(),
  /** Absent at a WebSocket API, whose events have one format. */
  PayloadFormatVersion: z.literal('2.0').optional(),
  IntegrationMethod: z.string().optional(),
  TimeoutInMillis: integer.min(50).max(TIMEOUTS_MS.gateway).default(TIMEOUTS_MS.gateway),
});

export const interpretIntegration = (value: unknown): { functionName: string; timeoutMs: number } => {
  const integration = integrationSchema.parse(value);
  return { functionName: functionNameOf(integration.IntegrationUri), timeoutMs: integration.TimeoutInMillis };
};

const authorizerSchema = properties(
  {
    ApiId: z.string(),
    AuthorizerType: z.literal('REQUEST'),
    AuthorizerUri: z.string(),
    /** Absent at a WebSocket API, whose authorizers answer with a policy. */
    AuthorizerPayloadFormatVersion: z.literal('2.0').optional(),
    EnableSimpleResponses: z.boolean().default(false),
    IdentitySource: z.array(z.string()).default([]),
    AuthorizerResultTtlInSeconds: integer.min(0).max(3600).default(300),
  },
  { Name: 'cosmetic', AuthorizerCredentialsArn: 'a resource permission decides here' },
);

export const interpretAuthorizer = (value: unknown, id: string): AuthorizerModel => {
  const authorizer = authorizerSchema.parse(value);
  return {
    id,
    functionName: functionNameOf(authorizer.AuthorizerUri),
    identitySources: authorizer.IdentitySource,
    ttlSeconds: authorizer.AuthorizerResultTtlInSeconds,
    simpleResponses: authorizer.EnableSimpleResponses,
  };
};

const routeSchema = properties(
  {
    ApiId: z.string(),
    RouteKey: z.string().regex(/^([\w$-]+|[A-Z]+ \/\S*)$/),
    RouteResponseSelectionExpression: z.literal('$default').optional(),
    Target: z.string().regex(/^integrations\//),
    AuthorizationType: z.enum(['NONE', 'CUSTOM']).default('NONE'),
    AuthorizerId: z.string().optional(),
  },
  { OperationName: 'cosmetic' },
);

export const interpretRoute = (value: unknown) => {
  const route = routeSchema.parse(value);
  const [method = '', path = ''] =
    route.RouteKey === '$default' ? ['ANY', '$default'] : route.RouteKey.split(' ');
  return {
    apiId: route.ApiId,
    key: route.RouteKey,
    responds: route.RouteResponseSelectionExpression !== undefined,
    method,
    path,
    integration: route.Target.slice('integrations/'.length),
    authorizer: route.AuthorizationType === 'CUSTOM' ? route.AuthorizerId : undefined,
  };
};

const routeResponseSchema = properties({
  ApiId: z.string(),
  RouteId: z.string(),
  RouteResponseKey: z.literal('$default'),
});

/** The id of the route that responds. */
export const interpretRouteResponse = (value: unknown): string => routeResponseSchema.parse(value).RouteId;
