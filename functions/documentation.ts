import type { APIGatewayProxyEventV2, APIGatewayProxyStructuredResultV2 } from 'aws-lambda';
import { DOCUMENTS } from './docs/documents.ts';
import { commonHeaders } from './edge/headers.ts';

/** GET /api/openapi.json and GET /api/docs. The same for all callers: it reads no data. */
export const handler = async (event: APIGatewayProxyEventV2): Promise<APIGatewayProxyStructuredResultV2> => {
  const { openApi, page } = DOCUMENTS;
  const { headers, body } = event.rawPath === openApi.path ? openApi : page;
  return { statusCode: 200, headers: { ...commonHeaders(event), ...headers }, body };
};
