import * as z from 'zod';
import { settingsSchema } from '../core/settings.ts';
import type { Model } from './assembly/model.ts';

/**
 * The model with single settings of its functions replaced, as `-c settings=` does at a deploy. A task has at most
 * `stopGraceSeconds` to end, if that setting is among them. Throws for a bad value.
 */
export const withSettings = (model: Model, settings: Readonly<Record<string, unknown>> = {}): Model => {
  if (Object.keys(settings).length === 0) {
    return model;
  }
  const { stopGraceSeconds } = settingsSchema.parse(settings);
  return {
    ...model,
    taskDefinitions: model.taskDefinitions.map((definition) => ({
      ...definition,
      containers: definition.containers.map((container) => ({
        ...container,
        stopTimeoutSeconds: Math.min(container.stopTimeoutSeconds, stopGraceSeconds),
      })),
    })),
    functions: model.functions.map((fn) => {
      const { BERTH_SETTINGS: own, ...rest } = fn.environment;
      if (own === undefined) {
        return fn;
      }
      const merged = settingsSchema.parse({
        ...z.record(z.string(), z.unknown()).parse(JSON.parse(own)),
        ...settings,
      });
      return { ...fn, environment: { ...rest, BERTH_SETTINGS: JSON.stringify(merged) } };
    }),
  };
};
