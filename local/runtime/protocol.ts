/**
 * The messages between the runtime and the thread of a function's instance. Events and answers travel as JSON text.
 */

export type InstanceSetup = {
  /** File URL of the bundle. */
  readonly entry: string;
  /** The export that is called. */
  readonly exportName: string;
};

export type InvokeMessage = {
  readonly kind: 'invoke';
  readonly event: string;
  readonly requestId: string;
  readonly functionName: string;
  readonly functionArn: string;
  readonly memoryMb: number;
  /** ms since the epoch */
  readonly deadline: number;
};

/** As Lambda reports a failed invocation. */
export type FunctionError = {
  readonly errorType: string;
  readonly errorMessage: string;
  readonly trace?: readonly string[];
};

export type InstanceMessage =
  | { readonly kind: 'ready' }
  | { readonly kind: 'init-failed'; readonly error: FunctionError }
  | { readonly kind: 'answer'; readonly requestId: string; readonly payload: string }
  | { readonly kind: 'failed'; readonly requestId: string; readonly error: FunctionError };
