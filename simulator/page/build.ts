import { type Build, buildNamed, isBuildName } from '../builds.ts';

const { build = '', missingModule = '' } = document.documentElement.dataset;
if (!isBuildName(build)) throw new Error(`the page is of no known build: ${build}`);

/** The page's own build, which its HTML names. */
export const BUILD_NAME = build;
export const BUILD: Build = buildNamed(build);
/** A module that does not exist in this page; empty: all exist. */
export const MISSING_MODULE = missingModule;
