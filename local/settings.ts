import { z } from 'zod';
import { settingsSchema } from '../core/settings.ts';
import type { Model } from './assembly/model.ts';

/** The model with single settings of its functions replaced, as `-c settings=` does at a deploy. Throws for a bad value. */
export const withSettings = (model: Model, settings: Readonly<Record<string, unknown>> = {}): Model => {
  if (Object.keys(settings).length === 0) {
    return model;
  }
  return {
    ...model,
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
