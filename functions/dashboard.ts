import { PAGE_FILES } from 'berth:page';
import type { APIGatewayProxyEventV2, APIGatewayProxyStructuredResultV2 } from 'aws-lambda';
import { servePage } from './edge/page.ts';
import { environment } from './environment.ts';

const liveOrigin = new URL(environment('BERTH_LIVE_URL')).origin;

/** GET /, GET /dashboard and below: the dashboard's files, which infra/page.ts put into this bundle. */
export const handler = async (event: APIGatewayProxyEventV2): Promise<APIGatewayProxyStructuredResultV2> =>
  servePage(PAGE_FILES, event, liveOrigin);
