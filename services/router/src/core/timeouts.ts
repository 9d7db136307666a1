// Timeouts of one attempt: the installation's own, where the node does not say otherwise.
import type { NodeTimeouts } from "@waybill/routes";
import type { Timeouts } from "@waybill/wire";

/** A node's total can only be shorter than the installation's: holds and queued waybills are made for that one. */
export function effectiveTimeouts(own: Timeouts, node: NodeTimeouts): Timeouts {
  const totalMs = Math.min(own.totalMs, node.totalMs ?? own.totalMs);
  const within = (given: number | undefined, ours: number): number => Math.min(totalMs, given ?? ours);
  return {
    connectMs: within(node.connectMs, own.connectMs),
    firstTokenMs: within(node.firstTokenMs, own.firstTokenMs),
    gapMs: within(node.gapMs, own.gapMs),
    totalMs,
  };
}
