// Owns the tests of what a log line holds of an error.
import { expect } from 'chai';
import { errorFields } from '../../src/runtime/log-errors.ts';

describe('an error in the log', () => {
  it('keeps what it says, where it happened, why, and its plain members', () => {
    const error = Object.assign(new TypeError('outer', { cause: new Error('inner') }), { code: 'E1', errno: -5, isOurs: true });
    const fields = errorFields(error);
    expect(fields).to.deep.include({ type: 'TypeError', message: 'outer: inner', code: 'E1', errno: -5, isOurs: true });
    expect(fields).to.have.property('stack').that.includes('log-errors.test').and.includes('inner');
  });

  it('drops every object that hangs on it, also on those it is made of', () => {
    const command = { name: 'hello', args: ['3', 'AUTH', 'default', 'hunter2'] };
    const refused = Object.assign(new Error('WRONGPASS'), { command, list: ['hunter2'] });
    const thrown: readonly unknown[] = [
      refused,
      new Error('outer', { cause: refused }),
      new AggregateError([refused, new Error('other', { cause: refused })], 'all of them'),
      command,
    ];
    for (const each of thrown) expect(JSON.stringify(errorFields(each))).not.to.include('hunter2');
    expect(JSON.stringify(errorFields(thrown[2])))
      .to.include('WRONGPASS')
      .and.include('other');
    expect([errorFields('plain'), errorFields(null)]).to.deep.equal(['plain', null]);
  });
});
