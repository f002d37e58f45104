import type { APIGatewayProxyEventV2, APIGatewayProxyStructuredResultV2 } from 'aws-lambda';
import { Problem, problemBody } from '../contract/errors.ts';
import { commonHeaders } from './edge/headers.ts';
import { withoutTrailingSlash } from './edge/trailing-slash.ts';

/**
 * Requests that no route takes. A path that Berth shares with WAHA is redirected without its trailing slash, with 308:
 * method and body stay (RFC 9110). Routes with the slash would be another 160, past what one API and one stack may have.
 * Anything else is 404.
 */
export const handler = async (event: APIGatewayProxyEventV2): Promise<APIGatewayProxyStructuredResultV2> => {
  const { rawPath, rawQueryString, requestContext } = event;
  const { method } = requestContext.http;
  const path = withoutTrailingSlash(method, rawPath);
  if (path !== undefined) {
    const location = rawQueryString === '' ? path : `${path}?${rawQueryString}`;
    return { statusCode: 308, headers: { ...commonHeaders(event), location }, body: '' };
  }
  const problem = new Problem('not_found', `There is no ${method} ${rawPath}.`);
  return {
    statusCode: problem.status,
    headers: { ...commonHeaders(event), 'content-type': 'application/problem+json' },
    body: JSON.stringify(problemBody(problem, rawPath, requestContext.requestId)),
  };
};
