// A change of accounts: one transaction with its row of the audit log, and what Postgres refuses in our own words.
import { WaybillError } from "@waybill/domain";
import { type Client, type Pool, sqlState, transact } from "@waybill/store";

/** Who changes something, and why. */
export interface By {
  actorId: string;
  actorName: string;
  reason: string;
}

/** Who, why, and whose things may be changed; empty organisation: any. */
export interface ChangeBy extends By {
  organisationId: string;
}

export interface Audited {
  action: "create" | "update" | "delete" | "rotate" | "revoke";
  kind: "organisation" | "team" | "user" | "key" | "admin_key" | "webhook";
  name: string;
  organisationId: string;
  /** Undefined: nothing stood there. Never with a secret or a hash of one. */
  before?: object | undefined;
  after?: object | undefined;
}

const UNIQUE_VIOLATION = "23505";
const FOREIGN_KEY_VIOLATION = "23503";

/**
 * Runs `work` in one transaction. Throws WaybillError: what `work` throws; already_exists; in_use for what something still refers to;
 * accounts_unavailable for everything else that goes wrong.
 */
export async function changeAccounts<T>(pool: Pool, work: (client: Client) => Promise<T>): Promise<T> {
  try {
    return await transact(pool, work);
  } catch (error) {
    if (error instanceof WaybillError) throw error;
    const state = sqlState(error);
    if (state === UNIQUE_VIOLATION) throw new WaybillError("already_exists", { cause: error });
    if (state === FOREIGN_KEY_VIOLATION) throw new WaybillError("in_use", { cause: error });
    const detail = error instanceof Error ? error.message : String(error);
    throw new WaybillError("accounts_unavailable", { detail, cause: error });
  }
}

export async function writeAudit(client: Pick<Client, "query">, by: By, audited: Audited): Promise<void> {
  const { action, kind, name, organisationId, before, after } = audited;
  await client.query(
    `INSERT INTO accounts.audit (actor_id, actor_name, action, kind, name, reason, organisation_id, before, after)
     VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9)`,
    [
      ...[by.actorId, by.actorName, action, kind, name, by.reason, organisationId],
      ...[before, after].map((state) => (state === undefined ? null : JSON.stringify(state))),
    ],
  );
}

/** Throws not_found unless the change may touch this organisation: others are not even said to be there. */
export function checkOwn(by: ChangeBy, organisationId: string, what: string): void {
  if (by.organisationId !== "" && by.organisationId !== organisationId) throw notFound(what);
}

/** `what`: "team". */
export function notFound(what: string): WaybillError {
  return new WaybillError("not_found", { publicMessage: `There is no such ${what}.` });
}

/** True: the two say different things. */
export function differs(before: object, after: object): boolean {
  return JSON.stringify(before) !== JSON.stringify(after);
}

/** `reasons` that are true: "3 users". Throws in_use with all of them. */
export function refuseInUse(
  what: string,
  reasons: readonly (readonly [count: number, of: string])[],
  advice: string,
): void {
  const said = reasons.filter(([count]) => count > 0).map(([count, of]) => `${count} ${of}`);
  if (said.length === 0) return;
  const publicMessage = `The ${what} cannot be deleted: it still has ${said.join(" and ")}. ${advice}`;
  throw new WaybillError("in_use", { publicMessage });
}
