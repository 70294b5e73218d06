// Owns the tests of where a request is said to come from.
import { expect } from 'chai';
import { addressOf, plainAddress } from '../../src/http/address.ts';
import type { Express } from '../../src/http/context.ts';
import { HttpFixture } from '../support/http-fixture.ts';

describe('the address of a caller', () => {
  const extend = (app: Express): void => {
    app.get('/where', (request, response) => {
      response.end(addressOf(request));
    });
  };
  const where = async (http: HttpFixture, forwarded?: string): Promise<string> => {
    const headers: Record<string, string> = forwarded === undefined ? {} : { 'x-forwarded-for': forwarded };
    return (await fetch(`${http.base}/where`, { headers })).text();
  };

  describe('where no proxy is trusted', () => {
    const http = HttpFixture.forSuite({}, { extend });

    it('is that of the connection, whatever the caller says', async () => {
      for (const forwarded of [undefined, '203.0.113.9', '::1', 'nonsense'])
        expect(await where(http, forwarded)).to.equal('127.0.0.1');
    });
  });

  describe('behind a proxy that is trusted', () => {
    const http = HttpFixture.forSuite({}, { extend, trustedProxies: ['127.0.0.0/8', '10.0.0.0/8', 'fd00::/8'] });

    it('is the last that no trusted one vouches for', async () => {
      for (const [forwarded, expected] of [
        [undefined, '127.0.0.1'],
        ['203.0.113.9', '203.0.113.9'],
        // What a caller wrote before its first proxy did counts for nothing.
        ['198.51.100.1, 203.0.113.9', '203.0.113.9'],
        ['198.51.100.1, 203.0.113.9, 10.1.2.3', '203.0.113.9'],
        ['203.0.113.9, FD00::7, ::ffff:10.1.2.3', '203.0.113.9'],
        ['::ffff:203.0.113.9', '203.0.113.9'],
        ['2001:DB8:0:0::1', '2001:db8::1'],
        ['203.0.113.9:4711', '203.0.113.9'],
        // From a proxy that passes on what it is sent.
        ['nonsense', '127.0.0.1'],
        ['<script>', '127.0.0.1'],
        ['', '127.0.0.1'],
      ] as const)
        expect(await where(http, forwarded), forwarded).to.equal(expected);
    });
  });

  describe('behind a proxy that is not among the trusted', () => {
    const http = HttpFixture.forSuite({}, { extend, trustedProxies: ['10.0.0.0/8'] });

    it('is that of the connection', async () => {
      expect(await where(http, '203.0.113.9')).to.equal('127.0.0.1');
      expect(await where(http, '203.0.113.9, 10.0.0.1')).to.equal('127.0.0.1');
    });
  });

  it('has one form', () => {
    for (const [text, expected] of [
      ['127.0.0.1', '127.0.0.1'],
      ['::ffff:127.0.0.1', '127.0.0.1'],
      ['::FFFF:7f00:1', '127.0.0.1'],
      ['0:0:0:0:0:ffff:10.255.0.1', '10.255.0.1'],
      ['0:0:0:0:0:0:0:1', '::1'],
      ['[2001:db8::1]:443', '2001:db8::1'],
      ['fe80::1%eth0', 'fe80::1'],
      ['', null],
      ['localhost', null],
      ['127.1', null],
      ['0x7f.0.0.1', null],
      ['1.2.3.4, 5.6.7.8', null],
    ] as const)
      expect(plainAddress(text), text).to.equal(expected);
  });
});
