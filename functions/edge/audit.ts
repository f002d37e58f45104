import { Problem } from '../../contract/errors.ts';
import { beginAct } from '../../core/observability/audit.ts';
import type { Store } from '../../core/store.ts';
import { base } from '../adapters/base.ts';
import { dynamoDbStore } from '../adapters/dynamodb-store.ts';
import type { AuthContext } from './auth-context.ts';

/** The data of an action's entry; a request as the edge has parsed it. */
type Audited = {
  readonly operation: { readonly id: string };
  readonly requestId: string;
  readonly headers: Readonly<Record<string, string | undefined>>;
  readonly ip: string;
  readonly params: object;
  readonly query: object;
  readonly body: unknown;
  readonly caller: () => Extract<AuthContext, { readonly role: 'admin' | 'user' }>;
};

let store: Store | undefined;

/** Runs an administrative act between the two writes of its entry in the audit log. */
export const auditing = async <A extends { readonly status: number }>(
  request: Audited,
  run: () => Promise<A>,
): Promise<A> => {
  const { userId, keyId, via } = request.caller();
  store ??= dynamoDbStore();
  const end = await beginAct(
    { ...base, store },
    {
      action: request.operation.id,
      who: { userId, keyId, via },
      from: { ip: request.ip, userAgent: request.headers['user-agent']?.slice(0, 200) ?? null },
      requestId: request.requestId,
      details: {
        ...request.params,
        ...request.query,
        ...(request.body === undefined ? {} : { body: request.body }),
      },
    },
  );
  try {
    const answer = await run();
    await end({ outcome: 'done', status: answer.status });
    return answer;
  } catch (error) {
    await end({ outcome: 'failed', ...(error instanceof Problem ? { status: error.status } : {}) });
    throw error;
  }
};
