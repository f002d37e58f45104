import { CfnOutput, Duration } from 'aws-cdk-lib';
import { AccessLogFormat } from 'aws-cdk-lib/aws-apigateway';
import {
  CorsHttpMethod,
  type CorsPreflightOptions,
  DomainName,
  HttpApi,
  HttpMethod,
  HttpNoneAuthorizer,
  HttpRoute,
  HttpRouteKey,
  HttpStage,
  type IHttpRouteAuthorizer,
  LogGroupLogDestination,
  SecurityPolicy,
} from 'aws-cdk-lib/aws-apigatewayv2';
import { HttpLambdaAuthorizer, HttpLambdaResponseType } from 'aws-cdk-lib/aws-apigatewayv2-authorizers';
import { HttpLambdaIntegration } from 'aws-cdk-lib/aws-apigatewayv2-integrations';
import { Certificate } from 'aws-cdk-lib/aws-certificatemanager';
import type { Function as LambdaFunction } from 'aws-cdk-lib/aws-lambda';
import { LogGroup } from 'aws-cdk-lib/aws-logs';
import { Construct } from 'constructs';
import type { Operation, OperationAuth } from '../../contract/operation.ts';
import type { Environment } from '../environments.ts';
import { acknowledge } from './acknowledge.ts';
import { removalOf } from './removal.ts';

/** The fields of an access-log line: never the path or its query, which name sessions. */
const ACCESS_LOG = JSON.stringify({
  requestId: '$context.requestId',
  at: '$context.requestTimeEpoch',
  ip: '$context.identity.sourceIp',
  route: '$context.routeKey',
  status: '$context.status',
  milliseconds: '$context.responseLatency',
  bytes: '$context.responseLength',
  authorizer: '$context.authorizer.error',
  integration: '$context.integrationErrorMessage',
});

/** Why routes of these kinds have no authorizer. */
const OPEN = {
  none: 'Public: whether the system is up, how the API is called, the dashboard without any data in it, signing in and out of it.',
  worker: 'The handler checks the secret of the session and its epoch, which only the database knows.',
} as const;
const isOpen = (auth: OperationAuth): auth is keyof typeof OPEN => Object.hasOwn(OPEN, auth);

/**
 * The headers that a browser's page may send and read: those that clients of the API use. API Gateway answers the
 * preflight requests by itself, without the authorizer. Cookies stay out: a page of another origin gives its key in
 * the header.
 */
const corsOf = ({ origins }: NonNullable<Environment['api']['cors']>): CorsPreflightOptions => ({
  allowOrigins: origins,
  allowMethods: [
    CorsHttpMethod.GET,
    CorsHttpMethod.HEAD,
    CorsHttpMethod.POST,
    CorsHttpMethod.PUT,
    CorsHttpMethod.PATCH,
    CorsHttpMethod.DELETE,
  ],
  allowHeaders: ['accept', 'content-type', 'idempotency-key', 'last-event-id', 'x-api-key'],
  exposeHeaders: [
    'apigw-requestid',
    'content-disposition',
    'retry-after',
    'x-berth-ignored',
    'x-next-cursor',
    'x-qr-life-ms',
    'x-request-id',
  ],
  maxAge: Duration.hours(1),
});

type BerthApiProps = {
  readonly environment: Environment;
  readonly apiName: string;
  readonly description: string;
  /** Of the access log, behind `/aws/vendedlogs/`. */
  readonly logName: string;
  readonly throttle: { readonly rateLimit: number; readonly burstLimit: number };
  readonly cors?: Environment['api']['cors'];
  readonly domain?: Environment['domain'];
};

/** An HTTP API. Made before its routes: the task definition, which functions need, names the URL of one. */
export class BerthApi extends Construct {
  readonly api: HttpApi;

  constructor(scope: Construct, id: string, props: BerthApiProps) {
    super(scope, id);
    const { environment, apiName, description, logName, throttle, cors, domain } = props;
    this.api = new HttpApi(this, 'Http', {
      apiName,
      createDefaultStage: false,
      description,
      ...(cors && { corsPreflight: corsOf(cors) }),
    });
    const accessLog = new LogGroup(this, 'AccessLog', {
      logGroupName: `/aws/vendedlogs/${logName}`,
      retention: environment.logs.retentionDays,
      removalPolicy: removalOf(environment),
    });
    const domainName =
      domain &&
      new DomainName(this, 'Domain', {
        domainName: domain.name,
        certificate: Certificate.fromCertificateArn(this, 'Certificate', domain.certificateArn),
        securityPolicy: SecurityPolicy.TLS_1_2,
      });
    if (domainName)
      new CfnOutput(this, 'ApiDomainTarget', {
        description: `A CNAME or alias of ${domainName.name} points here`,
        value: domainName.regionalDomainName,
      }).overrideLogicalId('ApiDomainTarget');
    new HttpStage(this, 'Stage', {
      httpApi: this.api,
      ...(domainName && { domainMapping: { domainName } }),
      stageName: '$default',
      autoDeploy: true,
      throttle: { rateLimit: throttle.rateLimit, burstLimit: throttle.burstLimit },
      accessLogSettings: {
        destination: new LogGroupLogDestination(accessLog),
        format: AccessLogFormat.custom(ACCESS_LOG),
      },
    });
  }

  get url(): string {
    return this.api.apiEndpoint;
  }

  /** Requests that no route takes go to `target`. Without it, API Gateway answers them with a body that is no problem. */
  addFallback(target: LambdaFunction): void {
    const route = new HttpRoute(this, 'NoRoute', {
      httpApi: this.api,
      routeKey: HttpRouteKey.DEFAULT,
      integration: new HttpLambdaIntegration('To-no-route', target),
      authorizer: new HttpNoneAuthorizer(),
    });
    acknowledge(route, 'APIG4', 'Public: it redirects, or says that there is no such path.');
  }

  /**
   * The authorizer says who asks and lets every request through; handlers refuse. An identity source would make API
   * Gateway refuse a request without the header by itself, with an answer that is no problem (RFC 9457); a kept result
   * would keep a revoked key alive.
   */
  addRoutes(
    routes: readonly Operation[],
    functionOf: (handler: string) => LambdaFunction,
    authorizer?: LambdaFunction,
  ): void {
    const keyAuthorizer =
      authorizer &&
      new HttpLambdaAuthorizer('Key', authorizer, {
        authorizerName: 'key',
        responseTypes: [HttpLambdaResponseType.SIMPLE],
        identitySource: [],
        resultsCacheTtl: Duration.seconds(0),
      });
    const authorizerOf = (auth: OperationAuth): IHttpRouteAuthorizer => {
      if (isOpen(auth)) return new HttpNoneAuthorizer();
      if (keyAuthorizer === undefined) throw new Error(`a route for ${auth} needs an authorizer`);
      return keyAuthorizer;
    };
    for (const handler of new Set(routes.map((route) => route.handler))) {
      const integration = new HttpLambdaIntegration(`To-${handler}`, functionOf(handler), {
        scopePermissionToRoute: false,
      });
      for (const route of routes.filter((each) => each.handler === handler))
        for (const added of this.api.addRoutes({
          path: route.path,
          methods: [HttpMethod[route.method]],
          integration,
          authorizer: authorizerOf(route.auth),
        }))
          if (isOpen(route.auth)) acknowledge(added, 'APIG4', OPEN[route.auth]);
    }
  }
}
