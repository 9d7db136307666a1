// Windows that are begun before they are needed, so that a moment at which all of them end is a moment like any other.
import type { Pool, Row } from "@waybill/store";

const LEAD_SECONDS = 10;
/** In one round; the next follows at once where there is more. */
const WINDOWS_MAX = 2_000;
const BEGIN = `SELECT budget.begin_next_windows(make_interval(secs => ${LEAD_SECONDS}), ${WINDOWS_MAX}) AS begun`;

/** Begins what ends soon and is in use. Any number of processes may do this at once. */
export async function beginAhead(pool: Pool): Promise<void> {
  for (;;) {
    const { rows } = await pool.query<Row>(BEGIN);
    if (Number(rows[0]?.begun) < WINDOWS_MAX) return;
  }
}
