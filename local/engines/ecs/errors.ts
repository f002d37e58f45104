/** The errors of this ECS: the API's own exceptions, and one for what it does not do. */
type EcsErrorCode =
  | 'ClientException'
  | 'ClusterNotFoundException'
  | 'ConflictException'
  | 'InvalidParameterException'
  | 'ServerException'
  | 'ServiceNotFoundException'
  | 'ThrottlingException'
  | 'UnsupportedOperationException';

export class EcsError extends Error {
  override readonly name = 'EcsError';
  readonly code: EcsErrorCode;
  /** Further members of the exception, such as ConflictException's `resourceIds`. */
  readonly members: Readonly<Record<string, unknown>>;

  constructor(code: EcsErrorCode, message: string, members: Readonly<Record<string, unknown>> = {}) {
    super(message);
    this.code = code;
    this.members = members;
  }

  get status(): number {
    return this.code === 'ServerException' ? 500 : 400;
  }
}

export const invalidParameter = (message: string): EcsError =>
  new EcsError('InvalidParameterException', message);
