import type { RequestContext } from '../../iam/conditions.ts';

/** One action that a call needs, on every listed resource. */
export interface Permission {
  readonly action: string;
  readonly resources: readonly string[];
  readonly context?: RequestContext;
}

/** A call to one of the JSON services, decoded as far as permissions depend on it. */
export interface OperationInput {
  readonly operation: string;
  /** The decoded JSON body or form; empty for a body in another format. */
  readonly input: Readonly<Record<string, unknown>>;
}
