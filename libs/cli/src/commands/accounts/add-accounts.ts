// waybill accounts: organisations with their teams, users and keys as one file.
import type { Command } from "commander";
import { addAccountsApply } from "./apply.ts";
import { addAccountsExport } from "./export.ts";

export function addAccounts(program: Command): void {
  const accounts = program
    .command("accounts")
    .description("organisations, teams, users and keys as a file without secrets");
  addAccountsApply(accounts);
  addAccountsExport(accounts);
}
