import * as z from 'zod';
import { messageOfError } from '../../contract/message-of-error.ts';
import type { PolicyDocument } from '../iam/policy.ts';
import { createIdentify, type LocalEndpoints } from './identity.ts';
import { createResolver, type Identity } from './intrinsics.ts';
import type {
  ApiModel,
  AuthorizerModel,
  BucketModel,
  ClusterModel,
  EventRuleModel,
  EventSourceModel,
  FunctionModel,
  HostProviderModel,
  Model,
  PermissionModel,
  QueueModel,
  RouteModel,
  ScheduleModel,
  SocketApiModel,
  TableModel,
  TaskDefinitionModel,
} from './model.ts';
import type { CloudAssembly } from './read.ts';
import {
  interpretApi,
  interpretAuthorizer,
  interpretIntegration,
  interpretRoute,
  interpretRouteResponse,
  interpretStage,
} from './resources/api.ts';
import { interpretTable } from './resources/dynamodb.ts';
import { interpretCapacityProvider, interpretTaskDefinition } from './resources/ecs.ts';
import { interpretRule, interpretSchedule } from './resources/events.ts';
import { interpretPolicy, interpretRole } from './resources/iam.ts';
import { interpretEventSource, interpretFunction, interpretPermission } from './resources/lambda.ts';
import { interpretBucket } from './resources/s3.ts';
import { interpretQueue } from './resources/sqs.ts';
import { WITHOUT_LOCAL_MEANING } from './without-meaning.ts';

export class UninterpretedError extends Error {
  override readonly name = 'UninterpretedError';
}

type Role = { readonly identity: Identity; readonly policies: PolicyDocument[]; readonly managed: string[] };

/** The parts that were read so far. They become the model when all resources are read. */
class Draft {
  readonly tables: TableModel[] = [];
  readonly buckets: BucketModel[] = [];
  readonly queues: QueueModel[] = [];
  readonly functions: FunctionModel[] = [];
  readonly roles = new Map<string, Role>();
  readonly policies: { policy: PolicyDocument; roles: readonly string[] }[] = [];
  readonly managedPolicies = new Map<string, PolicyDocument>();
  readonly permissions: PermissionModel[] = [];
  readonly apis: (ReturnType<typeof interpretApi> & { id: string; url: string })[] = [];
  readonly stages: ReturnType<typeof interpretStage>[] = [];
  readonly integrations = new Map<string, ReturnType<typeof interpretIntegration>>();
  readonly authorizers = new Map<string, AuthorizerModel>();
  readonly routes: (ReturnType<typeof interpretRoute> & { id: string; ref: string })[] = [];
  /** References to the routes of WebSocket APIs whose results are sent to the client. */
  readonly responding = new Set<string>();
  readonly eventSources: EventSourceModel[] = [];
  readonly schedules: ScheduleModel[] = [];
  readonly eventRules: EventRuleModel[] = [];
  readonly clusters: ClusterModel[] = [];
  readonly hostProviders: HostProviderModel[] = [];
  readonly taskDefinitions: TaskDefinitionModel[] = [];
  readonly withoutMeaning: { resource: string; type: string; reason: string }[] = [];
}

type Read = (
  draft: Draft,
  resource: { id: string; identity: () => Identity; value: unknown; assembly: CloudAssembly },
) => void;

const namesOf = (id: string, identity: Identity) => ({
  name: identity.ref,
  logicalId: id,
  arn: identity.attributes.Arn ?? '',
});

const table: Read = (draft, { identity, value }) => {
  draft.tables.push(interpretTable(value, identity().ref));
};

