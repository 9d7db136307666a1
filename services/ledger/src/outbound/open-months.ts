// Which months of the books are open, and opening those that are not yet: a record whose month cannot be opened can never be booked.
import type { Pool } from "@waybill/store";

/** How long a month that was found open is not asked for again. A month that is dropped meanwhile refuses its records by itself. */
const KNOWN_FOR_MS = 3_600_000;

export class OpenMonths {
  readonly #pool: Pool;
  readonly #knownUntilMs = new Map<string, number>();

  constructor(pool: Pool) {
    this.#pool = pool;
  }

  /** Those of `months` that are open now, as "2026-11-01". Throws when the database cannot be asked. */
  async open(months: readonly string[]): Promise<ReadonlySet<string>> {
    const nowMs = performance.now();
    const open = new Set<string>();
    const unknown: string[] = [];
    for (const month of new Set(months)) {
      if ((this.#knownUntilMs.get(month) ?? 0) > nowMs) open.add(month);
      else unknown.push(month);
    }
    if (unknown.length === 0) return open;
    const { rows } = await this.#pool.query<{ month: string }>("SELECT ledger.open_months($1::date[])::text AS month", [
      unknown,
    ]);
    for (const { month } of rows) {
      this.#knownUntilMs.set(month, nowMs + KNOWN_FOR_MS);
      open.add(month);
    }
    return open;
  }
}
