// Adds the dimensions that entries refer to, those which this process has not added yet.
import type { Client } from "@waybill/store";
import {
  DIMENSION_TABLES,
  type DimensionRow,
  type DimensionTable,
  type EntryDimensions,
  NO_PRICE,
} from "./dimensions.ts";

/** Ids remembered at most, about 100 bytes each; beyond it all are added once more. */
const KNOWN_MAX = 200_000;

export class DimensionStore {
  readonly #known = new Set<string>([NO_PRICE.id]);

  /** Adds what is missing. The ids are to be given to `committed` once they are; until then another batch adds them, too. */
  async add(client: Client, all: readonly EntryDimensions[]): Promise<string[]> {
    const missing = new Map<string, DimensionRow>();
    for (const dimensions of all) {
      for (const row of [
        dimensions.attribution,
        dimensions.routing,
        dimensions.price,
        dimensions.carrier,
        dimensions.debit,
        dimensions.credit,
      ]) {
        if (!this.#known.has(row.id)) missing.set(row.id, row);
      }
    }
    for (const table of DIMENSION_TABLES) {
      const rows = [...missing.values()].filter((row) => row.table === table);
      if (rows.length > 0) await insert(client, table, rows);
    }
    return [...missing.keys()];
  }

  committed(ids: readonly string[]): void {
    if (this.#known.size + ids.length > KNOWN_MAX) this.forget();
    for (const id of ids) this.#known.add(id);
  }

  /** What was added may be gone: another server answers now, which may lack the last commits of the one before. */
  forget(): void {
    this.#known.clear();
    this.#known.add(NO_PRICE.id);
  }
}

// In the order of the ids, so that two batches never wait for each other in a circle.
async function insert(client: Client, table: DimensionTable, rows: readonly DimensionRow[]): Promise<void> {
  await client.query(
    `INSERT INTO ledger.${table} SELECT * FROM jsonb_populate_recordset(NULL::ledger.${table}, $1) ORDER BY id ON CONFLICT DO NOTHING`,
    [JSON.stringify(rows.map(({ id, columns }) => ({ id, ...columns })))],
  );
}