/** The types that mean something on one machine. */
const READERS: Readonly<Record<string, Read>> = {
  'AWS::DynamoDB::Table': table,
  'AWS::DynamoDB::GlobalTable': table,
  'AWS::S3::Bucket': (draft, { identity, value }) => {
    draft.buckets.push(interpretBucket(value, identity().ref));
  },
  'AWS::SQS::Queue': (draft, { identity, value }) => {
    draft.queues.push(interpretQueue(value, identity()));
  },
  'AWS::Lambda::Function': (draft, { id, identity, value, assembly }) => {
    draft.functions.push(interpretFunction(value, id, identity(), assembly.assets));
  },
  'AWS::Lambda::Permission': (draft, { value }) => {
    draft.permissions.push(interpretPermission(value));
  },
  'AWS::Lambda::EventSourceMapping': (draft, { id, value }) => {
    draft.eventSources.push(interpretEventSource(value, id));
  },
  'AWS::IAM::Role': (draft, { identity, value }) => {
    draft.roles.set(identity().ref, { identity: identity(), ...interpretRole(value) });
  },
  'AWS::IAM::Policy': (draft, { value }) => {
    draft.policies.push(interpretPolicy(value));
  },
  'AWS::IAM::ManagedPolicy': (draft, { identity, value }) => {
    const read = interpretPolicy(value);
    draft.policies.push(read);
    draft.managedPolicies.set(identity().ref, read.policy);
  },
  'AWS::ApiGatewayV2::Api': (draft, { identity, value }) => {
    const { ref: id, attributes } = identity();
    draft.apis.push({ id, url: attributes.ApiEndpoint ?? '', ...interpretApi(value) });
  },
  'AWS::ApiGatewayV2::Stage': (draft, { value }) => {
    draft.stages.push(interpretStage(value));
  },
  'AWS::ApiGatewayV2::Integration': (draft, { identity, value }) => {
    draft.integrations.set(identity().ref, interpretIntegration(value));
  },
  'AWS::ApiGatewayV2::Authorizer': (draft, { identity, value }) => {
    draft.authorizers.set(identity().ref, interpretAuthorizer(value, identity().ref));
  },
  'AWS::ApiGatewayV2::Route': (draft, { id, identity, value }) => {
    draft.routes.push({ id, ref: identity().ref, ...interpretRoute(value) });
  },
  'AWS::ApiGatewayV2::RouteResponse': (draft, { value }) => {
    draft.responding.add(interpretRouteResponse(value));
  },
  'AWS::Scheduler::Schedule': (draft, { id, identity, value }) => {
    draft.schedules.push(interpretSchedule(value, namesOf(id, identity())));
  },
  'AWS::Events::Rule': (draft, { id, identity, value }) => {
    const read = interpretRule(value, namesOf(id, identity()));
    if ('schedule' in read) {
      draft.schedules.push(read.schedule);
    } else {
      draft.eventRules.push(read.rule);
    }
  },
  'AWS::ECS::Cluster': (draft, { identity }) => {
    draft.clusters.push({ name: identity().ref, arn: identity().attributes.Arn ?? '' });
  },
  'AWS::ECS::CapacityProvider': (draft, { identity, value }) => {
    draft.hostProviders.push(interpretCapacityProvider(value, identity().ref));
  },
  'AWS::ECS::TaskDefinition': (draft, { identity, value }) => {
    draft.taskDefinitions.push(interpretTaskDefinition(value, identity().ref));
  },
};

const explain = (error: unknown): string =>
  error instanceof z.ZodError ? z.prettifyError(error) : messageOfError(error);

const routesOf = (draft: Draft, api: string) =>
  draft.routes.flatMap(({ id, ref, apiId, key, method, path, responds, integration, authorizer }) => {
    if (apiId !== api) return [];
    const target = draft.integrations.get(integration);
    if (target === undefined) {
      throw new UninterpretedError(`route ${id} (${key}): there is no integration ${integration}`);
    }
    const guard = authorizer === undefined ? undefined : draft.authorizers.get(authorizer);
    if (authorizer !== undefined && guard === undefined) {
      throw new UninterpretedError(`route ${id} (${key}): there is no authorizer ${authorizer}`);
    }
    // AWS sends nothing for a route with the one and without the other.
    const sent = responds && draft.responding.has(ref);
    return [{ id, key, method, path, ...target, authorizer: guard, responds: sent }];
  });

/** An API without a stage is served nowhere on AWS either. */
const stageOf = (draft: Draft, api: string) => {
  const stage = draft.stages.find(({ apiId }) => apiId === api);
  if (stage === undefined) throw new UninterpretedError(`the API ${api} has no stage`);
  return stage;
};

const apisOf = (draft: Draft): ApiModel[] =>
  draft.apis
    .filter(({ protocol }) => protocol === 'HTTP')
    .map(({ id, url, cors }) => {
      const { name, throttles } = stageOf(draft, id);
      if (name !== '$default')
        throw new UninterpretedError(`the API ${id} has the stage ${name}; locally an HTTP API has $default`);
      const routes = routesOf(draft, id).map(
        ({ key: _key, responds: _responds, ...route }): RouteModel => route,
      );
      return { id, url, cors, throttles, routes };
    });

