import { devNull } from 'node:os';
import type { FunctionModel } from '../assembly/model.ts';
import type { Credentials } from '../gateway/principals.ts';
import { REGION } from '../iam/arn.ts';

/** Variables that keep an AWS SDK from this machine's profiles and metadata, and direct it to the local endpoint. */
const sdkEnvironment = (endpoint: string, credentials: Credentials): Record<string, string> => ({
  AWS_ACCESS_KEY_ID: credentials.accessKeyId,
  AWS_SECRET_ACCESS_KEY: credentials.secretAccessKey,
  AWS_REGION: REGION,
  AWS_DEFAULT_REGION: REGION,
  AWS_ENDPOINT_URL: endpoint,
  AWS_EC2_METADATA_DISABLED: 'true',
  AWS_CONFIG_FILE: devNull,
  AWS_SHARED_CREDENTIALS_FILE: devNull,
});

/**
 * The environment of one function: the template's variables, what Lambda sets, and the credentials of its own role.
 * Nothing of this process's environment is passed on.
 */
export const functionEnvironment = (
  model: FunctionModel,
  endpoint: string,
  credentials: Credentials,
): Record<string, string> => ({
  ...model.environment,
  ...sdkEnvironment(endpoint, credentials),
  AWS_EXECUTION_ENV: 'AWS_Lambda_nodejs24.x',
  AWS_LAMBDA_FUNCTION_NAME: model.name,
  AWS_LAMBDA_FUNCTION_VERSION: '$LATEST',
  AWS_LAMBDA_FUNCTION_MEMORY_SIZE: String(model.memoryMb),
  AWS_LAMBDA_INITIALIZATION_TYPE: 'on-demand',
  AWS_LAMBDA_LOG_GROUP_NAME: `/aws/lambda/${model.name}`,
  AWS_LAMBDA_LOG_STREAM_NAME: 'local',
  LAMBDA_TASK_ROOT: model.assetDir,
  _HANDLER: model.handler,
  TZ: ':UTC',
});
