// accounts export: the accounts there are, as a file that `apply` takes.
import type { Command } from "commander";
import { type AccountsFile, formatAccounts } from "../../files/accounts-file.ts";
import type { PresentAccounts } from "../../files/plan-accounts.ts";
import { addVerb } from "../add-verb.ts";
import { contextOf } from "../context.ts";
import { readPresent } from "./read-present.ts";

export function addAccountsExport(accounts: Command): void {
  addVerb(
    accounts,
    "export",
    "everything but secrets and revoked keys, as YAML that apply takes",
    "accounts export > accounts.yaml",
  ).action(async (_options: unknown, command: Command) => {
    const context = contextOf(command);
    const file = toFile(await readPresent(context));
    context.print(file, () => formatAccounts(file).trimEnd());
  });
}

function toFile({ organisations, teams, users, keys }: PresentAccounts): AccountsFile {
  return {
    organisations: organisations.map(({ id: organisation, name }) => ({
      ...{ id: organisation, name },
      teams: teams
        .filter(({ organisationId }) => organisationId === organisation)
        .map(({ id: team, name: teamName, costCentre }) => ({
          ...{ id: team, name: teamName, costCentre },
          users: users
            .filter(({ organisationId, teamId }) => organisationId === organisation && teamId === team)
            .map(({ id: user, name: userName }) => ({
              ...{ id: user, name: userName },
              keys: keys.filter((key) => key.organisationId === organisation && key.userId === user).map(toFileKey),
            })),
        })),
    })),
  };
}

function toFileKey(key: PresentAccounts["keys"][number]) {
  const { name, expiresAt, allowedModels, allowedRoutes, allowedSurfaces, maxOutputTokensDefault, metadata, tags } =
    key;
  return { name, expiresAt, allowedModels, allowedRoutes, allowedSurfaces, maxOutputTokensDefault, metadata, tags };
}
