import { BlockList, isIP } from 'node:net';

/** Says whether what an address does is not held against it. What is no address never is exempt. */
export type IsExempt = (address: string | undefined) => boolean;

/**
 * Makes a predicate of addresses and networks in CIDR notation, as `HALO_THROTTLE_EXEMPT` names them. IPv4
 * networks hold for IPv4-mapped IPv6 addresses too.
 *
 * @param entries checked already by `config.ts`
 */
export function exemptAddresses(entries: readonly string[]): IsExempt {
  const list = new BlockList();
  for (const entry of entries) {
    const [address = '', prefix] = entry.split('/');
    const family = familyOf(address);
    if (family === undefined) throw new Error(`The exemption ${entry} was not checked.`);
    list.addSubnet(address, prefix === undefined ? bitsOf[family] : Number(prefix), family);
  }
  return (address) => {
    const family = address === undefined ? undefined : familyOf(address);
    return address !== undefined && family !== undefined && list.check(address, family);
  };
}

const bitsOf = { ipv4: 32, ipv6: 128 } as const;

function familyOf(address: string): 'ipv4' | 'ipv6' | undefined {
  const version = isIP(address);
  if (version === 0) return undefined;
  return version === 4 ? 'ipv4' : 'ipv6';
}
