import { createServer, type Server } from 'node:http';
import { ListTablesCommand } from '@aws-sdk/client-dynamodb';
import { DescribeTasksCommand } from '@aws-sdk/client-ecs';
import { GetObjectCommand } from '@aws-sdk/client-s3';
import { ListQueuesCommand } from '@aws-sdk/client-sqs';
import { afterEach, describe, expect, it } from 'vitest';
import { startGateway } from '../../../local/gateway/gateway.ts';
import type { GatewayOptions } from '../../../local/gateway/options.ts';
import { Principals } from '../../../local/gateway/principals.ts';
import { everything, type Stack, startStack } from './support/stack.ts';

let stack: Stack;
let engine: Server | undefined;

const start = async (options: Partial<GatewayOptions>) => {
  stack = await startStack(options);
  return stack.role('admin', everything);
};

/** An engine that treats each request as the test chooses. */
const startEngine = async (listener: Parameters<typeof createServer>[1]): Promise<string> => {
  const server = createServer({}, listener);
  engine = server;
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const address = server.address();
  return `http://127.0.0.1:${typeof address === 'object' ? address?.port : ''}`;
};

afterEach(async () => {
  await stack.close();
  engine?.closeAllConnections();
  engine?.close();
  engine = undefined;
});

describe('the gateway', () => {
  it('says that a service is not there, in the words of that service', async () => {
    const admin = await start({});
    await expect(stack.dynamodb(admin).send(new ListTablesCommand())).rejects.toMatchObject({
      name: 'UnknownOperationException',
      message: 'the service dynamodb is not available locally',
    });
    await expect(stack.ecs(admin).send(new DescribeTasksCommand({ tasks: [] }))).rejects.toMatchObject({
      name: 'UnknownOperationException',
    });
  });

  it('answers a server error, which clients retry, when an engine is down or cuts the connection', async () => {
    const url = await startEngine((request) => request.socket.destroy());
    const admin = await start({ engines: { sqsUrl: url, s3Url: 'http://127.0.0.1:1' } });
    await expect(stack.sqs(admin).send(new ListQueuesCommand())).rejects.toMatchObject({
      $fault: 'server',
      $metadata: { httpStatusCode: 500 },
    });
    await expect(
      stack.s3(admin).send(new GetObjectCommand({ Bucket: 'berth-auth', Key: 'k' })),
    ).rejects.toMatchObject({ name: 'InternalError', $metadata: { httpStatusCode: 500 } });
  });

  it('sends nothing twice, for a call whose connection broke may have been carried out', async () => {
    let calls = 0;
    const url = await startEngine((request, response) => {
      request.resume().on('end', () => {
        calls += 1;
        if (calls === 2) {
          request.socket.resetAndDestroy();
        } else {
          response.setHeader('content-type', 'application/x-amz-json-1.0').end('{"QueueUrls":[]}');
        }
      });
    });
    const admin = await start({ engines: { sqsUrl: url } });
    const sqs = stack.sqs(admin);
    await sqs.send(new ListQueuesCommand());
    await expect(sqs.send(new ListQueuesCommand())).rejects.toMatchObject({ $fault: 'server' });
    await sqs.send(new ListQueuesCommand());
    expect(calls).toBe(3);
  });

  it('keeps what went wrong in a handler to itself', async () => {
    const admin = await start({
      services: {
        ecs: async () => {
          throw new Error('secret detail');
        },
      },
    });
    const failed = stack.ecs(admin).send(new DescribeTasksCommand({ tasks: [] }));
    await expect(failed).rejects.toMatchObject({ $metadata: { httpStatusCode: 500 } });
    await expect(failed).rejects.not.toThrow(/secret detail/);
    expect(stack.calls.at(-1)).toEqual({
      service: 'ecs',
      operation: 'DescribeTasks',
      principal: 'admin',
      status: 500,
      refused: 'engineFailed',
    });
  });

  it('refuses a port that is taken', async () => {
    await start({});
    const again = startGateway({
      port: stack.gateway.port,
      principals: new Principals(),
      authorize: () => ({ decision: 'allow' }),
      engines: {},
    });
    await expect(again).rejects.toMatchObject({ code: 'EADDRINUSE' });
  });
});
