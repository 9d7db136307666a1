// waybill admin-keys: made, changed, rotated, revoked and listed by owners.
import { type Command, Option } from "commander";
import type { AdminKey, IssuedAdminKey } from "../../api/accounts.ts";
import { pathOf } from "../../api/client.ts";
import { keyState } from "../../print/key-state.ts";
import { formatTable } from "../../print/table.ts";
import { given, withReason } from "../add-changes.ts";
import { addVerb } from "../add-verb.ts";
import { contextOf } from "../context.ts";
import { momentOrNever } from "../option-values.ts";
import { withOverlap } from "../overlap.ts";

interface Options {
  name?: string;
  role?: string;
  expires?: string | null;
  reason: string;
}

const ROLES = ["owner", "admin", "viewer", "finance", "machine"];
const WHAT_ROLES_MAY =
  "owner: everything; admin: all but admin keys; finance: money and raises; viewer: looks; machine: routes and models";
const EXPIRES = ["--expires <moment>", "like 2027-01-31 or 2027-01-31T12:00:00Z; never: it does not"] as const;

export function addAdminKeys(program: Command): void {
  const adminKeys = program
    .command("admin-keys")
    .description("keys for the admin API and this command; only owners see them");
  addList(adminKeys);
  addMade(adminKeys);
  withReason(
    addVerb(adminKeys, "update <id>", "give it another name, role or end", "admin-keys update 5f0c2a91 --role viewer")
      .option("--name <text>", "what the audit log shows")
      .addOption(new Option("--role <role>", WHAT_ROLES_MAY).choices(ROLES))
      .option(...EXPIRES, momentOrNever),
  ).action(async (id: string, { expires: expiresAt, ...options }: Options, command: Command) => {
    const { api, print } = contextOf(command);
    print(await api.patch(pathOf("admin-keys", id), given({ expiresAt, ...options })), () => `${id} is changed`);
  });
  withReason(
    addVerb(adminKeys, "revoke <id>", "refuse it for ever", 'admin-keys revoke 5f0c2a91 --reason "she has left"'),
  ).action(async (id: string, { reason }: Options, command: Command) => {
    const { api, print } = contextOf(command);
    print(await api.post(pathOf("admin-keys", id, "revoke"), { reason }), () => `${id} is revoked`);
  });
}

function addList(adminKeys: Command): void {
  addVerb(adminKeys, "list", "every admin key, never its secret", "admin-keys list").action(
    async (_options: unknown, command: Command) => {
      const { api, print } = contextOf(command);
      const found = await api.get<{ adminKeys: AdminKey[] }>("/admin-keys");
      print(found, () =>
        formatTable(
          ["admin key", "name", "role", "organisation", "state"],
          found.adminKeys.map((key) => [
            key.id,
            key.name,
            key.role,
            key.organisationId || "(all)",
            keyState(key, Date.now()),
          ]),
        ),
      );
    },
  );
}

/** Both print a secret this one time. */
function addMade(adminKeys: Command): void {
  withReason(
    addVerb(
      adminKeys,
      "create",
      "make one for the organisation that is meant, or for the installation; it is printed now and never again",
      "admin-keys create --name ci --role machine",
    )
      .requiredOption("--name <text>", "what the audit log shows")
      .addOption(new Option("--role <role>", WHAT_ROLES_MAY).choices(ROLES).makeOptionMandatory())
      .option(...EXPIRES, momentOrNever),
  ).action(async ({ expires: expiresAt, ...options }: Options, command: Command) => {
    const { api, print, note } = contextOf(command);
    const issued = await api.post<IssuedAdminKey>("/admin-keys", given({ expiresAt, ...options }));
    note(`admin key ${issued.adminKey.id} is made; keep it, it is not shown again:`);
    print(issued, () => issued.secretKey);
  });
  withReason(
    withOverlap(
      addVerb(
        adminKeys,
        "rotate <id>",
        "give it another secret, printed now and never again",
        "admin-keys rotate 5f0c2a91",
      ),
    ),
  ).action(async (id: string, options: { overlapSeconds: number; reason: string }, command: Command) => {
    const { api, print, note } = contextOf(command);
    const issued = await api.post<IssuedAdminKey>(pathOf("admin-keys", id, "rotate"), options);
    note("keep this one, it is not shown again:");
    print(issued, () => issued.secretKey);
  });
}
