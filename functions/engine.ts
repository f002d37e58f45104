import * as operations from '../contract/operations/engine.ts';
import { changeEngine, removeBuild, saveBuild } from '../core/builds/change.ts';
import { engineView } from '../core/builds/view.ts';
import { base } from './adapters/base.ts';
import { dynamoDbStore } from './adapters/dynamodb-store.ts';
import { s3Builds } from './adapters/s3-builds.ts';
import { defineHandler, router } from './edge/http.ts';

const deps = { ...base, store: dynamoDbStore(), builds: s3Builds() };

/** GET /api/engine */
const showing = defineHandler(operations.getEngine)(async () => ({
  status: 200,
  body: await engineView(deps),
}));

/** PUT /api/engine */
const changing = defineHandler(operations.setEngine)(async ({ body }) => ({
  status: 200,
  body: await changeEngine(deps, body),
}));

/** PUT /api/engine/builds/{version} */
const saving = defineHandler(operations.saveBuild)(async ({ params, body }) => ({
  status: 200,
  body: await saveBuild(deps, params.version, body),
}));

/** DELETE /api/engine/builds/{version} */
const removing = defineHandler(operations.removeBuild)(async ({ params }) => {
  await removeBuild(deps, params.version);
  return { status: 200, body: {} };
});

export const handler = router(showing, changing, saving, removing);
