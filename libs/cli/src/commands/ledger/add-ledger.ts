// ledger: the months of the books: what is booked in each, closing, looking for what is wrong, making sums anew; and prices.
import type { Command } from "commander";
import type { BooksMonth, VerifiedBooks } from "../../api/books.ts";
import { pathOf } from "../../api/client.ts";
import { Ending, EXIT } from "../../exit-codes.ts";
import { formatTable } from "../../print/table.ts";
import { addVerb } from "../add-verb.ts";
import { contextOf } from "../context.ts";
import { addSuspense } from "./add-suspense.ts";

export function addLedger(program: Command): void {
  const ledger = program.command("ledger").description("the books: their months, and whether they are right");
  addMonths(ledger);
  addClose(ledger);
  addVerify(ledger);
  addRebuild(ledger);
  addSuspense(ledger);
}

function addMonths(ledger: Command): void {
  addVerb(ledger, "months", "what is booked in each month, the latest first", "ledger months").action(
    async (_options: unknown, command: Command) => {
      const { api, print } = contextOf(command);
      const found = await api.get<{ months: BooksMonth[] }>("/ledger/months");
      print(found, () => monthTable(found.months));
    },
  );
}

function addClose(ledger: Command): void {
  addVerb(
    ledger,
    "close <month>",
    "close a month for ever; what comes for it later is booked in the first open month",
    'ledger close 2026-10 --reason "statement sent"',
  )
    .requiredOption("--reason <text>", "why; stands beside the month in the books")
    .option("--accept-unpriced", "close it although the price of some attempts is unknown")
    .action(async (month: string, options: { reason: string; acceptUnpriced?: true }, command: Command) => {
      const { api, print } = contextOf(command);
      const body = { reason: options.reason, acceptUnpriced: options.acceptUnpriced ?? false };
      const closed = await api.post<BooksMonth>(`${pathOf("ledger", "months", month)}/close`, body);
      print(closed, () => `${monthTable([closed])}\n${month} is closed and will not change`);
    });
}

function addVerify(ledger: Command): void {
  addVerb(
    ledger,
    "verify [month]",
    "look through the books for what must never be found, and print it; ends with 3 when there is something",
    "ledger verify",
    "ledger verify 2026-11",
  )
    .option("--repair", "tell the budget service again what stands on the books and was never settled")
    .action((month: string | undefined, { repair }: { repair?: true }, command: Command) =>
      verify(month, repair ?? false, command),
    );
}

async function verify(month: string | undefined, repair: boolean, command: Command): Promise<void> {
  const { api, print } = contextOf(command);
  const found = await api.post<VerifiedBooks>("/ledger/verify", { ...(month !== undefined && { month }), repair });
  const { checkedMonths, entries, comparedRecords, publishedAgain, tookMs, problemCount, problems } = found;
  const took = `(${(tookMs / 1_000).toFixed(1)} s)`;
  const checked = `${entries} entries of ${checkedMonths} months, ${comparedRecords} records beside the budgets' ${took}`;
  print(found, () => {
    if (problemCount === 0) return `the books are right: ${checked}`;
    const rows = problems.map(({ rule, problem, month: of, attemptId, detail }) => [
      ...[rule, of, problem, attemptId ?? "-", detail],
    ]);
    const again = repair ? `\n${publishedAgain} records were published again; look once more in a moment` : "";
    return `${formatTable(["rule", "month", "what", "attempt", "where"], rows)}\n${problemCount} problems in ${checked}${again}`;
  });
  if (problemCount > 0) throw new Ending("", EXIT.differences);
}

function addRebuild(ledger: Command): void {
  addVerb(
    ledger,
    "rebuild <month>",
    "make the sums by hour and day of a month anew from its entries; records wait meanwhile",
    'ledger rebuild 2026-11 --reason "verify found M8"',
  )
    .requiredOption("--reason <text>", "why; stands in the ledger's log")
    .action(async (month: string, { reason }: { reason: string }, command: Command) => {
      const { api, print } = contextOf(command);
      const rebuilt = await api.post<BooksMonth>(`${pathOf("ledger", "months", month)}/rebuild`, { reason });
      print(rebuilt, () => `the sums of ${month} are made anew\n${monthTable([rebuilt])}`);
    });
}

function monthTable(months: readonly BooksMonth[]): string {
  return formatTable(
    ["month", "closed", "requests", "attempts", "without price", "USD", "of it late"],
    months.map(({ month, closedAt, closedBy, requests, attempts, unpricedAttempts, costUsd, lateCostUsd }) => [
      ...[month, closedAt === null ? "open" : `${closedAt.slice(0, 10)} by ${closedBy ?? "?"}`],
      ...[requests, attempts, unpricedAttempts].map(String),
      ...[costUsd, lateCostUsd],
    ]),
  );
}
