import {
  ApiGatewayManagementApiClient,
  DeleteConnectionCommand,
  PostToConnectionCommand,
} from '@aws-sdk/client-apigatewaymanagementapi';
import type { LiveConnections, PostOutcome } from '../../core/ports.ts';
import { environment } from '../environment.ts';
import { clientConfig, nameOfError } from './aws.ts';
import { log } from './base.ts';

/** By the error that the gateway answers with (API reference of PostToConnection). */
const OUTCOMES: Readonly<Record<string, PostOutcome>> = {
  GoneException: 'gone',
  // After the SDK's repeats: the buffer of the client is full.
  LimitExceededException: 'slow',
};

/** The connections of the deployed WebSocket API, through its management API. */
export const gatewayConnections = (): LiveConnections => {
  const client = new ApiGatewayManagementApiClient({ ...clientConfig(), endpoint: managementEndpoint() });
  return {
    post: async (ConnectionId, message) => {
      try {
        await client.send(new PostToConnectionCommand({ ConnectionId, Data: message }));
        return 'sent';
      } catch (error) {
        const outcome = OUTCOMES[nameOfError(error)] ?? 'unknown';
        if (outcome === 'unknown')
          log.warn('a connection was not posted to', {
            connectionId: ConnectionId,
            error: nameOfError(error),
          });
        return outcome;
      }
    },
    close: async (ConnectionId) => {
      try {
        await client.send(new DeleteConnectionCommand({ ConnectionId }));
        return true;
      } catch (error) {
        return nameOfError(error) === 'GoneException';
      }
    },
  };
};

/** At the host and stage of the API itself; `AWS_ENDPOINT_URL` takes the place of the host, as for other clients. */
const managementEndpoint = (): string => {
  const url = new URL(environment('BERTH_LIVE_URL'));
  const { AWS_ENDPOINT_URL } = process.env;
  return AWS_ENDPOINT_URL === undefined
    ? `https://${url.host}${url.pathname}`
    : `${AWS_ENDPOINT_URL}${url.pathname}`;
};
