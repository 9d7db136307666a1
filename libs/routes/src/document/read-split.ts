// Reading a split node. Percents are compared in hundredths, so that 33.33 + 33.33 + 33.34 is 100.
import { isObject } from "../json-fields.ts";
import { NODE_ID, type NodeReader } from "./read-fields.ts";
import { isKey, SHARES_MAX, type SplitNode, type SplitShare } from "./route-document.ts";

const WHOLE_HUNDREDTHS = 10_000;

export function readSplit(id: string, item: NodeReader): SplitNode {
  return { id, kind: "split", shares: readShares(item), by: readBy(item) };
}

function readShares(item: NodeReader): SplitShare[] {
  const list = item.value("shares");
  if (!Array.isArray(list) || list.length === 0 || list.length > SHARES_MAX) {
    item.report("shares", `must be a list of 1 to ${SHARES_MAX} shares like {"percent": 10, "next": "node"}`);
    return [];
  }
  const shares: SplitShare[] = [];
  let sum = 0;
  list.forEach((share: unknown, index) => {
    const at = `shares[${index}]`;
    const percent = isObject(share) ? share.percent : undefined;
    const next = isObject(share) ? share.next : undefined;
    const hundredths = typeof percent === "number" ? Math.round(percent * 100) : Number.NaN;
    if (!(hundredths >= 0 && hundredths <= WHOLE_HUNDREDTHS && Math.abs(hundredths / 100 - (percent as number)) < 1e-9))
      item.report(`${at}.percent`, "must be a number from 0 to 100 with at most two decimals");
    else sum += hundredths;
    if (typeof next !== "string" || !NODE_ID.test(next)) item.report(`${at}.next`, "must be the id of a node");
    else shares.push({ percent: hundredths / 100, next });
  });
  if (sum !== WHOLE_HUNDREDTHS) item.report("shares", `must sum to 100 percent, not ${sum / 100}`);
  return shares;
}

function readBy(item: NodeReader): string {
  const by = item.value("by");
  if (by === undefined || by === "random") return "random";
  if (typeof by === "string" && isKey(by)) return by;
  item.report("by", "must be random, session, metadata.<name>, headers.<name>, caller.<id> or caller.tags.<name>");
  return "random";
}
