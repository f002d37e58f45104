import type { APIGatewayProxyEventV2 } from 'aws-lambda';
import * as z from 'zod';
import type { Clock } from '../../contract/clock.ts';
import type { AuthorizerModel } from '../assembly/model.ts';
import { ACCOUNT_ID, REGION } from '../iam/arn.ts';
import type { InvokeResult } from '../runtime/pool.ts';

export type Verdict =
  /** `context` becomes `requestContext.authorizer.lambda`. */
  | { readonly kind: 'allow'; readonly context: Readonly<Record<string, unknown>> }
  | { readonly kind: 'unauthorized' | 'forbidden' }
  /** The authorizer failed or answered nonsense. */
  | { readonly kind: 'failed'; readonly detail: string };

const answerSchema = z.object({
  isAuthorized: z.boolean(),
  context: z.record(z.string(), z.unknown()).default({}),
});

/** `$request.header.X-Api-Key`, `$request.querystring.key`, `$context.routeKey`; undefined: not in the request. */
const identityValue = (source: string, event: APIGatewayProxyEventV2): string | undefined => {
  const [, from, name = ''] = /^\$(request\.header|request\.querystring|context)\.(.+)$/.exec(source) ?? [];
  switch (from) {
    case 'request.header':
      return event.headers[name.toLowerCase()];
    case 'request.querystring':
      return event.queryStringParameters?.[name];
    case 'context':
      return name === 'routeKey' ? event.routeKey : undefined;
    default:
      throw new Error(`the identity source ${source} is not interpreted locally`);
  }
};

const requestOf = (event: APIGatewayProxyEventV2, identity: readonly string[]): object => {
  const { body: _body, isBase64Encoded: _encoded, ...rest } = event;
  const { apiId, stage, http } = event.requestContext;
  return {
    ...rest,
    type: 'REQUEST',
    routeArn: `arn:aws:execute-api:${REGION}:${ACCOUNT_ID}:${apiId}/${stage}/${http.method}${event.rawPath}`,
    identitySource: identity,
  };
};

/**
 * Asks Lambda authorizers (simple responses) and keeps their verdicts as long as the template says. As in AWS the
 * verdict is kept by the identity sources alone: unless `$context.routeKey` is one of them, it holds for all routes.
 */
export class Authorizers {
  readonly #kept = new Map<string, { verdict: Verdict; until: number }>();
  readonly #invoke: (name: string, event: unknown, signal?: AbortSignal) => Promise<InvokeResult>;
  readonly #clock: Clock;

  constructor(
    invoke: (name: string, event: unknown, signal?: AbortSignal) => Promise<InvokeResult>,
    clock: Clock,
  ) {
    this.#invoke = invoke;
    this.#clock = clock;
  }

  /** @param signal aborted when the caller no longer waits for the verdict */
  async authorize(
    authorizer: AuthorizerModel,
    event: APIGatewayProxyEventV2,
    signal?: AbortSignal,
  ): Promise<Verdict> {
    const identity = authorizer.identitySources.map((source) => identityValue(source, event) ?? '');
    if (identity.includes('')) {
      return { kind: 'unauthorized' };
    }
    const key = JSON.stringify([authorizer.id, ...identity]);
    const kept = this.#kept.get(key);
    if (kept !== undefined && kept.until > this.#clock()) {
      return kept.verdict;
    }
    const verdict = await this.#ask(authorizer, event, identity, signal);
    this.#forgetOld();
    if (authorizer.ttlSeconds > 0 && identity.length > 0 && verdict.kind !== 'failed') {
      this.#kept.set(key, { verdict, until: this.#clock() + authorizer.ttlSeconds * 1000 });
    }
    return verdict;
  }

  #forgetOld(): void {
    for (const [key, { until }] of this.#kept) {
      if (until <= this.#clock()) {
        this.#kept.delete(key);
      }
    }
  }

  async #ask(
    authorizer: AuthorizerModel,
    event: APIGatewayProxyEventV2,
    identity: readonly string[],
    signal: AbortSignal | undefined,
  ): Promise<Verdict> {
    if (!authorizer.simpleResponses) {
      return { kind: 'failed', detail: 'only simple responses are interpreted locally' };
    }
    const result = await this.#invoke(authorizer.functionName, requestOf(event, identity), signal);
    if (!result.ok) {
      return { kind: 'failed', detail: result.error.errorMessage };
    }
    const answer = answerSchema.safeParse(JSON.parse(result.payload));
    if (!answer.success) {
      return { kind: 'failed', detail: z.prettifyError(answer.error) };
    }
    return answer.data.isAuthorized ? { kind: 'allow', context: answer.data.context } : { kind: 'forbidden' };
  }
}
