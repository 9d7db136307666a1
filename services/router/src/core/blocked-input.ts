// What content filters found in a request's input: whether it may go on, and the sentence its client is told.
import type { FilterFindings } from "@waybill/wire";

/** Why the request is refused, without what was found; undefined: no filter blocks it. */
export function blockedInput(findings: readonly FilterFindings[]): string | undefined {
  const blocking = findings.filter(({ action }) => action === "block");
  if (blocking.length === 0) return undefined;
  const told = blocking.map(({ filter, kind }) => `${filter} (${kind})`).join(", ");
  return `The input was blocked by a content filter of this gateway: ${told}.`;
}