const socketApisOf = (draft: Draft): SocketApiModel[] =>
  draft.apis
    .filter(({ protocol }) => protocol === 'WEBSOCKET')
    .map(({ id, url }) => {
      const { name: stage, throttles } = stageOf(draft, id);
      const routes = routesOf(draft, id).map(({ method: _method, path: _path, ...route }) => route);
      return { id, url, stage, throttles, routes };
    });

const rolesOf = (draft: Draft) =>
  [...draft.roles].map(([name, role]) => ({
    name,
    arn: role.identity.attributes.Arn ?? '',
    policies: [
      ...role.policies,
      ...draft.policies.filter((policy) => policy.roles.includes(name)).map(({ policy }) => policy),
      ...role.managed.map((arn) => {
        const policy = draft.managedPolicies.get(arn);
        if (policy === undefined) {
          throw new UninterpretedError(
            `role ${name}: what the managed policy ${arn} allows is not known locally`,
          );
        }
        return policy;
      }),
    ],
  }));

/** A function that a route, source or rule names must be there; CloudFormation would find it only at run time. */
const checkTargets = (
  draft: Draft,
  routes: readonly { readonly id: string; readonly functionName: string }[],
): void => {
  const names = new Set(draft.functions.map(({ name }) => name));
  const wanted = [
    ...routes.map(({ functionName, id }) => [id, functionName] as const),
    ...[...draft.authorizers.values()].map(({ id, functionName }) => [id, functionName] as const),
    ...draft.eventSources.map(({ id, functionName }) => [id, functionName] as const),
    ...[...draft.schedules, ...draft.eventRules].flatMap(({ name, targets }) =>
      targets.map(({ functionName }) => [name, functionName] as const),
    ),
  ];
  for (const [from, name] of wanted) {
    if (!names.has(name)) {
      throw new UninterpretedError(`${from} names the function ${name}, which the assembly does not have`);
    }
  }
};

/**
 * Turns a cloud assembly into the model of what one machine runs. Every resource is interpreted, or listed with the
 * reason why it has no meaning here; anything else stops with an error that names it. Nothing is silently ignored.
 */
export const interpret = (assembly: CloudAssembly, endpoints: LocalEndpoints): Model => {
  const resolver = createResolver(assembly, createIdentify(endpoints));
  const draft = new Draft();
  for (const stack of assembly.stacks) {
    for (const [id, resource] of Object.entries(stack.template.Resources)) {
      if (!resolver.holds(stack, resource.Condition)) {
        continue;
      }
      const path = [stack.name, id];
      const reason = WITHOUT_LOCAL_MEANING[resource.Type];
      if (reason !== undefined) {
        draft.withoutMeaning.push({ resource: path.join('.'), type: resource.Type, reason });
        continue;
      }
      const read = READERS[resource.Type];
      if (read === undefined) {
        throw new UninterpretedError(
          `${path.join('.')}: local mode does not interpret ${resource.Type}; ` +
            'teach it (local/assembly/interpret.ts) or list it with a reason (local/assembly/without-meaning.ts)',
        );
      }
      const value = resolver.resolve(stack, resource.Properties, path);
      try {
        read(draft, { id, identity: () => resolver.identity(stack, id, path), value, assembly });
      } catch (error) {
        throw new UninterpretedError(`${path.join('.')} (${resource.Type}): ${explain(error)}`, {
          cause: error,
        });
      }
    }
  }
  const apis = apisOf(draft);
  if (apis.length === 0) throw new UninterpretedError('local mode runs HTTP APIs; the assembly has none');
  const [shared] = apis.flatMap(({ url }, n) => (apis.findIndex((api) => api.url === url) < n ? [url] : []));
  if (shared !== undefined)
    throw new UninterpretedError(`two HTTP APIs of the assembly would listen at ${shared}`);
  const socketApis = socketApisOf(draft);
  checkTargets(draft, [
    ...apis.flatMap(({ routes }) => routes),
    ...socketApis.flatMap(({ routes }) => routes),
  ]);
  return {
    tables: draft.tables,
    buckets: draft.buckets,
    queues: draft.queues,
    functions: draft.functions,
    roles: rolesOf(draft),
    permissions: draft.permissions,
    apis,
    socketApis,
    eventSources: draft.eventSources,
    schedules: draft.schedules,
    eventRules: draft.eventRules,
    clusters: draft.clusters,
    hostProviders: draft.hostProviders,
    taskDefinitions: draft.taskDefinitions,
    withoutMeaning: draft.withoutMeaning,
  };
};
