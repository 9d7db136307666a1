// The files that a running stack leaves for people and further processes: one <service>.env each, and dev.env last.

import { rm } from "node:fs/promises";
import { join } from "node:path";
import { operatorUser } from "./nats-accounts.ts";
import { renderEnvFile, writePrivateFile } from "./private-file.ts";
import type { RunningStack } from "./stack.ts";

/** dev.env is there exactly while the stack was last seen ready. */
export async function writeEnvFiles(
  stateDir: string,
  { plan, secrets, databaseUrl, natsUrl }: RunningStack,
): Promise<void> {
  for (const { name, entry, nodeFlags, settings } of plan.services) {
    const command = ["node", ...nodeFlags, `--env-file=${join(stateDir, `${name}.env`)}`, entry].join(" ");
    const comment = `One more ${name}: ${command}`;
    await writePrivateFile(join(stateDir, `${name}.env`), renderEnvFile(comment, settings));
  }
  const keys = secrets.demoKeys;
  const variables = {
    WAYBILL_URL: plan.gatewayUrl,
    WAYBILL_API_KEY: keys.support_1 ?? "",
    ...Object.fromEntries(
      Object.entries(keys)
        .filter(([name]) => name !== "support_1" && name !== "admin")
        .map(([name, key]) => [`WAYBILL_API_KEY_${name.replace(/_1$/, "").toUpperCase()}`, key]),
    ),
    WAYBILL_ADMIN_URL: plan.adminUrl,
    WAYBILL_ADMIN_KEY: keys.admin ?? "",
    DATABASE_URL: databaseUrl,
    FINANCE_DATABASE_URL: plan.financeDatabaseUrl,
    NATS_URL: natsUrl,
    NATS_USER: operatorUser,
    NATS_PASSWORD: secrets.natsPasswords.operator,
    NATS_READER_PASSWORD: secrets.natsPasswords.reader,
    WAYBILL_BUDGET_URLS: plan.budgetUrls,
    WAYBILL_OPERATOR_TOKEN: secrets.serviceTokens.operator,
  };
  const comment = "The running stack, for tools and scripts: source it, or node --env-file.";
  await writePrivateFile(join(stateDir, "dev.env"), renderEnvFile(comment, variables));
}

export async function removeDevEnv(stateDir: string): Promise<void> {
  await rm(join(stateDir, "dev.env"), { force: true });
}
