/** The answers of the documentation. A bundle has their values instead of this module (infra/documents.ts). */
import { createHash } from 'node:crypto';
import { openApiDocument } from '../../contract/openapi/document.ts';
import * as operations from '../../contract/operations/documentation.ts';
import { documentationPage } from './page.ts';
import { STYLE } from './style.ts';

const document = openApiDocument();

/** The page has one style, known by its hash, an empty icon, and nothing else. */
const CONTENT_SECURITY_POLICY = [
  "default-src 'none'",
  `style-src 'sha256-${createHash('sha256').update(STYLE).digest('base64')}'`,
  'img-src data:',
  "base-uri 'none'",
  "form-action 'none'",
  "frame-ancestors 'none'",
].join('; ');

export const DOCUMENTS = {
  openApi: {
    path: operations.getOpenApi.path,
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify(document),
  },
  page: {
    path: operations.getDocs.path,
    headers: {
      'content-security-policy': CONTENT_SECURITY_POLICY,
      'content-type': operations.getDocs.responses[200].files[0],
    },
    body: documentationPage(document),
  },
};
