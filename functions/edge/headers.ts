import type { APIGatewayProxyEventV2 } from 'aws-lambda';
import { SECURITY_HEADERS, STRICT_TRANSPORT } from '../../contract/security-headers.ts';

type Event = Pick<APIGatewayProxyEventV2, 'headers'> & {
  readonly requestContext: Pick<APIGatewayProxyEventV2['requestContext'], 'requestId'>;
};

/** The headers of every answer to this request. */
export const commonHeaders = ({ headers, requestContext }: Event): Record<string, string> => ({
  ...SECURITY_HEADERS,
  ...(headers['x-forwarded-proto'] === 'https' ? STRICT_TRANSPORT : {}),
  'x-request-id': requestContext.requestId,
});
