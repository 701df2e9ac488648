import type { IncomingMessage } from 'node:http';
import { type FastifyRequest, fastify } from 'fastify';
import { describe, expect, test } from 'vitest';
import { clientAddress, createProxies } from './proxies.js';

const proxies = createProxies(['10.0.0.0/8', '192.168.1.7/32', 'fd00::/8', '::1/128']);

describe('createProxies', () => {
  test.each([
    '10.0.0.0',
    '10.255.255.255',
    '::ffff:10.1.2.3',
    '::FFFF:a01:203',
    '192.168.1.7',
    '10.1.2.3:54321',
    'fd00::1',
    'fd12:3456::1',
    '[fd00::1]',
    '[fd00::1]:443',
    '::1',
    '0:0:0:0:0:0:0:1',
  ])('trusts %s', (address) => {
    expect(proxies.trusts(address)).toBe(true);
  });

  test.each([
    '11.0.0.0',
    '9.255.255.255',
    '::ffff:11.0.0.1',
    '192.168.1.6',
    'fe00::1',
    '::2',
    '010.0.0.1',
    '10.0.0.1, 10.0.0.2',
    ' 10.0.0.1',
    '10.0.0',
    'unknown',
    '_hidden',
    '',
    undefined,
  ])('does not trust %s', (address) => {
    expect(proxies.trusts(address)).toBe(false);
  });

  test('without networks trusts nobody, not even this machine', () => {
    const none = createProxies([]);
    for (const address of ['127.0.0.1', '::1', '0.0.0.0']) expect(none.trusts(address)).toBe(false);
  });

  const seenFrom = (remoteAddress: string, protocol: string | undefined) =>
    proxies.isHttps({
      headers: { 'x-forwarded-proto': protocol },
      socket: { remoteAddress },
    } as unknown as IncomingMessage);

  test.each(['https', 'HTTPS', 'http, https', ' https '])('takes %j of a proxy for https', (protocol) => {
    expect(seenFrom('10.0.0.1', protocol)).toBe(true);
    expect(seenFrom('11.0.0.1', protocol)).toBe(false);
  });

  test.each(['http', 'https, http', 'https,', 'httpss', '', undefined])(
    'does not take %j for https',
    (protocol) => {
      expect(seenFrom('10.0.0.1', protocol)).toBe(false);
    },
  );
});

describe('clientAddress', () => {
  const of = (...ips: string[]) => clientAddress({ ip: ips.at(-1), ips } as unknown as FastifyRequest);

  test('is the address furthest from here that proxies vouch for, without its port', () => {
    expect(of('10.0.0.1', '203.0.113.9')).toBe('203.0.113.9');
    expect(of('10.0.0.1', '203.0.113.9:4711')).toBe('203.0.113.9');
    expect(of('10.0.0.1', '[2001:db8::1]:4711')).toBe('2001:db8::1');
    expect(of('10.0.0.1', '2001:db8::1')).toBe('2001:db8::1');
    expect(of('203.0.113.9')).toBe('203.0.113.9');
  });

  test('is the proxy’s where something else than an address stands', () => {
    for (const written of ['unknown', '_hidden', 'a'.repeat(10_000), "'; drop table accounts", '1.2.3'])
      expect(of('10.0.0.1', '10.0.0.2', written)).toBe('10.0.0.2');
  });

  test('is the socket’s where no proxy is trusted', () => {
    expect(clientAddress({ ip: '203.0.113.9' } as unknown as FastifyRequest)).toBe('203.0.113.9');
  });

  test.each([
    ['127.0.0.0/8,::1/128', '203.0.113.9', '203.0.113.9'],
    // What a client has written stands to the left of what its proxy adds.
    ['127.0.0.0/8,::1/128', '198.51.100.1, 203.0.113.9', '203.0.113.9'],
    ['127.0.0.0/8,::1/128,203.0.113.9/32', '198.51.100.1, 203.0.113.9', '198.51.100.1'],
    ['127.0.0.0/8,::1/128', '203.0.113.9, unknown', 'loopback'],
    ['127.0.0.0/8,::1/128', '', 'loopback'],
    ['10.0.0.0/8', '203.0.113.9', 'loopback'],
    ['', '203.0.113.9', 'loopback'],
  ])('with the proxies %j takes X-Forwarded-For: %s for %s', async (networks, forwarded, expected) => {
    const { trusts } = createProxies(networks.split(',').filter((network) => network !== ''));
    const app = fastify({ trustProxy: networks === '' ? false : trusts });
    app.get('/', async (request) => ({ address: clientAddress(request) }));
    const url = await app.listen({ host: 'localhost', port: 0 });
    try {
      const response = await fetch(url, { headers: { 'x-forwarded-for': forwarded } });
      const { address } = (await response.json()) as { address: string };
      expect(/^(127\.0\.0\.1|::1)$/.test(address) ? 'loopback' : address).toBe(expected);
    } finally {
      await app.close();
    }
  });
});
