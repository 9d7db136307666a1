// waybill audit: every change, by whom and why.
import type { Command } from "commander";
import { newest } from "../api/pages.ts";
import { formatTable } from "../print/table.ts";
import { addVerb } from "./add-verb.ts";
import { contextOf } from "./context.ts";
import { wholeNumber } from "./option-values.ts";

interface AuditEntry {
  at: string;
  actor: { name: string };
  action: string;
  kind: string;
  name: string;
  version: number | null;
  reason: string;
}

const LINES = 50;
const LINES_MAX = 100_000;

export function addAudit(program: Command): void {
  addVerb(program, "audit", "who changed what, when and why; newest first", "audit --limit 10")
    .option("--limit <number>", "most lines", wholeNumber(1, LINES_MAX), LINES)
    .action(async ({ limit }: { limit: number }, command: Command) => {
      const { api, print } = contextOf(command);
      const entries = await newest<AuditEntry>(api, "/audit", "entries", {}, limit);
      print({ entries }, () => formatTable(["when", "who", "did", "what", "why"], entries.map(rowOf)));
    });
}

function rowOf({ at, actor, action, kind, name, version, reason }: AuditEntry): string[] {
  return [at, actor.name, action, `${kind} ${name}${version === null ? "" : `@${version}`}`, reason];
}
