/** Presence in WAHA's shapes. */
import * as z from 'zod';
import type { ChatPresences } from '../../contract/whatsapp/people.ts';
import { idText } from './ids.ts';
import { anything, pnOf } from './payloads.ts';

const source = z.object({
  id: anything,
  isOnline: z.boolean().catch(false),
  states: z.array(z.object({ id: anything, type: z.string().catch(''), t: z.number().catch(0) })).catch([]),
});

/** As WhatsApp Web names them. */
const STATES: Readonly<Record<string, ChatPresences['presences'][number]['lastKnownPresence']>> = {
  available: 'online',
  unavailable: 'offline',
  composing: 'typing',
  typing: 'typing',
  recording_audio: 'recording',
  recording: 'recording',
  paused: 'paused',
};

/** undefined: it names no chat. States that are unknown are left out. */
export const presencePayload = (value: unknown): ChatPresences | undefined => {
  const parsed = source.safeParse(value);
  const id = parsed.success ? idText(parsed.data.id) : undefined;
  if (!parsed.success || id === undefined) return undefined;
  return {
    id,
    ...pnOf('idPn', parsed.data.id),
    presences: parsed.data.states.flatMap((state) => {
      const lastKnownPresence = STATES[state.type];
      if (lastKnownPresence === undefined) return [];
      const whose = idText(state.id) === undefined ? parsed.data.id : state.id;
      return [
        {
          participant: idText(whose) ?? id,
          ...pnOf('participantPn', whose),
          ...(state.t > 0 ? { lastSeen: Math.trunc(state.t) } : {}),
          lastKnownPresence,
        },
      ];
    }),
  };
};
