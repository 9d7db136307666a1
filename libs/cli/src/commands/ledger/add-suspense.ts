// ledger unpriced, ledger reprice: what waits for a price, and pricing anew what was priced wrongly.
import { formatUsd, parseUsd } from "@waybill/domain";
import type { Command } from "commander";
import type { Repriced, UnpricedModel } from "../../api/books.ts";
import { formatTable } from "../../print/table.ts";
import { addVerb } from "../add-verb.ts";
import { contextOf } from "../context.ts";
import { moment } from "../option-values.ts";

export function addSuspense(ledger: Command): void {
  addUnpriced(ledger);
  addReprice(ledger);
}

const STATES: Readonly<Record<UnpricedModel["state"], string>> = {
  no_price: "the catalogue has no price: save one",
  starts_later: "its prices begin later: save one from the first day on",
  waiting: "being priced, or nobody knows its tokens",
};

function addUnpriced(ledger: Command): void {
  addVerb(ledger, "unpriced", "attempts that wait for a price, by model", "ledger unpriced").action(
    async (_options: unknown, command: Command) => {
      const { api, print } = contextOf(command);
      const found = await api.get<{ models: UnpricedModel[] }>("/ledger/unpriced");
      print(found, () => {
        if (found.models.length === 0) return "every attempt on the books has a price";
        const lines = found.models.map(({ model, attempts, inputTokens, outputTokens, firstDay, lastDay, state }) => [
          ...[model, ...[attempts, inputTokens, outputTokens].map(String)],
          ...[firstDay, lastDay, STATES[state]],
        ]);
        return formatTable(["model", "attempts", "input", "output", "from", "until", "why"], lines);
      });
    },
  );
}

interface RepriceOptions {
  from: string;
  until?: string;
  dryRun?: true;
  reason: string;
}

function addReprice(ledger: Command): void {
  addVerb(
    ledger,
    "reprice <provider/model>",
    "book attempts of a model anew at the prices that were in force when their requests came; what has no price needs no asking",
    "ledger reprice openai/gpt-5.4 --from 2026-11-01 --dry-run",
    'ledger reprice openai/gpt-5.4 --from 2026-11-01 --until 2026-11-15 --reason "contract of November"',
  )
    .requiredOption("--from <time>", "requests from this time on: 2026-11-01, or 2026-11-01T12:00:00Z", moment)
    .option("--until <time>", "exclusive; default: now", moment)
    .option("--dry-run", "only say what it would do")
    .option("--reason <text>", "why; stands beside each correction in the books", "")
    .action(async (model: string, { from, until, dryRun, reason }: RepriceOptions, command: Command) => {
      const { api, print } = contextOf(command);
      const body = { model, from, ...(until && { until }), dryRun: dryRun ?? false, reason };
      let all: Repriced | undefined;
      for (let cursor: string | null = ""; cursor !== null; ) {
        const part: Repriced = await api.post<Repriced>("/ledger/reprice", { ...body, cursor });
        all = all ? added(all, part) : part;
        cursor = part.nextCursor;
        if (cursor !== null) process.stderr.write(`${all.looked} attempts looked at …\n`);
      }
      const found = all;
      if (found) print(found, () => repricedText(found, dryRun ?? false));
    });
}

function repricedText({ looked, revised, arrived, beforeUsd, afterUsd }: Repriced, isDryRun: boolean): string {
  const what = isDryRun ? "would be priced anew" : "are priced anew";
  const without = arrived > 0 ? `, ${arrived} of them without a price before` : "";
  return `${revised} of ${looked} attempts ${what}${without}: ${beforeUsd} USD before, ${afterUsd} USD after`;
}

function added(one: Repriced, other: Repriced): Repriced {
  const reasons = new Set([...Object.keys(one.notRevised), ...Object.keys(other.notRevised)]);
  return {
    looked: one.looked + other.looked,
    revised: one.revised + other.revised,
    arrived: one.arrived + other.arrived,
    beforeUsd: formatUsd(parseUsd(one.beforeUsd) + parseUsd(other.beforeUsd)),
    afterUsd: formatUsd(parseUsd(one.afterUsd) + parseUsd(other.afterUsd)),
    notRevised: Object.fromEntries(
      [...reasons].map((why) => [why, (one.notRevised[why] ?? 0) + (other.notRevised[why] ?? 0)]),
    ),
    nextCursor: other.nextCursor,
  };
}
