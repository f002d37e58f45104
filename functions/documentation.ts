import { createHash } from 'node:crypto';
import type { APIGatewayProxyEventV2, APIGatewayProxyStructuredResultV2 } from 'aws-lambda';
import { openApiDocument } from '../contract/openapi/document.ts';
import * as operations from '../contract/operations/documentation.ts';
import { documentationPage } from './docs/page.ts';
import { STYLE } from './docs/style.ts';
import { commonHeaders } from './edge/headers.ts';

const document = openApiDocument();
const json = JSON.stringify(document);
const page = documentationPage(document);

/** The page has one style, known by its hash, an empty icon, and nothing else. */
const CONTENT_SECURITY_POLICY = [
  "default-src 'none'",
  `style-src 'sha256-${createHash('sha256').update(STYLE).digest('base64')}'`,
  'img-src data:',
  "base-uri 'none'",
  "form-action 'none'",
  "frame-ancestors 'none'",
].join('; ');

/** GET /api/openapi.json and GET /api/docs. The same for all callers: it reads no data. */
export const handler = async (event: APIGatewayProxyEventV2): Promise<APIGatewayProxyStructuredResultV2> =>
  event.rawPath === operations.getOpenApi.path
    ? {
        statusCode: 200,
        headers: { ...commonHeaders(event), 'content-type': 'application/json' },
        body: json,
      }
    : {
        statusCode: 200,
        headers: {
          ...commonHeaders(event),
          'content-security-policy': CONTENT_SECURITY_POLICY,
          'content-type': operations.getDocs.responses[200].files[0],
        },
        body: page,
      };
