/** A local stack to be killed: `node stack.ts <directory> <grace ms> <RunTask as JSON>`. Prints the answer. */
import { createEcs } from '../../../local/engines/ecs/ecs.ts';
import { ecsOptions } from './options.ts';

const [directory = '', orphanGraceMs, input = ''] = process.argv.slice(2);
const ecs = createEcs({ ...ecsOptions(directory), orphanGraceMs: Number(orphanGraceMs) });
const { body } = await ecs.handle({ operation: 'RunTask', input: JSON.parse(input) });
console.log(body);
setInterval(() => {}, 60_000);
