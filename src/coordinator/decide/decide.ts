// Owns decide(): rows, a command and the database's clock in; a verdict and the changes it needs out. Pure: no I/O, no
// clock, no random ids. It is what the exact path asks, and what unit and property tests drive.
import type { Command } from '../command.ts';
import type { Rows } from '../rows.ts';
import { audited } from './audited.ts';
import type { Decision } from './decision.ts';
import { decideExtend } from './extend.ts';
import { decideResolve, decideRetry } from './intervene.ts';
import { decidePutParticipant, decideRemoveParticipant } from './participant.ts';
import { decideRefund } from './refund.ts';
import { decideReply } from './reply.ts';
import { decideCancel, decideConfirm, decideExpire } from './settle.ts';
import { decideCountStock, decideMoveStock } from './stock.ts';
import { decideTry } from './try.ts';

/** @param now milliseconds since 1970 by the database's clock, read with (and, where locked, after locking) the rows */
export function decide(rows: Rows, command: Command, now: number): Decision {
  return audited(command, decideUnaudited(rows, command, now));
}

function decideUnaudited(rows: Rows, command: Command, now: number): Decision {
  switch (command.kind) {
    case 'try':
      return decideTry(rows, command, now);
    case 'confirm':
      return decideConfirm(rows, command, now);
    case 'cancel':
      return decideCancel(rows, command, now);
    case 'expire':
      return decideExpire(rows, command, now);
    case 'extend':
      return decideExtend(rows, command, now);
    case 'refund':
      return decideRefund(rows, command, now);
    case 'branch-reply':
      return decideReply(rows, command, now);
    case 'retry':
      return decideRetry(rows, command, now);
    case 'resolve':
      return decideResolve(rows, command, now);
    case 'put-participant':
      return decidePutParticipant(rows, command, now);
    case 'remove-participant':
      return decideRemoveParticipant(rows, command);
    case 'move-stock':
      return decideMoveStock(rows, command, now);
    case 'count-stock':
      return decideCountStock(rows, command, now);
  }
}
