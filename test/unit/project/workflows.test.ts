import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { convertWorkflowTemplate, NoOperationTraceWriter, parseWorkflow } from '@actions/workflow-parser';
import { describe, expect, test } from 'vitest';
import { parse } from 'yaml';
import * as z from 'zod';

const ROOT = join(import.meta.dirname, '..', '..', '..');
const read = (...path: string[]): string => readFileSync(join(ROOT, '.github', ...path), 'utf8');
const yamlFiles = (folder: string): readonly string[] =>
  readdirSync(join(ROOT, '.github', folder)).filter((name) => name.endsWith('.yml'));

/** What GitHub's own parser says about a workflow: syntax, keys, expressions, dependencies between jobs. */
const problemsOf = async (name: string, content: string): Promise<readonly string[]> => {
  const { context, value } = parseWorkflow({ name, content }, new NoOperationTraceWriter());
  if (value !== undefined) await convertWorkflowTemplate(context, value);
  return context.errors.getErrors().map(({ message }) => message);
};

const stepSchema = z.object({ uses: z.string().optional(), run: z.string().optional() });
const workflowSchema = z.object({
  permissions: z.record(z.string(), z.string()),
  jobs: z.record(
    z.string(),
    z.object({
      uses: z.string().optional(),
      'timeout-minutes': z.number().optional(),
      steps: z.array(stepSchema).default([]),
    }),
  ),
});

describe.each(yamlFiles('workflows'))('the workflow %s', (name) => {
  const content = read('workflows', name);
  const { jobs, permissions } = workflowSchema.parse(parse(content));

  test('is valid for GitHub', async () => {
    expect(await problemsOf(name, content)).toEqual([]);
  });

  test('names each action of others by a commit, with its version beside it', () => {
    const uses = content.split('\n').filter((line) => /^\s*(- )?uses: (?!\.\/)/.test(line));
    for (const line of uses) expect(line).toMatch(/uses: [\w-]+\/[\w-]+@[0-9a-f]{40} # v\d+\.\d+\.\d+$/);
  });

  test('names reusable workflows and scripts that exist', () => {
    for (const job of Object.values(jobs)) {
      if (job.uses?.startsWith('./')) expect(existsSync(join(ROOT, job.uses)), job.uses).toBe(true);
      for (const { run } of job.steps)
        if (run?.startsWith('.ci/')) expect(existsSync(join(ROOT, run)), run).toBe(true);
    }
  });

  test('may only read, unless a job asks for more, and every job has a time limit', () => {
    expect(permissions).toEqual({ contents: 'read' });
    for (const job of Object.values(jobs))
      if (job.uses === undefined) expect(job['timeout-minutes']).toBeGreaterThan(0);
  });
});

test('the checks run what .ci/run runs', () => {
  const { jobs } = workflowSchema.parse(parse(read('workflows', 'checks.yml')));
  expect(Object.values(jobs).flatMap(({ steps }) => steps.map(({ run }) => run))).toContain('.ci/run');
});

test.each([
  ['an unknown key', 'steps: [{ runs: ls }]', "Unexpected value 'runs'"],
  [
    'a job without a beginning',
    'needs: two\n    steps: [{ run: ls }]',
    'at least one job with no dependencies',
  ],
  ['an expression that does not parse', 'if: github.(\n    steps: [{ run: ls }]', 'Unexpected'],
])('the validation finds %s', async (_case, job, message) => {
  const problems = await problemsOf('broken.yml', `on: push\njobs:\n  one:\n    runs-on: x\n    ${job}\n`);
  expect(problems.join('\n')).toContain(message);
});

/** GitHub's form for issues: https://docs.github.com/en/communities/using-templates-to-encourage-useful-issues-and-pull-requests/syntax-for-githubs-form-schema */
const withId = {
  id: z.string().regex(/^[\w-]+$/),
  validations: z.strictObject({ required: z.boolean() }).optional(),
};
const label = z.string().min(1);
const formSchema = z.strictObject({
  name: z.string().min(4),
  description: z.string().min(4),
  labels: z.array(z.string()),
  body: z
    .array(
      z.discriminatedUnion('type', [
        z.strictObject({ type: z.literal('markdown'), attributes: z.strictObject({ value: z.string() }) }),
        z.strictObject({
          type: z.enum(['input', 'textarea']),
          ...withId,
          attributes: z.strictObject({
            label,
            description: z.string().optional(),
            render: z.string().optional(),
          }),
        }),
        z.strictObject({
          type: z.literal('dropdown'),
          ...withId,
          attributes: z.strictObject({ label, options: z.array(z.string()).min(2) }),
        }),
        z.strictObject({
          type: z.literal('checkboxes'),
          ...withId,
          attributes: z.strictObject({ label, options: z.array(z.strictObject({ label })).min(1) }),
        }),
      ]),
    )
    .refine((body) => body.some(({ type }) => type !== 'markdown'), 'a form needs a field'),
});

test.each(yamlFiles('ISSUE_TEMPLATE').filter((name) => name !== 'config.yml'))(
  'the issue form %s is valid',
  (name) => {
    const { body } = formSchema.parse(parse(read('ISSUE_TEMPLATE', name)));
    const ids = body.flatMap((field) => ('id' in field ? [field.id] : []));
    expect(new Set(ids).size).toBe(ids.length);
  },
);
