import * as z from 'zod';
import { operation } from '../operation.ts';

export const getOpenApi = operation({
  id: 'getOpenApi',
  method: 'GET',
  path: '/api/openapi.json',
  handler: 'documentation',
  auth: 'none',
  scope: null,
  tag: 'Documentation',
  summary: 'This document: OpenAPI 3.1',
  responses: { 200: { description: 'The document.', body: z.looseObject({ openapi: z.string() }) } },
});

export const getDocs = operation({
  id: 'getDocs',
  method: 'GET',
  path: '/api/docs',
  handler: 'documentation',
  auth: 'none',
  scope: null,
  tag: 'Documentation',
  summary: 'This document as a web page',
  responses: { 200: { description: 'The page.', files: ['text/html; charset=utf-8'] } },
});
