// baselines list: every declaration, also those of before.
import type { Command } from "commander";
import type { Baseline } from "../../api/savings.ts";
import { comparedWith, scopeText } from "../../print/baseline-text.ts";
import { formatTable } from "../../print/table.ts";
import { addVerb } from "../add-verb.ts";
import { contextOf } from "../context.ts";

export function addBaselinesList(baselines: Command): void {
  addVerb(
    baselines,
    "list",
    "every declaration, the newest first; none is ever changed",
    "baselines list",
    "baselines list --json",
  ).action(async (_options: unknown, command: Command) => {
    const { api, print } = contextOf(command);
    const found = await api.get<{ baselines: Baseline[] }>("/baselines");
    print(found, () =>
      formatTable(
        ["for", "version", "compared with", "from", "holds", "declared", "by", "reason"],
        found.baselines.map((one) => [
          ...[scopeText(one), String(one.version), comparedWith(one), one.from, one.holds ? "yes" : "no"],
          ...[one.declaredAt.slice(0, 10), one.declaredBy ?? "?", one.reason],
        ]),
      ),
    );
  });
}
