import type { ServiceAnswer, ServiceHandler } from '../gateway/options.ts';
import type { Permission } from '../gateway/permissions/permission.ts';
import { AwsRefusal } from '../gateway/refusals.ts';
import { ACCOUNT_ID, REGION } from '../iam/arn.ts';
import type { Connections } from './connections.ts';

/** A call of API Gateway's management API, which works on one connection of a stage. */
type ManagementCall = {
  readonly method: 'POST' | 'GET' | 'DELETE';
  readonly stage: string;
  readonly connectionId: string;
};

/** From `POST /ws/@connections/<id>`. Throws a AwsRefusal for anything else. */
const parseCall = (operation: string): ManagementCall => {
  const [, method, stage, id] =
    /^(POST|GET|DELETE) \/([^/]+)\/(?:@|%40)connections\/([^/]+)$/.exec(operation) ?? [];
  if ((method === 'POST' || method === 'GET' || method === 'DELETE') && stage && id)
    return { method, stage, connectionId: decodeURIComponent(id) };
  throw new AwsRefusal('unknownOperation', `API Gateway ${operation} is not available locally`);
};

/** The dependencies of a call. @param apiOf the id of the WebSocket API with a stage */
export const managementPermissions = (
  operation: string,
  apiOf: (stage: string) => string | undefined,
): Permission[] => {
  const { method, stage, connectionId } = parseCall(operation);
  const api = apiOf(stage) ?? 'none';
  const resource = `arn:aws:execute-api:${REGION}:${ACCOUNT_ID}:${api}/${stage}/${method}/@connections/${connectionId}`;
  return [{ action: 'execute-api:ManageConnections', resources: [resource] }];
};

const failure = (status: number, name: string, message: string): ServiceAnswer => ({
  status,
  headers: { 'content-type': 'application/json', 'x-amzn-errortype': name },
  body: JSON.stringify({ message }),
});

/** The management API, on the connections of this machine. */
export const managementService =
  (connectionsOf: (stage: string) => Connections | undefined): ServiceHandler =>
  async ({ operation, body }) => {
    const { method, stage, connectionId } = parseCall(operation);
    const connections = connectionsOf(stage);
    const gone = failure(410, 'GoneException', 'Gone');
    if (connections === undefined) return gone;
    switch (method) {
      case 'DELETE':
        return connections.close(connectionId) ? { status: 204, body: '' } : gone;
      case 'GET': {
        const known = connections.describe(connectionId);
        if (known === undefined) return gone;
        const iso = (ms: number) => new Date(ms).toISOString();
        const described = { connectedAt: iso(known.connectedAt), lastActiveAt: iso(known.lastActiveAt) };
        return {
          status: 200,
          headers: { 'content-type': 'application/json' },
          body: JSON.stringify(described),
        };
      }
      case 'POST':
        switch (connections.post(connectionId, body)) {
          case 'sent':
            return { status: 200, body: '' };
          case 'gone':
            return gone;
          case 'too_large':
            return failure(413, 'PayloadTooLargeException', 'Message too long');
          case 'buffer_full':
            return failure(429, 'LimitExceededException', 'The buffer of the client is full');
        }
    }
  };
