// That the client's errors are at run time what their types say; the rest of the types is in test/support/client-usage.ts.
import { expect } from 'chai';
import { HoldfastError, HoldfastUnavailable } from '../../src/client/index.ts';
import { handling } from '../support/client-usage.ts';

describe('the errors of the client', () => {
  it('are told apart at run time as the types tell them apart', () => {
    const circumstances = { status: 409, ids: ['1'], outcome: 'nothing-done' } as const;
    const short = new HoldfastError({ code: 'insufficient-stock', detail: 'No.' }, circumstances);
    expect(handling(short)).to.deep.equal([]);
    expect(handling(new HoldfastError({ code: 'invalid-transition', detail: 'No.', state: 'TRIED' }, circumstances))).to.equal(
      'TRIED',
    );
    expect(
      handling(new HoldfastUnavailable('gone', { failure: 'timeout', attempts: 1, ids: ['2'], outcome: 'unknown' }, null)),
    ).to.equal('2');
    expect(short).to.not.have.property('state');
    expect(short.id).to.equal('1');
  });
});
