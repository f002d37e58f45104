/** Companions' calls, except sending and linking. */
import type { AccountRecord, DeviceRecord } from '../model/records.ts';
import type { CallAnswer, CompanionCall } from '../protocol.ts';
import type { CallContext } from './call-context.ts';
import { channelHandlers } from './channels.ts';
import { chatHandlers } from './chats.ts';
import { groupHandlers } from './groups.ts';
import { messageHandlers } from './messages.ts';

type Answer = (
  call: CompanionCall,
  account: AccountRecord,
  device: DeviceRecord,
) => CallAnswer[CompanionCall['op']];

/** Answers a call of a linked companion. Throws CallRefusal as WhatsApp's servers do. */
export const companionCalls = (context: CallContext): Answer => {
  const handlers = {
    ...messageHandlers(context),
    ...chatHandlers(context),
    ...groupHandlers(context),
    ...channelHandlers(context),
  };
  return (call, account, device) => {
    // The handler of the call's own name takes this call; TypeScript loses that link through the table.
    const handler = handlers[call.op] as (
      call: CompanionCall,
      account: AccountRecord,
      device: DeviceRecord,
    ) => CallAnswer[CompanionCall['op']];
    return handler(call, account, device);
  };
};
