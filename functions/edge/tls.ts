import { base } from '../adapters/base.ts';

/** API Gateway speaks nothing but TLS; local mode, on loopback, has none. */
export const hasTls: boolean = base.settings.environment !== 'local';
