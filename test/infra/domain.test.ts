import { App, Stack } from 'aws-cdk-lib';
import { Template } from 'aws-cdk-lib/assertions';
import { expect, it } from 'vitest';
import { createClient } from '../../client/index.ts';
import { BerthApi } from '../../infra/constructs/api.ts';
import { checkEnvironment, type Environment, environmentOf } from '../../infra/environments.ts';
import { BUILD_MS } from './synthesized.ts';

const apiOf = (stack: Stack, environment: Environment): BerthApi =>
  new BerthApi(stack, 'Api', {
    environment,
    apiName: 'berth-prod',
    description: 'WhatsApp sessions',
    logName: 'berth-prod-api',
    throttle: environment.api,
    cors: environment.api.cors,
    domain: environment.domain,
  });

const certificateArn = 'arn:aws:acm:us-east-1:111122223333:certificate/0b1c2d3e-0000-1111-2222-333344445555';

it(
  'answers under your own name, on TLS 1.2, and shows the target for that name',
  () => {
    const stack = new Stack(new App());
    const domain = { name: 'berth.example.com', certificateArn };
    apiOf(stack, checkEnvironment({ ...environmentOf('prod'), domain }));
    const template = Template.fromStack(stack);
    template.hasResourceProperties('AWS::ApiGatewayV2::DomainName', {
      DomainName: 'berth.example.com',
      DomainNameConfigurations: [
        { CertificateArn: certificateArn, EndpointType: 'REGIONAL', SecurityPolicy: 'TLS_1_2' },
      ],
    });
    template.resourceCountIs('AWS::ApiGatewayV2::ApiMapping', 1);
    expect(Object.keys(template.findOutputs('*'))).toEqual(['ApiDomainTarget']);
  },
  BUILD_MS,
);

it('lets web pages of the named origins call it, with every header that the client sends, and no others', async () => {
  const corsOf = (api: object) => {
    const stack = new Stack(new App());
    apiOf(stack, checkEnvironment({ ...environmentOf('prod'), api }));
    const [found] = Object.values(Template.fromStack(stack).findResources('AWS::ApiGatewayV2::Api'));
    return found?.Properties.CorsConfiguration;
  };
  const { api } = environmentOf('prod');
  expect(corsOf(api)).toBeUndefined();
  const cors = corsOf({ ...api, cors: { origins: ['https://app.example.com'] } });
  expect(cors).toMatchObject({ AllowOrigins: ['https://app.example.com'] });
  expect(cors).not.toHaveProperty('AllowCredentials');

  const sent: string[] = [];
  const client = createClient({
    baseUrl: 'https://berth.example.com',
    apiKey: 'key',
    retries: 0,
    fetch: async (_url, init) => {
      sent.push(...new Headers(init?.headers).keys());
      return new Response('{}');
    },
  });
  await client.messages
    .sendText({ session: 'a', chatId: '1@c.us', text: 'x' }, { idempotencyKey: 'k' })
    .catch(() => {});
  expect(sent).toContain('x-api-key');
  expect(cors.AllowHeaders).toEqual(expect.arrayContaining(sent));
});
