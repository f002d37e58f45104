/** The effect of a change of limits, before it is made. */
import type { LimitsView, StatsView } from '../../../contract/bodies/admin.ts';
import { alarmAt, levelOf } from './capacity.ts';
import { count, plural } from './format.ts';

export type Effect = { readonly text: string; readonly tone: 'plain' | 'warning' };

const plain = (text: string): Effect => ({ text, tone: 'plain' });
const warning = (text: string): Effect => ({ text, tone: 'warning' });

/** Of the limit over all users. */
export const globalEffects = (limit: number, { global }: LimitsView): readonly Effect[] => {
  const { active } = global;
  if (limit === global.limit) return [];
  const room = limit - active;
  const effects = [
    room > 0
      ? plain(
          `${plural(room, 'session')} more can start; now it is ${count(Math.max(0, global.limit - active))}.`,
        )
      : warning(
          limit === 0
            ? 'No session can start until the limit is raised.'
            : `No session can start before ${plural(1 - room, 'session')} ${room === 0 ? 'has' : 'have'} ended.`,
        ),
  ];
  if (room < 0)
    effects.push(plain(`No session is stopped: ${count(active)} continue, ${count(-room)} above the limit.`));
  if (levelOf(active, limit) !== 'calm')
    effects.push(
      warning(
        `The alarms will stand at ${count(alarmAt(limit, 'warning'))} and ${count(alarmAt(limit, 'critical'))}; ${count(active)} run now.`,
      ),
    );
  else
    effects.push(
      plain(
        `The alarms will stand at ${count(alarmAt(limit, 'warning'))} and ${count(alarmAt(limit, 'critical'))}.`,
      ),
    );
  return effects;
};

/** Of the limit for users without their own; a user whose own limit equals the default counts as such. */
export const defaultEffects = (
  limit: number,
  { userDefault }: LimitsView,
  users: NonNullable<StatsView['byUser']>,
): readonly Effect[] => {
  if (limit === userDefault) return [];
  const concerned = Object.entries(users).filter(([, user]) => user.limit === userDefault);
  const full = concerned.filter(([, user]) => user.active >= limit).map(([userId]) => userId);
  const effects = [
    plain(
      `${plural(concerned.length, 'active user')} ${concerned.length === 1 ? 'has' : 'have'} the default.`,
    ),
  ];
  if (full.length > 0)
    effects.push(warning(`At or above the new limit, and rejected until one ends: ${listed(full)}.`));
  if (limit > userDefault)
    effects.push(plain(`Each may run ${plural(limit - userDefault, 'session')} more.`));
  return effects;
};

/** Of one user's own limit; null takes it away. */
export const userEffects = (limit: number | null, { user, userDefault }: LimitsView): readonly Effect[] => {
  const next = limit ?? userDefault;
  const effects = [
    limit === null
      ? plain(`${user.userId} goes back to the default of ${count(userDefault)}.`)
      : plain(
          `${user.userId} has ${count(next)} instead of ${count(user.limit)}${user.own ? '' : ' (the default)'}.`,
        ),
  ];
  if (user.active >= next)
    effects.push(
      warning(
        `${plural(user.active, 'session')} ${user.active === 1 ? 'runs' : 'run'} now: none can start until fewer than ${count(next)} do.`,
      ),
    );
  return effects;
};

const SHOWN = 5;
const listed = (names: readonly string[]): string =>
  names.length <= SHOWN
    ? names.join(', ')
    : `${names.slice(0, SHOWN).join(', ')} and ${plural(names.length - SHOWN, 'other')}`;
