import type { IncomingMessage } from 'node:http';
import { BlockList, isIP } from 'node:net';
import type { FastifyRequest } from 'fastify';

/** Whose `X-Forwarded-*` headers are believed: those of named proxies, and only what these have added. */
export interface Proxies {
  /** Whether it is a proxy that has this address, which may carry a port as some proxies write it. */
  trusts(address: string | undefined): boolean;
  /** Whether the client came by https, which a trusted proxy alone can know: Halo itself serves plain http. */
  isHttps(request: IncomingMessage): boolean;
}

/** @param networks as `address/bits`; none: nobody is believed */
export function createProxies(networks: readonly string[]): Proxies {
  const list = new BlockList();
  for (const network of networks) {
    const [address = '', bits] = network.split('/');
    list.addSubnet(address, Number(bits), familyOf(address));
  }

  const trusts = (written: string | undefined): boolean => {
    const address = bareAddress(written ?? '');
    return isIP(address) !== 0 && list.check(address, familyOf(address));
  };

  return {
    trusts,
    isHttps: ({ headers, socket }) => {
      const written = headers['x-forwarded-proto'];
      // The last entry is what the nearest proxy has added; those before it may be the client's own.
      const protocol = typeof written === 'string' ? written.split(',').at(-1)?.trim() : undefined;
      return protocol?.toLowerCase() === 'https' && trusts(socket.remoteAddress);
    },
  };
}

/**
 * Where a request came from: the nearest address that is not a trusted proxy's. What stands in its place without
 * being an address, as anybody can put it there who reaches the proxy from a trusted network, is passed over.
 */
export function clientAddress({ ip, ips = [] }: FastifyRequest): string {
  return ips.map(bareAddress).findLast((address) => isIP(address) !== 0) ?? ip;
}

/** Without the port that some proxies add. */
function bareAddress(written: string): string {
  const [, bracketed, dotted] = /^(?:\[([^\]]*)\](?::\d+)?|([\d.]+):\d+)$/.exec(written) ?? [];
  return bracketed ?? dotted ?? written;
}

function familyOf(address: string): 'ipv4' | 'ipv6' {
  return isIP(address) === 6 ? 'ipv6' : 'ipv4';
}
