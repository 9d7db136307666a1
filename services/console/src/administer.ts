// THE STORY: who asks is known by an admin key -> the role allows it -> whose things are meant is settled -> and only then an owner
// is asked, in the name of who asks. The console itself owns nothing.
import { createHash, timingSafeEqual } from "node:crypto";
import { type Clock, WaybillError } from "@waybill/domain";
import type { AdminKey } from "@waybill/wire";
import { type Admin, decideAccess, type Wish } from "./core/access.ts";
import { parseAdminKey } from "./core/admin-key.ts";

export interface AdministerPorts {
  /** Undefined: there is no such key. What it says may be as old as the cache allows. */
  findAdminKey(keyId: string): Promise<AdminKey | undefined>;
  /** The same. */
  isOrganisation(id: string): Promise<boolean>;
  clock: Clock;
}

/** Settles who asks and for whom. Throws what a client may read; never which part of a key was wrong. */
export type Administer = (presented: string | undefined, wish: Wish) => Promise<Admin>;

export function makeAdminister({ findAdminKey, isOrganisation, clock }: AdministerPorts): Administer {
  return async (presented, wish) => {
    const parsed = presented === undefined ? undefined : parseAdminKey(presented);
    if (!parsed) {
      const publicMessage = "Send an admin key (wba_…) as Authorization: Bearer <key>.";
      throw new WaybillError("invalid_api_key", { publicMessage });
    }
    const key = await findAdminKey(parsed.keyId);
    if (!key || !isSecretOf(parsed.secret, key, clock.unixMs())) throw new WaybillError("invalid_api_key");
    const admin = decideAccess(key, wish, clock.unixMs());
    const named = wish.organisationId;
    if (named !== undefined && named !== "" && admin.isOfInstallation && !(await isOrganisation(named))) {
      throw new WaybillError("not_found", { publicMessage: "There is no such organisation.", param: "organisation" });
    }
    return admin;
  };
}

/** The key's own secret, or for as long as a rotation lets them overlap the one before. */
function isSecretOf(secret: string, key: AdminKey, nowUnixMs: number): boolean {
  const digest = createHash("sha256").update(secret).digest();
  const isOwn = isDigest(digest, key.secretSha256);
  const isPrevious = isDigest(digest, key.previousSecretSha256);
  return isOwn || (isPrevious && key.previousSecretUntilMs > BigInt(nowUnixMs));
}

/** In constant time. */
function isDigest(digest: Buffer, sha256: Uint8Array): boolean {
  return sha256.length === digest.length && timingSafeEqual(digest, sha256);
}
