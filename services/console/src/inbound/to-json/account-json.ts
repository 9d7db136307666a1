// Keys and audit entries of the wire as the admin API shows them.
import { Attribution, type KeySummary } from "@waybill/wire";
import type { z } from "zod";
import type { MergedEntry } from "../../core/merge-audit.ts";
import type * as schemas from "../schemas/accounts.ts";
import { isoTime, isoTimeOrNull } from "./iso-time.ts";

export function keyJson(wire: KeySummary): z.input<typeof schemas.keyList>["keys"][number] {
  const { organisationId, teamId, teamName, userId, userName, keyName, tags } =
    wire.attribution ?? Attribution.create({});
  return {
    id: wire.keyId,
    name: keyName,
    ...{ organisationId, teamId, teamName, userId, userName, tags },
    expiresAt: isoTimeOrNull(wire.expiresAtMs),
    revokedAt: isoTimeOrNull(wire.revokedAtMs),
  };
}

export function auditJson({ log, entry }: MergedEntry): z.input<typeof schemas.auditPage>["entries"][number] {
  const { id, atMs, actor, action, kind, name, version, reason, organisationId, beforeJson, afterJson } = entry;
  return {
    id: `${log}-${id}`,
    at: isoTime(atMs),
    actor: { adminKeyId: actor?.adminKeyId ?? "", name: actor?.name ?? "" },
    ...{ action, kind, name, reason, organisationId },
    version: version === 0 ? null : version,
    before: parsed(beforeJson),
    after: parsed(afterJson),
  };
}

function parsed(json: string): unknown {
  return json === "" ? null : JSON.parse(json);
}
