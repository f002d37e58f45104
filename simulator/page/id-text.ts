import { BUILD } from './build.ts';

/** Keeps an id's text as its build does: under `_serialized`, or under `$1` alone. */
export const keepText = (id: object, text: string): void => {
  Object.assign(id, { [BUILD.idProperty]: text });
};
