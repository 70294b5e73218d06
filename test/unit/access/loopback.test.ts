// Owns the tests of what is taken where there is no authentication: this machine's own names, in every form, and no page of another.
import { expect } from 'chai';
import { refusalOfStranger } from '../../../src/access/loopback.ts';

const codeOf = (host: string | null, site: string | null = null): string | null => refusalOfStranger(host, site)?.code ?? null;

describe('without authentication', () => {
  it('requests under a name of this machine are taken, however it is written', () => {
    const names = [
      ...['localhost', 'LOCALHOST', 'localhost:8080', 'a.localhost', 'holdfast.test.localhost:1'],
      ...[
        '127.0.0.1',
        '127.0.0.1:8080',
        '127.1',
        '127.0.1',
        '127.255.255.254',
        '0x7f.1',
        '0177.0.0.1',
        '2130706433',
        '0x7f000001',
      ],
      ...['[::1]', '[::1]:8080', '[0:0:0:0:0:0:0:1]', '[::ffff:127.0.0.1]', '[::ffff:7f00:1]:80'],
    ];
    expect(names.filter((host) => codeOf(host) !== null)).to.deep.equal([]);
    // A program of HTTP/1.0 names none, and no browser is one.
    expect([codeOf(null), codeOf('')]).to.deep.equal([null, null]);
  });

  it('requests under any other name are not: it may lead here for a page that somebody has open', () => {
    const names = [
      ...['evil.example', 'evil.example:8080', '127.0.0.1.evil.example', 'localhost.evil.example', 'localhosts', 'notlocalhost'],
      ...[
        '127.0.0.1@evil.example',
        'localhost@evil.example:80',
        'evil.example#localhost',
        'evil.example/localhost',
        'evil.example?localhost',
      ],
      ...['0.0.0.0', '10.0.0.1', '169.254.169.254', '192.168.0.1', '128.0.0.1', '126.255.255.255', '1.127.0.0'],
      ...['[::]', '[::2]', '[fe80::1]', '[::ffff:10.0.0.1]', '[::127.0.0.1]', '[64:ff9b::7f00:1]', '[2002:7f00:1::]'],
      ...[
        '[::1',
        '::1',
        ':8080',
        '..',
        'local host',
        'localhost:99999',
        'localhost:x',
        '%',
        '\u0000',
        'localhost,evil.example',
        ' ',
      ],
    ];
    expect(names.filter((host) => codeOf(host) !== 'forbidden')).to.deep.equal([]);
  });

  it('pages of other sites are not, whatever name they use', () => {
    for (const site of ['cross-site', 'same-site']) expect(codeOf('localhost', site)).to.equal('forbidden');
    for (const site of ['same-origin', 'none', null]) expect(codeOf('localhost', site)).to.equal(null);
  });
});
