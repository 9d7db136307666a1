// What answers about accounts have in common.
import { WaybillError } from "@waybill/domain";

const KEY_ID = /^[A-Za-z0-9]{4,64}$/;

/** What no key id of ours can be is not asked of the database. */
export function isKeyId(text: string): boolean {
  return KEY_ID.test(text);
}

export function noKey(): WaybillError {
  return new WaybillError("not_found", { publicMessage: "There is no such key." });
}

/** For reads: whatever goes wrong, accounts cannot be read at the moment. */
export async function orUnavailable<T>(work: Promise<T>): Promise<T> {
  try {
    return await work;
  } catch (error) {
    const detail = error instanceof Error ? error.message : String(error);
    throw new WaybillError("accounts_unavailable", { detail, cause: error });
  }
}
