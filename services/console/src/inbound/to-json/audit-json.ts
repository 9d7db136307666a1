// Audit entries of the wire as the admin API shows them.
import type { z } from "zod";
import type { MergedEntry } from "../../core/merge-audit.ts";
import type * as schemas from "../schemas/audit.ts";
import { isoTime } from "./iso-time.ts";

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
