import { isIPv4, isIPv6 } from 'node:net';

/** What stands for every address that cannot be read: together they have as much credit as one. */
const unreadable = 'unknown';

const groupsMax = 8;
/** The first half of an IPv6 address names the network; whoever has one may use all 2^64 of its addresses. */
const networkGroups = 4;

/** Networks whose last 32 bits are an IPv4 address: mapped ones (RFC 4291) and those a NAT64 makes (RFC 6052). */
const ipv4Networks = ['0:0:0:0:0:ffff', '64:ff9b:0:0:0:0'];

/**
 * Returns the one text under which a client is counted, however its address is spelled: an IPv4 address as it
 * is, also out of an IPv6 one that embeds it; of any other IPv6 address its /64 network, such as
 * `2001:db8:0:1::/64`; and `unknown` for what is no address.
 */
export function clientAddress(written: string | undefined): string {
  if (written === undefined) return unreadable;
  if (isIPv4(written)) return written;
  if (!isIPv6(written)) return unreadable;
  const groups = readGroups(written);
  const high = groups.map((group) => group.toString(16));
  if (ipv4Networks.includes(high.slice(0, 6).join(':'))) return ipv4Of(groups);
  return `${high.slice(0, networkGroups).join(':')}::/64`;
}

/** The eight numbers of a valid IPv6 address. The zone only says through which interface it is reached. */
function readGroups(written: string): number[] {
  const [address = ''] = written.split('%', 1);
  const [head = [], tail] = address.split('::').map(readSide);
  if (tail === undefined) return head;
  return [...head, ...Array<number>(groupsMax - head.length - tail.length).fill(0), ...tail];
}

/** What stands on one side of `::`; nothing is nothing, and a dotted quad is two groups. */
function readSide(side: string): number[] {
  if (side === '') return [];
  return side.split(':').flatMap((group) => {
    if (!group.includes('.')) return [Number.parseInt(group, 16)];
    const [a = 0, b = 0, c = 0, d = 0] = group.split('.').map(Number);
    return [a * 256 + b, c * 256 + d];
  });
}

function ipv4Of(groups: readonly number[]): string {
  return groups
    .slice(-2)
    .flatMap((group) => [group >> 8, group & 0xff])
    .join('.');
}
