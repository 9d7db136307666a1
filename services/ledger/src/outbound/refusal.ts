// Tells apart what the database refuses because of the values, and always will, from what may go well the next time.
import { sqlState } from "@waybill/store";
import { BooksRefused } from "../ports.ts";

/** Undefined: the database cannot be reached now, or another writer was first for too long. */
export function refusal(error: unknown): BooksRefused | undefined {
  const state = sqlState(error) ?? "";
  // 22: data exceptions, 23: constraints. A unique violation is a race, not a bad value.
  if (state === "23505" || !(state.startsWith("22") || state.startsWith("23"))) return undefined;
  const constraint = error instanceof Error && "constraint" in error ? error.constraint : undefined;
  // The server's own message may quote the values, which may be a client's.
  return new BooksRefused(typeof constraint === "string" ? `${state} ${constraint}` : state);
}
