// keys rotate: another secret for the same key, printed this one time.
import type { Command } from "commander";
import type { IssuedKey } from "../../api/accounts.ts";
import { pathOf } from "../../api/client.ts";
import { withReason } from "../add-changes.ts";
import { addVerb } from "../add-verb.ts";
import { contextOf } from "../context.ts";
import { withOverlap } from "../overlap.ts";

export function addKeysRotate(keys: Command): void {
  const verb = addVerb(
    keys,
    "rotate <id>",
    "give a key another secret, printed now and never again; the one before stays good for a while",
    "keys rotate 5f0c2a91",
    'keys rotate 5f0c2a91 --overlap-seconds 0 --reason "it was in a repository"',
  );
  withReason(withOverlap(verb)).action(
    async (id: string, options: { overlapSeconds: number; reason: string }, command: Command) => {
      const { api, print, note } = contextOf(command);
      const issued = await api.post<IssuedKey>(pathOf("keys", id, "rotate"), options);
      const { previousSecretUntil } = issued.key;
      note(
        previousSecretUntil === null
          ? "the secret before is over"
          : `the secret before is good until ${previousSecretUntil}`,
      );
      note("keep this one, it is not shown again:");
      print(issued, () => issued.secretKey);
    },
  );
}
