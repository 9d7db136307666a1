// Keys of the wire as the admin API shows them, and moments and limits as it is given them.
import { type AdminKeySummary, Attribution, KeyRules, type KeySummary } from "@waybill/wire";
import type { z } from "zod";
import type * as schemas from "../schemas/keys.ts";
import { isoTime, isoTimeOrNull } from "./iso-time.ts";

export function keyJson(wire: KeySummary): z.input<typeof schemas.keyJson> {
  const { organisationId, teamId, teamName, userId, userName, keyName, tags } =
    wire.attribution ?? Attribution.create({});
  const { maxOutputTokensDefault, metadata, ...lists } = wire.rules ?? KeyRules.create({});
  return {
    id: wire.keyId,
    name: keyName,
    ...{ organisationId, teamId, teamName, userId, userName, tags, metadata },
    ...lists,
    maxOutputTokensDefault: maxOutputTokensDefault === 0 ? null : maxOutputTokensDefault,
    createdAt: isoTime(wire.createdAtMs),
    expiresAt: isoTimeOrNull(wire.expiresAtMs),
    revokedAt: isoTimeOrNull(wire.revokedAtMs),
    previousSecretUntil: isoTimeOrNull(wire.previousSecretUntilMs),
  };
}

export function adminKeyJson(wire: AdminKeySummary): z.input<typeof schemas.adminKeyJson> {
  const { keyId: id, name, role, organisationId } = wire;
  return {
    ...{ id, name, role, organisationId },
    createdAt: isoTime(wire.createdAtMs),
    expiresAt: isoTimeOrNull(wire.expiresAtMs),
    revokedAt: isoTimeOrNull(wire.revokedAtMs),
    previousSecretUntil: isoTimeOrNull(wire.previousSecretUntilMs),
  };
}

/** Unix milliseconds of a moment that was checked; never is 0 on the wire. */
export function unixMsOf(iso: string | null): bigint {
  return iso === null ? 0n : BigInt(Date.parse(iso));
}
