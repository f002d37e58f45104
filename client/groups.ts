import { CHAT_OPERATIONS } from '../contract/operations/chats.ts';
import { type Needs, perform, type Result } from './derived.ts';
import type { GroupsMethods, LidsMethods } from './methods.ts';
import type { CallOptions } from './transport.ts';

export type GroupsClient = GroupsMethods & {
  /** Add people to a group: the result for each. */
  readonly add: (
    session: string,
    id: string,
    participants: readonly string[],
    options?: CallOptions,
  ) => Promise<Result<'addParticipants'>>;
  /** Remove people from a group. */
  readonly remove: (
    session: string,
    id: string,
    participants: readonly string[],
    options?: CallOptions,
  ) => Promise<void>;
};

/** People by their ids alone. */
export const groupsClient = (derived: GroupsMethods, needs: Needs): GroupsClient => {
  const members = (ids: readonly string[]) => ({ participants: ids.map((id) => ({ id })) });
  return {
    ...derived,
    add: (session, id, ids, options = {}) =>
      perform(
        CHAT_OPERATIONS.addParticipants,
        { params: { session, id }, body: members(ids), options },
        needs,
      ),
    remove: async (session, id, ids, options = {}) => {
      const request = { params: { session, id }, body: members(ids), options };
      await perform(CHAT_OPERATIONS.removeParticipants, request, needs);
    },
  };
};

/** Hidden ids (`…@lid`) and phone numbers. */
export type LidsClient = LidsMethods & {
  /** The number of hidden ids that the session knows. */
  readonly count: (session: string, options?: CallOptions) => Promise<number>;
};

export const lidsClient = (derived: LidsMethods, needs: Needs): LidsClient => ({
  ...derived,
  count: async (session, options = {}) =>
    (await perform(CHAT_OPERATIONS.countLids, { params: { session }, options }, needs)).count,
});
