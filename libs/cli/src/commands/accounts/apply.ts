// accounts apply: makes accounts as a file says. Doing it twice changes nothing more; nothing goes without --prune.
import type { Command } from "commander";
import type { IssuedKey } from "../../api/accounts.ts";
import { type Api, pathOf } from "../../api/client.ts";
import { Ending, EXIT, ProblemsEnding } from "../../exit-codes.ts";
import { parseAccounts } from "../../files/accounts-file.ts";
import { type PresentAccounts, planAccounts, type Step } from "../../files/plan-accounts.ts";
import { readText } from "../../files/route-files.ts";
import { withReason } from "../add-changes.ts";
import { addVerb } from "../add-verb.ts";
import { contextOf } from "../context.ts";
import { readPresent } from "./read-present.ts";

interface Options {
  file: string;
  dryRun?: boolean;
  prune?: boolean;
  reason: string;
}

/** A key that a step made new. */
interface Issued {
  organisation: string;
  user: string;
  name: string;
  id: string;
  secretKey: string;
}

export function addAccountsApply(accounts: Command): void {
  withReason(
    addVerb(
      accounts,
      "apply",
      "make organisations, teams, users and keys as a file says; a new key is printed now and never again",
      "accounts apply -f accounts.yaml --dry-run",
      'accounts apply -f accounts.yaml --prune --reason "as in git"',
    )
      .requiredOption("-f, --file <path>", "YAML or JSON")
      .option("--dry-run", "only say what would be done")
      .option(
        "--prune",
        "revoke keys and delete users and teams that the file does not name, where it speaks of the like",
      ),
  ).action(async (options: Options, command: Command) => {
    const context = contextOf(command);
    const { file, problems } = parseAccounts(await readText(options.file), options.file);
    if (problems.length > 0) throw new ProblemsEnding("nothing was applied: there are problems", problems);
    const present = await readPresent(
      context,
      file.organisations.map(({ id }) => id),
    );
    refuseAmbiguous(present);
    const steps = planAccounts(file, present, options.prune ?? false);
    const [done, issued]: [Step[], Issued[]] = [[], []];
    try {
      if (!options.dryRun) {
        for (const step of steps) {
          issued.push(...(await take(step, context.apiOf(step.organisation), context.api, options.reason)));
          done.push(step);
        }
      }
    } finally {
      // Also of a run that breaks off: what is made stays made, and a secret is told this one time.
      const said = options.dryRun ? steps : done;
      context.print({ steps: said, issued, applied: !options.dryRun }, () => textOf(said, issued));
    }
  });
}

/** Of two keys of one name nobody could say which is meant. */
function refuseAmbiguous({ keys }: PresentAccounts): void {
  const seen = new Set<string>();
  for (const { organisationId, userId, name } of keys) {
    const place = `${organisationId} / ${userId} / ${name}`;
    if (seen.has(place))
      throw new Ending(`${place} is the name of two keys: rename one with \`waybill keys update\``, EXIT.failed);
    seen.add(place);
  }
}

async function take(step: Step, api: Api, own: Api, reason: string): Promise<Issued[]> {
  const { action, kind, organisation, name, user = "", keyId = "", fields } = step;
  const body = { ...fields, reason };
  if (kind === "organisation") {
    // One that is not there yet cannot be acted for.
    if (action === "create") await own.post("/organisations", body);
    else await api.patch(pathOf("organisations", name), body);
    return [];
  }
  if (kind === "key") {
    if (action === "update") await api.patch(pathOf("keys", keyId), body);
    else if (action === "revoke") await api.post(pathOf("keys", keyId, "revoke"), { reason });
    else {
      const { key, secretKey } = await api.post<IssuedKey>("/keys", body);
      return [{ organisation, user, name, id: key.id, secretKey }];
    }
    return [];
  }
  const place = `${kind}s`;
  if (action === "create") await api.post(pathOf(place), body);
  else if (action === "update") await api.patch(pathOf(place, name), body);
  else await api.delete(pathOf(place, name), { reason });
  return [];
}

const DONE = { create: "+", update: "~", revoke: "-", delete: "-" } as const;

function textOf(steps: readonly Step[], issued: readonly Issued[]): string {
  if (steps.length === 0) return "nothing to change";
  const lines = steps.map(({ action, kind, organisation, name, user, fields }) => {
    const place = [...(kind === "organisation" ? [] : [organisation]), ...(user === undefined ? [] : [user]), name];
    const what = action === "update" ? `: ${Object.keys(fields).join(", ")}` : "";
    return `${DONE[action]} ${action} ${kind} ${place.join(" / ")}${what}`;
  });
  const secrets = issued.map(
    ({ organisation, user, name, secretKey }) => `${organisation} / ${user} / ${name}: ${secretKey}`,
  );
  return [...lines, ...(secrets.length === 0 ? [] : ["", "new keys, shown this one time:", ...secrets])].join("\n");
}
