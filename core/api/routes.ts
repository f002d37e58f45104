/**
 * Every HTTP route, once: the gateway's routes, the check that each has a deployed handler, and the OpenAPI document
 * come from this table.
 */

/** Who may call: anyone; a key of any role; an admin key; a worker with its own secret (checked by the handler). */
export type RouteAuth = 'none' | 'key' | 'admin' | 'worker';

export type Route = {
  readonly method: 'GET' | 'POST' | 'PUT' | 'DELETE';
  /** With `{name}` parameters, as API Gateway writes them. */
  readonly path: string;
  /** The handler: functions/<handler>.ts */
  readonly handler: string;
  readonly auth: RouteAuth;
};

const route = (method: Route['method'], path: string, handler: string, auth: RouteAuth): Route => ({
  method,
  path,
  handler,
  auth,
});

export const ROUTES: readonly Route[] = [
  route('GET', '/ping', 'health', 'none'),
  route('GET', '/health', 'health', 'none'),
  route('GET', '/api/health', 'health-detail', 'key'),
  route('GET', '/api/stats', 'stats', 'key'),
  route('GET', '/api/limits', 'limits-get', 'key'),
  route('PUT', '/api/limits', 'limits-set', 'admin'),
  route('POST', '/api/cleanup', 'cleanup', 'admin'),
  route('GET', '/api/keys', 'keys-list', 'admin'),
  route('POST', '/api/keys', 'keys-create', 'admin'),
  route('DELETE', '/api/keys/{id}', 'keys-delete', 'admin'),

  route('POST', '/api/sessions', 'sessions-create', 'key'),
  route('GET', '/api/sessions', 'sessions-list', 'key'),
  route('GET', '/api/sessions/{name}', 'sessions-get', 'key'),
  route('PUT', '/api/sessions/{name}', 'sessions-update', 'key'),
  route('DELETE', '/api/sessions/{name}', 'sessions-delete', 'key'),
  route('POST', '/api/sessions/{name}/start', 'sessions-start', 'key'),
  route('POST', '/api/sessions/{name}/stop', 'sessions-stop', 'key'),
  route('POST', '/api/sessions/{name}/restart', 'sessions-restart', 'key'),
  route('GET', '/api/sessions/{name}/me', 'sessions-get', 'key'),
  route('GET', '/api/sessions/{name}/events', 'sessions-events', 'key'),

  route('POST', '/api/sessions/{name}/logout', 'sessions-logout', 'key'),
  route('GET', '/api/{session}/auth/qr', 'auth-qr', 'key'),
  route('POST', '/api/{session}/auth/request-code', 'auth-request-code', 'key'),
  route('POST', '/api/sendText', 'commands-run', 'key'),
  route('GET', '/api/commands/{id}', 'commands-get', 'key'),

  route('POST', '/worker/v1/bootstrap', 'worker-bootstrap', 'worker'),
  route('POST', '/worker/v1/report', 'worker-report', 'worker'),
  route('POST', '/worker/v1/events', 'worker-events', 'worker'),
  route('POST', '/worker/v1/auth-state/upload', 'worker-auth-upload', 'worker'),
  route('POST', '/worker/v1/auth-state/commit', 'worker-auth-commit', 'worker'),
  route('POST', '/worker/v1/auth-state/discard', 'worker-auth-discard', 'worker'),
  route('POST', '/worker/v1/commands/claim', 'worker-commands-claim', 'worker'),
  route('POST', '/worker/v1/commands/result', 'worker-commands-result', 'worker'),
  route('POST', '/worker/v1/last-word', 'worker-last-word', 'worker'),
];

/**
 * Handlers that no route names: what starts them is in infra. `keys-bootstrap` is invoked by hand (or by the local
 * start): it makes the first admin key where there is none. `worker-call` is invoked by control functions that have a
 * command for a worker.
 */
export const BACKGROUND_HANDLERS = [
  'authorizer',
  'keys-bootstrap',
  'reaper',
  'reconciler',
  'task-events',
  'deliver',
  'worker-call',
] as const;

/** Handlers that reach workers inside the network: placed in the VPC, without a way out. */
export const COMMAND_HANDLERS = ['sessions-logout', 'auth-qr', 'auth-request-code', 'worker-call'] as const;
