// Is an earlier attempt of the same request still held? Its record may be about to make room.
import { attemptId, parseAttemptId } from "@waybill/domain";
import type { Pool } from "@waybill/store";
import type { EarlierAttemptIsOpen } from "../ports.ts";

export function earlierAttemptIsOpen(pool: Pool): EarlierAttemptIsOpen {
  return async (id) => {
    const parsed = parseAttemptId(id);
    if (!parsed || parsed.attempt === 1) return false;
    const earlier = Array.from({ length: parsed.attempt - 1 }, (_, index) => attemptId(parsed.requestId, index + 1));
    const { rowCount } = await pool.query({
      name: "open-attempts",
      text: "SELECT 1 FROM budget.hold WHERE attempt_id = ANY($1) AND settled_at IS NULL LIMIT 1",
      values: [earlier],
    });
    return rowCount === 1;
  };
}
