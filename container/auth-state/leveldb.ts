/** LevelDB, for an `import()` of it: in the bundle, one of the package itself would give only its default export. */
export { ClassicLevel } from 'classic-level';
