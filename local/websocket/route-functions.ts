/** The functions behind the routes of a WebSocket API: which one a message is for, whether it may be called, and its answer. */
import * as z from 'zod';
import { mayInvoke } from '../api/permission.ts';
import type { PermissionModel, SocketApiModel, SocketRouteModel } from '../assembly/model.ts';
import { ACCOUNT_ID, REGION } from '../iam/arn.ts';
import { evaluate } from '../iam/evaluate.ts';
import { parsePolicy } from '../iam/policy.ts';
import type { InvokeResult } from '../runtime/pool.ts';
import { authorizerEvent, type ConnectionFacts, methodArn, type requestOf } from './event.ts';
import { Refused } from './refusal.ts';

const AUTHORIZER_DEADLINE_MS = 10_000;

const integrationAnswer = z.object({
  statusCode: z.int(),
  headers: z.record(z.string(), z.string()).default({}),
  body: z.string().default(''),
});
type IntegrationAnswer = z.infer<typeof integrationAnswer>;

const authorizerAnswer = z.object({
  principalId: z.string(),
  policyDocument: z.unknown().transform(parsePolicy),
  context: z.record(z.string(), z.union([z.string(), z.number(), z.boolean(), z.null()])).default({}),
});

/** What the authorizer says about the caller, for the events of the connection. */
export type Authorizer = Readonly<Record<string, unknown>>;

type RouteFunctionsOptions = {
  readonly api: SocketApiModel;
  readonly permissions: readonly PermissionModel[];
  readonly invoke: (functionName: string, event: unknown) => Promise<InvokeResult>;
};

export class RouteFunctions {
  readonly #options: RouteFunctionsOptions;

  constructor(options: RouteFunctionsOptions) {
    this.#options = options;
  }

  has(key: string): boolean {
    return this.#options.api.routes.some((route) => route.key === key);
  }

  /** Runs the authorizer of a route, if it has one. Throws Refused. */
  async authorize(
    facts: ConnectionFacts,
    { authorizer: model }: SocketRouteModel,
    received: ReturnType<typeof requestOf>,
    requestId: string,
  ): Promise<Authorizer | undefined> {
    if (model === undefined) return undefined;
    this.#requirePermission(model.functionName, `${facts.apiId}/authorizers/${model.id}`);
    const answer = authorizerAnswer.safeParse(
      await this.#run(model.functionName, authorizerEvent(facts, received, requestId)),
    );
    if (!answer.success) throw new Refused(500, 'Internal server error');
    const { policyDocument, principalId, context } = answer.data;
    const decision = evaluate([policyDocument], {
      action: 'execute-api:Invoke',
      resource: methodArn(facts, '$connect'),
      context: {},
    });
    if (decision !== 'allow') throw new Refused(403, 'User is not authorized to access this resource');
    return { principalId, integrationLatency: 0, ...context };
  }

  /** By `$request.body.action`, the one selection expression that is interpreted; else `$default`. */
  keyOf(body: string): string {
    const action = actionSchema.safeParse(jsonOf(body));
    const named = action.success ? action.data.action : '$default';
    return !named.startsWith('$') && this.has(named) ? named : '$default';
  }

  /** Throws if there is none. */
  route(key: string): SocketRouteModel {
    const route = this.#options.api.routes.find((each) => each.key === key);
    if (route === undefined) throw new Refused(403, 'Forbidden');
    return route;
  }

  /** The answer of a route's function. */
  async invoke(route: SocketRouteModel, facts: ConnectionFacts, event: unknown): Promise<IntegrationAnswer> {
    this.#requirePermission(route.functionName, `${facts.apiId}/${facts.stage}/${route.key}`);
    return integrationAnswer.parse(await this.#run(route.functionName, event, route.timeoutMs));
  }

  #requirePermission(functionName: string, source: string): void {
    const arn = `arn:aws:execute-api:${REGION}:${ACCOUNT_ID}:${source}`;
    if (!mayInvoke(this.#options.permissions, functionName, 'apigateway.amazonaws.com', arn))
      throw new Error(`no AWS::Lambda::Permission lets ${arn} invoke ${functionName}`);
  }

  async #run(functionName: string, event: unknown, deadlineMs = AUTHORIZER_DEADLINE_MS): Promise<unknown> {
    const { promise: late, reject } = Promise.withResolvers<never>();
    const timer = setTimeout(() => reject(new Error(`${functionName} was too slow`)), deadlineMs);
    try {
      const result = await Promise.race([late, this.#options.invoke(functionName, event)]);
      if (!result.ok) throw new Error(`${functionName}: ${result.error.errorMessage}`);
      return JSON.parse(result.payload);
    } finally {
      clearTimeout(timer);
    }
  }
}

const actionSchema = z.object({ action: z.string() });

const jsonOf = (text: string): unknown => {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
};
