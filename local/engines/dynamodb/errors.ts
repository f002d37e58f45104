import type { DynaliteError, Item } from 'dynalite/db/index.js';

const SERVICE = 'com.amazonaws.dynamodb.v20120810';

/** An error that DynamoDB itself would answer: its HTTP status and JSON body. Everything else is a fault of ours. */
export class ServiceError extends Error {
  override readonly name = 'ServiceError';
  readonly statusCode: number;
  readonly body: Readonly<Record<string, unknown>>;

  constructor(
    type: string,
    message: string,
    details: Readonly<Record<string, unknown>> = {},
    statusCode = 400,
  ) {
    super(message);
    this.statusCode = statusCode;
    this.body = { __type: type, message, ...details };
  }
}

/** Whether this is an answer to the caller, ours or dynalite's, rather than a fault. */
export const isAnswer = (error: unknown): error is DynaliteError => {
  return error instanceof Error && 'statusCode' in error && 'body' in error;
};

export const isConditionFailure = (error: DynaliteError): boolean => {
  return error.body.__type.endsWith('#ConditionalCheckFailedException');
};

export const validation = (message: string): ServiceError => {
  return new ServiceError('com.amazon.coral.validate#ValidationException', message);
};

export const unknownOperation = (operation: string): ServiceError => {
  return new ServiceError(
    'com.amazon.coral.service#UnknownOperationException',
    `The embedded DynamoDB does not support ${operation}.`,
  );
};

export const resourceNotFound = (): ServiceError => {
  return new ServiceError(`${SERVICE}#ResourceNotFoundException`, 'Requested resource not found');
};

export const conditionFailed = (oldItem: Item | undefined): ServiceError => {
  return new ServiceError(
    `${SERVICE}#ConditionalCheckFailedException`,
    'The conditional request failed',
    oldItem === undefined ? {} : { Item: oldItem },
  );
};

/** A single-item write met an item that a transaction holds. */
export const transactionConflict = (): ServiceError => {
  return new ServiceError(`${SERVICE}#TransactionConflictException`, 'Transaction is ongoing for the item');
};

export type CancellationReason = {
  readonly Code: 'None' | 'ConditionalCheckFailed' | 'TransactionConflict' | 'ValidationError';
  readonly Message?: string;
  readonly Item?: Item;
};

export const NO_REASON: CancellationReason = { Code: 'None' };

/** @param reasons one per item, in the order of the request */
export const transactionCanceled = (reasons: readonly CancellationReason[]): ServiceError => {
  const codes = reasons.map((reason) => reason.Code).join(', ');
  return new ServiceError(
    `${SERVICE}#TransactionCanceledException`,
    `Transaction cancelled, please refer cancellation reasons for specific reasons [${codes}]`,
    { CancellationReasons: reasons },
  );
};

export const tokenMismatch = (): ServiceError => {
  return new ServiceError(
    `${SERVICE}#IdempotentParameterMismatchException`,
    'The request uses the same client token as a previous, but non-identical request. Do not reuse a client token with different parameters',
  );
};

export const transactionInProgress = (): ServiceError => {
  return new ServiceError(
    `${SERVICE}#TransactionInProgressException`,
    'The transaction with the given request token is already in progress',
  );
};
