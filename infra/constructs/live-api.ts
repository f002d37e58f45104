import { Duration, Stack } from 'aws-cdk-lib';
import { WebSocketApi, WebSocketStage } from 'aws-cdk-lib/aws-apigatewayv2';
import { WebSocketLambdaAuthorizer } from 'aws-cdk-lib/aws-apigatewayv2-authorizers';
import { WebSocketLambdaIntegration } from 'aws-cdk-lib/aws-apigatewayv2-integrations';
import type { Function as LambdaFunction } from 'aws-cdk-lib/aws-lambda';
import { DeduplicationScope, FifoThroughputLimit, Queue, QueueEncryption } from 'aws-cdk-lib/aws-sqs';
import { Construct } from 'constructs';
import { LIVE_STAGE } from '../../contract/bodies/live.ts';
import type { Environment } from '../environments.ts';
import { namesOf } from '../names.ts';
import { acknowledge } from './acknowledge.ts';
import { removalOf } from './removal.ts';

/** Six times the time-out of `live-events`, as AWS asks for event sources. */
const VISIBILITY = Duration.minutes(3);
/** Longer than the retries of a topic whose connections are just opening, or that the database is too busy for. */
const RETENTION = Duration.minutes(30);

/**
 * The WebSocket API of live events, and the queue of topics whose connections have something to be sent. Made before its
 * routes: functions need its address.
 */
export class LiveApi extends Construct {
  readonly api: WebSocketApi;
  readonly queue: Queue;

  constructor(scope: Construct, id: string, { environment }: { readonly environment: Environment }) {
    super(scope, id);
    this.api = new WebSocketApi(this, 'WebSocket', {
      apiName: namesOf(environment).liveApi,
      description: 'Live events',
      routeSelectionExpression: '$request.body.action',
    });
    const { rateLimit, burstLimit } = environment.api.live;
    const stage = new WebSocketStage(this, 'Stage', {
      webSocketApi: this.api,
      stageName: LIVE_STAGE,
      autoDeploy: true,
      throttle: { rateLimit, burstLimit },
    });
    acknowledge(
      stage,
      'APIG1',
      'Access logs of a WebSocket API need a role in the settings of the whole account, which Berth leaves alone; its functions log each connect.',
    );
    this.queue = new Queue(this, 'Topics', {
      fifo: true,
      deduplicationScope: DeduplicationScope.MESSAGE_GROUP,
      fifoThroughputLimit: FifoThroughputLimit.PER_MESSAGE_GROUP_ID,
      encryption: QueueEncryption.SQS_MANAGED,
      enforceSSL: true,
      retentionPeriod: RETENTION,
      visibilityTimeout: VISIBILITY,
      removalPolicy: removalOf(environment),
    });
    acknowledge(
      this.queue,
      'SQS3',
      'A message only names a topic that has something to be sent; the next event of the topic names it again.',
    );
  }

  /** Where clients connect, and where functions post to connections. */
  get url(): string {
    return `${this.api.apiEndpoint}/${LIVE_STAGE}`;
  }

  /** The ARN of a path below the API, such as `ws/POST/@connections/*`. */
  arnOf(path: string): string {
    return Stack.of(this).formatArn({
      service: 'execute-api',
      resource: this.api.apiId,
      resourceName: path,
    });
  }

  /** The same as cdk-nag writes it. */
  arnText(path: string): string {
    const { logicalId } = this.api.node.defaultChild as { logicalId?: string };
    return `arn:<AWS::Partition>:execute-api:<AWS::Region>:<AWS::AccountId>:<${Stack.of(this).resolve(logicalId)}>/${path}`;
  }

  /** One function for the authorizer and all routes; `$default` responds to what a client sends. */
  addRoutes(target: LambdaFunction): void {
    const integration = (name: string) => new WebSocketLambdaIntegration(`To-${name}`, target);
    this.api.addRoute('$connect', {
      integration: integration('connect'),
      // Without an identity source, so that a connect without a key is refused by the function as well.
      authorizer: new WebSocketLambdaAuthorizer('Key', target, { authorizerName: 'key', identitySource: [] }),
    });
    for (const [key, name] of [
      ['$disconnect', 'disconnect'],
      ['$default', 'message'],
    ] as const) {
      const route = this.api.addRoute(key, {
        integration: integration(name),
        ...(key === '$default' && { returnResponse: true }),
      });
      acknowledge(
        route,
        'APIG4',
        'Only $connect can have an authorizer; its result holds for the connection.',
      );
    }
  }
}
