/** The OpenAPI document as one page of HTML: no script, nothing from anywhere else. */

import { PROBLEMS } from '../../contract/errors.ts';
import type {
  Content,
  OpenApiDocument,
  OperationObject,
  ParameterObject,
  PathItem,
  Reference,
  ResponseObject,
} from '../../contract/openapi/document.ts';
import { anchorOf, fieldRow, fieldsOf, typeOf } from './schema.ts';
import { STYLE } from './style.ts';
import { escapeHtml, inline, paragraphs } from './text.ts';

type Listed = { readonly method: string; readonly path: string; readonly operation: OperationObject };

/** @param document the whole document, so that every reference in it can be followed */
export const documentationPage = (document: OpenApiDocument): string => {
  const operations = listed(document.paths);
  const webhooks = listed(document.webhooks);
  const { title, version, description } = document.info;
  return `<!doctype html>
<html lang="en"><head><meta charset="utf-8"><title>${escapeHtml(title)} API</title>
<meta name="viewport" content="width=device-width, initial-scale=1"><link rel="icon" href="data:,">
<style>${STYLE}</style></head><body><a class="skip" href="#content">Skip to the content</a><div class="frame">
<nav aria-label="Contents">${contents(document, operations)}</nav>
<main id="content"><h1>${escapeHtml(title)} API</h1>
<p class="version">Version ${escapeHtml(version)} · <a href="openapi.json">OpenAPI ${escapeHtml(document.openapi)}</a></p>
${paragraphs(description)}
${document.tags.map((tag) => chapter(tag, operations, document)).join('')}
<h2 id="events">Events</h2><p>What is sent to a session's webhooks.</p>${webhooks.map((each) => webhook(each, document)).join('')}
<h2 id="problems">Problems</h2><ul class="answers">${Object.entries(document.components.responses).map(problem).join('')}</ul>
<h2 id="shapes">Shapes</h2>${Object.entries(document.components.schemas)
    .map(
      ([name, schema]) =>
        `<article id="${anchorOf(escapeHtml(name))}"><h3>${escapeHtml(name)}</h3>${fieldsOf(schema) || typeOf(schema)}</article>`,
    )
    .join('')}
</main></div></body></html>
`;
};

const listed = (items: Readonly<Record<string, PathItem>>): Listed[] =>
  Object.entries(items).flatMap(([path, item]) =>
    Object.entries(item).map(([method, operation]) => ({ method, path, operation })),
  );

const contents = (document: OpenApiDocument, operations: readonly Listed[]): string =>
  [
    ...document.tags.map(
      ({ name }) =>
        `<strong><a href="#${escapeHtml(name)}">${escapeHtml(name)}</a></strong><ul>${operations
          .filter(({ operation }) => operation.tags.includes(name))
          .map(({ operation: { operationId, summary } }) => link(operationId, summary))
          .join('')}</ul>`,
    ),
    `<ul>${link('events', 'Events')}${link('problems', 'Problems')}${link('shapes', 'Shapes')}</ul>`,
  ].join('');

const link = (id: string, text: string): string =>
  `<li><a href="#${escapeHtml(id)}">${escapeHtml(text)}</a></li>`;

const chapter = (
  { name, description }: OpenApiDocument['tags'][number],
  operations: readonly Listed[],
  document: OpenApiDocument,
): string =>
  `<section aria-labelledby="${escapeHtml(name)}"><h2 id="${escapeHtml(name)}">${escapeHtml(name)}</h2>${paragraphs(description)}${operations
    .filter(({ operation }) => operation.tags.includes(name))
    .map((each) => described(each, document))
    .join('')}</section>`;

const described = ({ method, path, operation }: Listed, document: OpenApiDocument): string => {
  const { operationId, summary, description, requestBody, responses } = operation;
  return [
    `<article id="${escapeHtml(operationId)}"><h3>${escapeHtml(summary)}</h3>`,
    `<p class="call"><span class="method ${escapeHtml(method)}">${escapeHtml(method.toUpperCase())}</span><code>${escapeHtml(path)}</code></p>`,
    description === undefined ? '' : paragraphs(description),
    parameters(operation, document),
    requestBody === undefined ? '' : `<h4>Body</h4>${content(requestBody.content, true)}`,
    `<h4>Answers</h4><ul class="answers">${Object.entries(responses)
      .map(([status, response]) => answer(status, response, document))
      .join('')}</ul></article>`,
  ].join('');
};

const parameters = ({ parameters: given = [] }: OperationObject, document: OpenApiDocument): string => {
  if (given.length === 0) return '';
  const rows = given.map((parameter) => {
    const { name, in: place, schema, required, description = '' } = resolve(parameter, document);
    return fieldRow(name, schema, required, `${description} In the ${place}.`.trim());
  });
  return `<h4>Parameters</h4><ul class="fields">${rows.join('')}</ul>`;
};

const resolve = (parameter: ParameterObject | Reference, document: OpenApiDocument): ParameterObject => {
  if (!('$ref' in parameter)) return parameter;
  const found = document.components.parameters[parameter.$ref.slice(parameter.$ref.lastIndexOf('/') + 1)];
  if (found === undefined) throw new Error(`the document has no ${parameter.$ref}`);
  return found;
};

const content = (types: Content, open = false): string =>
  Object.entries(types)
    .map(([type, { schema }]) => {
      const fields = fieldsOf(schema);
      const head = `<code>${escapeHtml(type)}</code> <span class="type">${Object.keys(schema).length === 0 ? 'bytes' : typeOf(schema)}</span>`;
      return fields === ''
        ? `<p>${head}</p>`
        : `<details${open ? ' open' : ''}><summary>${head}</summary>${fields}</details>`;
    })
    .join('');

const answer = (status: string, response: ResponseObject | Reference, document: OpenApiDocument): string => {
  if ('$ref' in response) {
    const known = document.components.responses[response.$ref.slice(response.$ref.lastIndexOf('/') + 1)];
    return `<li class="dim"><span class="status">${escapeHtml(status)}</span> <a href="#problems">${escapeHtml(known?.description ?? '')}</a></li>`;
  }
  const { headers = {}, description, content: types = {} } = response;
  const own = Object.entries(headers).flatMap(([name, header]) =>
    '$ref' in header
      ? []
      : [`<li><code class="name">${escapeHtml(name)}</code> ${inline(header.description)}</li>`],
  );
  return [
    `<li><span class="status">${escapeHtml(status)}</span> ${inline(description)}`,
    own.length === 0 ? '' : `<ul class="fields">${own.join('')}</ul>`,
    `${content(types)}</li>`,
  ].join('');
};

const webhook = ({ path, operation }: Listed, document: OpenApiDocument): string =>
  [
    `<article id="${escapeHtml(operation.operationId)}"><h3><code>${escapeHtml(path)}</code></h3>`,
    `<p>${inline(operation.summary)}</p>`,
    `<details><summary>Headers</summary>${parameters(operation, document)}</details>`,
    `${content(operation.requestBody?.content ?? {})}</article>`,
  ].join('');

const problem = ([code, { description, content: types = {} }]: [string, ResponseObject]): string =>
  `<li><span class="status">${problemStatus(code)}</span> ${escapeHtml(description)}: ${Object.values(types)
    .map(({ schema }) => typeOf(schema))
    .join(', ')}</li>`;

const problemStatus = (code: string): string =>
  Object.entries(PROBLEMS)
    .flatMap(([name, { status }]) => (name === code ? [String(status)] : []))
    .join('');
