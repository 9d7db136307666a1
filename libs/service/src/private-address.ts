// Which IP addresses an upstream may not have unless its provider is allowed private ones: loopback, private, link-local,
// carrier NAT, multicast and reserved ranges, in IPv4, IPv6 and every way of writing the one in the other.
// https://www.iana.org/assignments/iana-ipv4-special-registry and iana-ipv6-special-registry

/** True for an address that is not on the public internet, and for text that is no address at all. */
export function isPrivateAddress(address: string): boolean {
  const text = address.replace(/^\[|\]$/g, "").replace(/%.*$/, "");
  const v4 = parseIpv4(text);
  if (v4 !== undefined) return isPrivateIpv4(v4);
  const v6 = parseIpv6(text);
  return v6 === undefined || isPrivateIpv6(v6);
}

/** [first address, prefix length] */
const PRIVATE_IPV4: readonly (readonly [string, number])[] = [
  ["0.0.0.0", 8],
  ["10.0.0.0", 8],
  ["100.64.0.0", 10],
  ["127.0.0.0", 8],
  ["169.254.0.0", 16],
  ["172.16.0.0", 12],
  ["192.0.0.0", 24],
  ["192.0.2.0", 24],
  ["192.88.99.0", 24],
  ["192.168.0.0", 16],
  ["198.18.0.0", 15],
  ["198.51.100.0", 24],
  ["203.0.113.0", 24],
  ["224.0.0.0", 4],
  ["240.0.0.0", 4],
];

function isPrivateIpv4(address: number): boolean {
  return PRIVATE_IPV4.some(([first, prefix]) => {
    const shift = 32 - prefix;
    return address >>> shift === (parseIpv4(first) ?? 0) >>> shift;
  });
}

function isPrivateIpv6(groups: readonly number[]): boolean {
  const [g0 = 0, g1 = 0, g2 = 0, g3 = 0, g4 = 0, g5 = 0, g6 = 0, g7 = 0] = groups;
  const low32 = ((g6 << 16) | g7) >>> 0;
  const isHighZero = g0 === 0 && g1 === 0 && g2 === 0 && g3 === 0 && g4 === 0;
  // ::, ::1, ::a.b.c.d and ::ffff:a.b.c.d
  if (isHighZero && (g5 === 0 || g5 === 0xffff)) return g5 === 0 ? true : isPrivateIpv4(low32);
  // NAT64 (64:ff9b::/96 and 64:ff9b:1::/48) and 6to4 (2002::/16) carry an IPv4 address.
  if (g0 === 0x64 && g1 === 0xff9b) return g2 !== 0 || isPrivateIpv4(low32);
  if (g0 === 0x2002) return isPrivateIpv4(((g1 << 16) | g2) >>> 0);
  // Only 2000::/3 is handed out; without Teredo and others (2001:0::/23), documentation (2001:db8::/32, 3fff::/20).
  if (g0 >>> 13 !== 1) return true;
  return (g0 === 0x2001 && (g1 < 0x200 || g1 === 0xdb8)) || (g0 === 0x3fff && g1 < 0x1000);
}

function parseIpv4(text: string): number | undefined {
  const match = /^(\d{1,3})\.(\d{1,3})\.(\d{1,3})\.(\d{1,3})$/.exec(text);
  if (!match) return undefined;
  let address = 0;
  for (const part of match.slice(1)) {
    const byte = Number(part);
    if (byte > 255) return undefined;
    address = address * 256 + byte;
  }
  return address;
}

function parseIpv6(text: string): readonly number[] | undefined {
  const tail = /^(.*:)(\d+\.\d+\.\d+\.\d+)$/.exec(text);
  const v4 = tail?.[2] === undefined ? undefined : parseIpv4(tail[2]);
  if (tail && v4 === undefined) return undefined;
  const plain = tail && v4 !== undefined ? `${tail[1]}${(v4 >>> 16).toString(16)}:${(v4 & 0xffff).toString(16)}` : text;
  const halves = plain.split("::");
  if (halves.length > 2) return undefined;
  const [head, rest] = halves.map((half) => (half === "" ? [] : half.split(":")));
  if (!head || [...head, ...(rest ?? [])].some((group) => !/^[0-9a-f]{1,4}$/i.test(group))) return undefined;
  const missing = 8 - head.length - (rest?.length ?? 0);
  if (rest ? missing < 1 : missing !== 0) return undefined;
  const zeros = Array.from({ length: rest ? missing : 0 }, () => "0");
  return [...head, ...zeros, ...(rest ?? [])].map((group) => Number.parseInt(group, 16));
}
