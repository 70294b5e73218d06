// Owns the tests of what lines of the log say of commands and calls.
import { expect } from 'chai';
import type { BranchId, TransactionId } from '../../src/coordinator/model.ts';
import { fieldsOfCall, fieldsOfCommand } from '../../src/runtime/log-fields.ts';

describe('a line of the log', () => {
  const id = '0193b0a4-7c1e-7d00-8000-000000000001' as TransactionId;
  const branchId = '0193b0a4-7c1e-7d00-8000-000000000002' as BranchId;
  const trace = '00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01';

  it('says which transaction a command is about, and its trace where that is recorded', () => {
    expect(fieldsOfCommand({ kind: 'expire', id })).to.deep.equal({ transactionId: id });
    expect(fieldsOfCommand({ kind: 'expire', id, trace })).to.deep.equal({
      transactionId: id,
      trace_id: '0af7651916cd43dd8448eb211c80319c',
      span_id: 'b7ad6b7169203331',
    });
    expect(fieldsOfCommand({ kind: 'remove-participant', name: 'payment' })).to.deep.equal({});
    expect(fieldsOfCommand(null)).to.deep.equal({});
  });

  it('says which branch a command or a call is about', () => {
    const resolve = { kind: 'resolve', id, branchId, as: 'CONFIRMED', note: 'seen', by: 'me' } as const;
    expect(fieldsOfCommand(resolve)).to.deep.equal({ transactionId: id, branchId });
    const call = { transactionId: id, branchId, participant: 'payment', phase: 'try', fence: 1, isUrgent: false } as const;
    expect(fieldsOfCall(call)).to.deep.equal({ transactionId: id, branchId, participant: 'payment' });
    expect(fieldsOfCall(null)).to.deep.equal({});
  });
});
