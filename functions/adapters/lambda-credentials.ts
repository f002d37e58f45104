/**
 * Stands in for @aws-sdk/credential-provider-node in the bundles (infra/bundle.ts): Lambda hands a function its
 * role's credentials in the environment, and the rest of that chain (profiles, SSO, metadata services) is a hundred
 * kilobytes that every cold start would read.
 */
import { fromEnv } from '@aws-sdk/credential-provider-env';

export const defaultProvider = () => fromEnv();
