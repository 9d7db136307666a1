// Name resolution that answers only with public addresses. The connection is made to exactly the addresses that were checked,
// so a name that resolves differently a moment later (DNS rebinding) gains nothing.
import { type LookupAddress, type LookupOptions, lookup } from "node:dns";
import { isIP, type LookupFunction } from "node:net";
import { isPrivateAddress } from "./private-address.ts";

/** True for an origin whose host is a literal private address; such a host is connected to without a lookup. */
export function isRefusedHost(origin: string): boolean {
  const host = new URL(origin).hostname.replace(/^\[|\]$/g, "");
  return isIP(host) !== 0 && isPrivateAddress(host);
}

/** All addresses of a name, as `dns.lookup` finds them. */
export type Resolve = (
  hostname: string,
  options: LookupOptions & { all: true },
  done: (error: NodeJS.ErrnoException | null, addresses: LookupAddress[]) => void,
) => void;

/** For `connect`: asks `resolve` once for each connection and fails with EADDRREFUSED when any address of the name is private. */
export function vettedLookup(resolve: Resolve = lookup): LookupFunction {
  return (hostname, options: LookupOptions, done) => {
    resolve(hostname, { ...options, all: true }, (error, addresses) => {
      if (error) return done(error, [], 0);
      const [first] = addresses;
      // One private address among public ones is an attempt, not an accident.
      if (!first || addresses.some(({ address }) => isPrivateAddress(address))) {
        return done(Object.assign(new Error("the host has a private address"), { code: "EADDRREFUSED" }), [], 0);
      }
      if (options.all) done(null, addresses);
      else done(null, first.address, first.family);
    });
  };
}
