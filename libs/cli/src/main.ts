#!/usr/bin/env node
// The command `waybill`: administers an installation through its admin API and knows nothing else.
import { Command, CommanderError } from "commander";
import { addAccounts } from "./commands/accounts/add-accounts.ts";
import { addAdminKeys } from "./commands/admin-keys/add-admin-keys.ts";
import { addAlerts } from "./commands/alerts.ts";
import { addAliasesList } from "./commands/aliases/list.ts";
import { addAliasesRemove } from "./commands/aliases/remove.ts";
import { addAliasesSet } from "./commands/aliases/set.ts";
import { addAudit } from "./commands/audit.ts";
import { addBaselines } from "./commands/baselines/add-baselines.ts";
import { addBudgets } from "./commands/budgets/add-budgets.ts";
import { addDecisionsList } from "./commands/decisions/list.ts";
import { addEvents } from "./commands/events/add-events.ts";
import { addFocus } from "./commands/focus/add-focus.ts";
import { addInvoices } from "./commands/invoices/add-invoices.ts";
import { addKeys } from "./commands/keys/add-keys.ts";
import { addLedger } from "./commands/ledger/add-ledger.ts";
import { addModelsImport } from "./commands/models/import.ts";
import { addModelsList } from "./commands/models/list.ts";
import { addOrganisations } from "./commands/organisations/add-organisations.ts";
import { addPresetsList } from "./commands/presets/list.ts";
import { addPresetsShow } from "./commands/presets/show.ts";
import { addRateLimits } from "./commands/rate-limits/add-rate-limits.ts";
import { addRequestsList } from "./commands/requests/list.ts";
import { addRequestsShow } from "./commands/requests/show.ts";
import { addRoutes } from "./commands/routes/add-routes.ts";
import { addSavings } from "./commands/savings.ts";
import { addSimulate } from "./commands/simulate/add-simulate.ts";
import { addSpend } from "./commands/spend.ts";
import { addTeams } from "./commands/teams/add-teams.ts";
import { addUsers } from "./commands/users/add-users.ts";
import { addWebhooks } from "./commands/webhooks/add-webhooks.ts";
import { Ending, EXIT, EXIT_CODES_HELP, ProblemsEnding } from "./exit-codes.ts";
import { problemLines } from "./print/problems.ts";

const HELP = `
Examples:
  waybill routes list
  waybill routes pull --dir routes
  waybill routes plan routes
  waybill routes apply routes --deploy --reason "cheaper by night"
  waybill routes explain 01a2147d-1ad7-7278-b220-eea48c02c247 --replay

It asks the admin API at WAYBILL_ADMIN_URL with the key WAYBILL_ADMIN_KEY. Where neither is set, it takes both from
.waybill/dev.env here or above, which \`npm start\` writes, or from dev.env in WAYBILL_STATE_DIR.

${EXIT_CODES_HELP}`;

/** Asked before anything is parsed, because parsing is what may fail. */
const isJsonWanted = process.argv.includes("--json");

const program = new Command("waybill")
  .description("Administers Waybill: routes, models, keys, budgets, the books, and why requests went where they went.")
  .option("--json", "print one JSON value and nothing else; an error is one on stderr")
  .option("--organisation <id>", "act for this organisation; without it, for what the admin key is for")
  .addHelpText("after", HELP)
  // What is made from here on takes these over.
  .configureHelp({ showGlobalOptions: true })
  .configureOutput({ writeErr: (text) => void (isJsonWanted || process.stderr.write(text)) })
  .showHelpAfterError("(--help says more)")
  .exitOverride();

addRoutes(program);
const models = program.command("models").description("what can be routed to");
addModelsList(models);
addModelsImport(models);
const aliases = program.command("aliases").description("names for models");
addAliasesList(aliases);
addAliasesSet(aliases);
addAliasesRemove(aliases);
const presets = program.command("presets").description("ready routes to start from");
addPresetsList(presets);
addPresetsShow(presets);
addDecisionsList(program.command("decisions").description("where requests went"));
const requests = program.command("requests").description("the log of requests: what each cost, how it ended, and why");
addRequestsList(requests);
addRequestsShow(requests);
addAudit(program);
addAccounts(program);
addOrganisations(program);
addTeams(program);
addUsers(program);
addKeys(program);
addAdminKeys(program);
addBudgets(program);
addRateLimits(program);
addSpend(program);
addBaselines(program);
addSavings(program);
addFocus(program);
addSimulate(program);
addLedger(program);
addInvoices(program);
addEvents(program);
addAlerts(program);
addWebhooks(program);

// Whoever reads only the beginning, as `head` does, is no failure.
process.stdout.on("error", () => process.exit(EXIT.done));
try {
  await program.parseAsync();
} catch (error) {
  process.exitCode = tell(error);
}

/** Says what went wrong on stderr; the exit code. */
function tell(error: unknown): number {
  const { exitCode, message } = endingOf(error);
  const problems = error instanceof ProblemsEnding ? error.problems : [];
  if (message === "") return exitCode;
  if (isJsonWanted) process.stderr.write(`${JSON.stringify({ error: { exitCode, message, problems } })}\n`);
  // What commander refuses it has said already.
  else if (!(error instanceof CommanderError)) {
    process.stderr.write(`${[`waybill: ${message}`, ...problemLines(problems)].join("\n")}\n`);
  }
  return exitCode;
}

function endingOf(error: unknown): Ending {
  if (error instanceof Ending) return error;
  if (!(error instanceof CommanderError)) {
    return new Ending(error instanceof Error ? error.message : String(error), EXIT.failed);
  }
  // Help that was asked for is no failure; help in place of a command is.
  if (error.exitCode === 0) return new Ending("", EXIT.done);
  const message = error.code === "commander.help" ? "a command is missing; --help lists them" : error.message;
  return new Ending(message, EXIT.usage);
}
