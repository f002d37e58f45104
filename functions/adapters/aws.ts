/**
 * Deadlines of every AWS call: the SDK's own default is to wait for ever. With three attempts a call ends within
 * about ten seconds, inside API Gateway's 30.
 */
export const clientConfig = () => ({
  maxAttempts: 3,
  requestHandler: { connectionTimeout: 1_000, requestTimeout: 3_000, throwOnRequestTimeout: true },
});

/** As `clientConfig`, for S3. */
export const s3Config = () => ({
  ...clientConfig(),
  // A presigned URL must not ask for a checksum header that its user can't know beforehand.
  requestChecksumCalculation: 'WHEN_REQUIRED' as const,
  forcePathStyle: process.env.AWS_ENDPOINT_URL !== undefined,
});

/** The name of an error of the SDK is the service's error code. */
export const nameOfError = (error: unknown): string => (error instanceof Error ? error.name : 'unknown');
