// Owns the proof that a run touches nothing on another machine.
import { expect } from 'chai';
import { assertLocal } from '../../chaos/local.ts';

describe('the targets of a run', () => {
  for (const url of [
    'http://127.0.0.1:8080',
    'http://127.8.9.1:8080/v1/stock',
    'http://localhost:8080',
    'http://[::1]:8080',
    'postgresql://somebody:secret@127.0.0.1:5432/holdfast',
    'postgresql://postgres@localhost/holdfast',
    'postgresql:///holdfast?host=/tmp/a-socket',
    'postgresql://postgres@%2Ftmp%2Fa-socket/holdfast',
    'redis://127.0.0.1:6379',
  ]) {
    it(`may be ${url}`, () => {
      expect(() => assertLocal(url)).to.not.throw();
    });
  }

  for (const url of [
    'http://10.0.0.7:8080',
    'http://0.0.0.0:8080',
    'http://holdfast.example:8080',
    'http://localhost.example:8080',
    'http://127.0.0.1.example',
    'http://localhost@holdfast.example',
    'http://[::2]:8080',
    'postgresql://postgres@ledger.example/holdfast',
    'postgresql://localhost:secret@ledger.example/127.0.0.1',
    'postgresql://postgres@127.0.0.1/holdfast?host=ledger.example',
    'postgresql://postgres@ledger.example/holdfast?host=',
    'postgresql://postgres@127.0.0.1/holdfast?host=/tmp&host=ledger.example',
    'http://holdfast.example:8080?host=localhost',
    'redis://cache.example:6379',
  ]) {
    it(`may not be ${url}`, () => {
      expect(() => assertLocal(url)).to.throw('touches only what it started on this machine');
    });
  }

  it('are told from one another without their passwords', () => {
    expect(() => assertLocal('postgresql://postgres:secret@ledger.example/holdfast'))
      .to.throw('not ledger.example')
      .with.property('message')
      .that.does.not.include('secret');
  });
});
