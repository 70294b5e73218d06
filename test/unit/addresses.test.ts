// Owns the tests of which addresses participants may stand at: every form in which one that is not public can be written.
import { expect } from 'chai';
import { AddressPolicy, isLoopbackHost, letInFault } from '../../src/addresses.ts';

const NOTHING_LET_IN = new AddressPolicy(null);

/** As the name of a host that resolves to it. */
const allowed = (address: string, policy = NOTHING_LET_IN): boolean => policy.allows('pay.example', address);
const refusedOf = (urls: readonly string[], policy = NOTHING_LET_IN) => urls.map((url) => policy.addressRefusedIn(url));

describe('the addresses that participants may stand at', () => {
  it('are public ones', () => {
    const addresses = [
      ...['1.1.1.1', '8.8.8.8', '9.255.255.255', '11.0.0.0', '100.63.255.255', '100.128.0.0', '126.255.255.255', '128.0.0.0'],
      ...['169.253.255.255', '169.255.0.0', '172.15.255.255', '172.32.0.0', '192.167.255.255', '192.169.0.0', '198.17.255.255'],
      ...['198.20.0.0', '223.255.255.255', '2001:200::', '2001:4860:4860::8888', '2606:4700::1111', '2a00:1450::1', '3ffe::1'],
    ];
    expect(addresses.filter((address) => !allowed(address))).to.deep.equal([]);
  });

  it('are none of those that are kept for special use, from the first to the last', () => {
    const addresses = [
      ...[
        '0.0.0.0',
        '0.255.255.255',
        '10.0.0.0',
        '10.255.255.255',
        '100.64.0.0',
        '100.127.255.255',
        '127.0.0.1',
        '127.255.255.255',
      ],
      ...['169.254.0.0', '169.254.169.254', '169.254.255.255', '172.16.0.0', '172.31.255.255', '192.0.0.0', '192.0.0.192'],
      ...['192.0.2.1', '192.88.99.1', '192.168.0.0', '192.168.255.255', '198.18.0.0', '198.19.255.255', '198.51.100.7'],
      ...['203.0.113.9', '224.0.0.1', '239.255.255.255', '240.0.0.1', '255.255.255.255', '168.63.129.16', '100.100.100.200'],
      ...['::', '::1', '::2', 'fe80::1', 'febf::1', 'fec0::1', 'fc00::1', 'fd00:ec2::254', 'fdff::1', 'ff02::1', 'ff0e::1'],
      ...['2001::1', '2001:2::1', '2001:10::1', '2001:db8::1', '3fff::1', '100::1', '4000::1', '5f00::1', '8000::1'],
    ];
    expect(addresses.filter((address) => allowed(address))).to.deep.equal([]);
  });

  it('are no IPv4 address that is wrapped in an IPv6 one', () => {
    const addresses = [
      // Mapped, compatible, translated (NAT64, both prefixes), 6to4, Teredo; also where the one inside is public.
      ...[
        '::ffff:127.0.0.1',
        '::ffff:7f00:1',
        '0:0:0:0:0:ffff:7f00:0001',
        '::FFFF:10.0.0.1',
        '::ffff:8.8.8.8',
        '::ffff:0:127.0.0.1',
      ],
      ...['::127.0.0.1', '::7f00:1', '64:ff9b::127.0.0.1', '64:ff9b::a9fe:a9fe', '64:ff9b::8.8.8.8', '64:ff9b:1::10.0.0.1'],
      ...['2002:7f00:1::', '2002:a00:1::1', '2001:0:7f00:1::', '2001:0:4136:e378:8000:63bf:80ff:fffe'],
    ];
    expect(addresses.filter((address) => allowed(address))).to.deep.equal([]);
  });

  it('have no zone, and are addresses', () => {
    for (const address of ['fe80::1%eth0', 'fe80::1%1', '::1%lo', '2606:4700::1111%eth0', '', 'pay.example', '1.1.1', '1.1.1.1%'])
      expect(allowed(address), address).to.equal(false);
  });

  it('are seen in a URL in whatever form they are written', () => {
    const urls = [
      ...['http://2130706433/', 'http://0x7f000001', 'http://0x7f.1', 'http://0177.0.0.1', 'http://017700000001', 'http://127.1'],
      ...[
        'http://127.0.1',
        'http://127.0.0.1.',
        'http://%31%32%37.0.0.1',
        'http://①②⑦.0.0.1',
        'http://127。0。0。1',
        'https://0/',
      ],
    ];
    expect(refusedOf(urls)).to.deep.equal([...Array.from({ length: 11 }, () => '127.0.0.1'), '0.0.0.0']);
    const ipv6 = [
      'http://[::1]/a',
      'http://[0:0:0:0:0:0:0:1]',
      'http://[::ffff:127.0.0.1]',
      'http://[::FFFF:7F00:1]:80',
      'http://[fe80::1]',
    ];
    expect(refusedOf(ipv6)).to.deep.equal(['::1', '::1', '::ffff:7f00:1', '::ffff:7f00:1', 'fe80::1']);
    // Node does not take a zone for part of a URL.
    expect(URL.canParse('http://[fe80::1%25eth0]/') || URL.canParse('http://[fe80::1%eth0]/')).to.equal(false);
    // Names are looked at when they are looked up.
    expect(refusedOf(['http://localhost', 'http://8.8.8.8', 'http://[2606:4700::1111]', 'http://pay.example'])).to.deep.equal(
      Array.from({ length: 4 }, () => null),
    );
  });

  it('are also those that are let in, by address, CIDR or name', () => {
    const policy = new AddressPolicy('10.1.2.3/16, 192.168.7.7,fd12::/16,Pay.Internal,*.svc.cluster.local');
    const isAllowed = ['10.1.0.0', '10.1.255.255', '192.168.7.7', 'fd12:1::1', '::ffff:10.1.9.9', '1.1.1.1'];
    expect(isAllowed.filter((address) => !allowed(address, policy))).to.deep.equal([]);
    const isRefused = ['10.2.0.0', '10.0.255.255', '192.168.7.8', 'fd13::1', '::ffff:10.2.0.1', '127.0.0.1'];
    expect(isRefused.filter((address) => allowed(address, policy))).to.deep.equal([]);
    const hosts = ['pay.internal', 'PAY.internal.', 'a.svc.cluster.local', 'b.a.svc.cluster.local', '10.1.4.4'];
    expect(hosts.map((host) => policy.allows(host, host === '10.1.4.4' ? host : '10.99.0.1'))).to.deep.equal(
      hosts.map(() => true),
    );
    const others = ['svc.cluster.local', 'xsvc.cluster.local', 'pay.internal.example', 'xpay.internal', 'pay-internal'];
    expect(others.filter((host) => policy.allows(host, '10.99.0.1'))).to.deep.equal([]);
    expect(policy.allows('pay.internal', 'no address')).to.equal(false);
    // What is let in of IPv6 lets nothing in of IPv4.
    expect(allowed('10.0.0.1', new AddressPolicy('::/0'))).to.equal(false);
    expect(allowed('::1', new AddressPolicy('0.0.0.0/0'))).to.equal(false);
    expect(allowed('fe80::1%eth0', new AddressPolicy('fe80::/10'))).to.equal(true);
  });

  it('are set by a list without a slip in it', () => {
    const good = [
      '10.0.0.0/8',
      '::1',
      '::/0',
      '0.0.0.0/0,::/0',
      'localhost',
      'a_b.example',
      '*.example',
      ' a , b ',
      'xn--bcher-kva.example',
    ];
    expect(good.map(letInFault)).to.deep.equal(good.map(() => null));
    const bad = [
      ...[
        '',
        ',',
        'a,',
        'a,,b',
        '10.0.0.0/33',
        '::/129',
        '10.0.0.0/',
        '10.0.0.0/8/8',
        '10.0.0/8',
        '10.0.0.0/-1',
        '10.0.0.0/1e1',
        '*',
      ],
      ...[
        '*.',
        '*.*.example',
        'a.*.example',
        'http://a',
        'a:80',
        '[::1]',
        'fe80::1%eth0',
        'a b',
        '2130706433',
        '0x7f.1',
        '127.1',
      ],
      ...['bücher.example', '-a.example', 'a..b', `${'a'.repeat(64)}.example`, `${'a.'.repeat(127)}aa`],
    ];
    expect(bad.filter((text) => letInFault(text) === null)).to.deep.equal([]);
  });

  it('tells a loopback that is listened on from everything else', () => {
    for (const host of ['127.0.0.1', '127.9.9.9', '::1', 'localhost', 'LOCALHOST'])
      expect(isLoopbackHost(host), host).to.equal(true);
    for (const host of ['0.0.0.0', '::', '10.0.0.1', 'example', 'localhost.example', '::ffff:10.0.0.1', '128.0.0.1'])
      expect(isLoopbackHost(host), host).to.equal(false);
  });
});
