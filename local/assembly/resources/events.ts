import * as z from 'zod';
import type { EventRuleModel, ScheduleModel, TargetModel } from '../model.ts';
import { COSMETIC, functionNameOf, integer, properties } from './properties.ts';

const functionArn = z
  .string()
  .regex(/^arn:aws:lambda:[^:]*:\d*:function:/, 'only functions are targets locally');
const retryPolicy = z
  .object({ MaximumRetryAttempts: integer.optional(), MaximumEventAgeInSeconds: integer.optional() })
  .optional();
const deadLetter = z.object({ Arn: z.string().optional() }).optional();

// The service defaults of EventBridge and EventBridge Scheduler.
const DEFAULT_RETRIES = 185;
const DEFAULT_AGE_SECONDS = 86_400;

type Delivery = {
  readonly Arn: string;
  readonly Input?: string | undefined;
  readonly RetryPolicy?: z.infer<typeof retryPolicy>;
  readonly DeadLetterConfig?: z.infer<typeof deadLetter>;
};

const target = (delivery: Delivery, role: string | undefined): TargetModel => ({
  functionName: functionNameOf(delivery.Arn),
  role: role?.split('/').at(-1),
  input: delivery.Input,
  deadLetterArn: delivery.DeadLetterConfig?.Arn,
  retries: delivery.RetryPolicy?.MaximumRetryAttempts ?? DEFAULT_RETRIES,
  maxAgeSeconds: delivery.RetryPolicy?.MaximumEventAgeInSeconds ?? DEFAULT_AGE_SECONDS,
});

const scheduleSchema = properties(
  {
    ScheduleExpression: z.string(),
    State: z.enum(['ENABLED', 'DISABLED']).default('ENABLED'),
    Target: z.strictObject({
      Arn: functionArn,
      RoleArn: z.string(),
      Input: z.string().optional(),
      RetryPolicy: retryPolicy,
      DeadLetterConfig: deadLetter,
    }),
  },
  {
    ...COSMETIC,
    Name: 'is the identity',
    GroupName: 'a name only',
    FlexibleTimeWindow: 'spreads the load of many schedules',
    ScheduleExpressionTimezone: 'only rates run locally by the clock',
  },
);

type Names = { readonly name: string; readonly logicalId: string; readonly arn: string };

export const interpretSchedule = (value: unknown, names: Names): ScheduleModel => {
  const schedule = scheduleSchema.parse(value);
  return {
    ...names,
    expression: schedule.ScheduleExpression,
    enabled: schedule.State === 'ENABLED',
    targets: [target(schedule.Target, schedule.Target.RoleArn)],
    kind: 'scheduler',
  };
};

const ruleSchema = properties(
  {
    ScheduleExpression: z.string().optional(),
    EventPattern: z.record(z.string(), z.unknown()).optional(),
    State: z.enum(['ENABLED', 'DISABLED']).default('ENABLED'),
    EventBusName: z.literal('default').optional(),
    Targets: z
      .array(
        z.strictObject({
          Id: z.string(),
          Arn: functionArn,
          Input: z.string().optional(),
          RetryPolicy: retryPolicy,
          DeadLetterConfig: deadLetter,
        }),
      )
      .default([]),
  },
  { ...COSMETIC, Name: 'is the identity' },
);

/** A rule is a schedule or has a pattern. */
export const interpretRule = (
  value: unknown,
  names: Names,
): { schedule: ScheduleModel } | { rule: EventRuleModel } => {
  const rule = ruleSchema.parse(value);
  const common = {
    ...names,
    enabled: rule.State === 'ENABLED',
    targets: rule.Targets.map((delivery) => target(delivery, undefined)),
  };
  if (rule.ScheduleExpression !== undefined) {
    return { schedule: { ...common, expression: rule.ScheduleExpression, kind: 'rule' } };
  }
  return { rule: { ...common, pattern: rule.EventPattern ?? {} } };
};
