// The accounts there are now.
import type { Key, Organisation, Team, User } from "../../api/accounts.ts";
import { allAfter } from "../../api/pages.ts";
import type { PresentAccounts } from "../../files/plan-accounts.ts";
import type { Context } from "../context.ts";

/** Of the organisations that are named, or of all that the admin key may see. */
export async function readPresent({ api, apiOf }: Context, named?: readonly string[]): Promise<PresentAccounts> {
  const { organisations } = await api.get<{ organisations: Organisation[] }>("/organisations");
  const meant = organisations.filter(({ id }) => named?.includes(id) ?? true);
  const present = { organisations: meant, teams: [] as Team[], users: [] as User[], keys: [] as Key[] };
  for (const { id } of meant) {
    const own = apiOf(id);
    present.teams.push(...(await own.get<{ teams: Team[] }>("/teams")).teams);
    for (const user of await allAfter<User>(own, "/users", "users")) present.users.push(user);
    for (const key of await allAfter<Key>(own, "/keys", "keys")) if (key.revokedAt === null) present.keys.push(key);
  }
  return present;
}
