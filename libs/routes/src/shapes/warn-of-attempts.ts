// What a model node says about its attempts and other shapes cannot.
import { DEFAULT_FALLBACK_ON, type ModelNode } from "../document/route-document.ts";
import type { Notes } from "./notes.ts";

export function warnOfAttempts(node: ModelNode, notes: Notes): void {
  const warn = (field: string): void => notes.warn(node.id, field, "cannot be said and is left out");
  if (node.retryDelayMs !== 0) warn("retryDelayMs");
  if (node.backoff !== "exponential") warn("backoff");
  for (const name of Object.keys(node.timeouts)) if (name !== "firstTokenMs") warn(`timeouts.${name}`);
  if (node.commitAfter) warn("commitAfter");
  const isDefault =
    node.fallbackOn.length === DEFAULT_FALLBACK_ON.length &&
    DEFAULT_FALLBACK_ON.every((failure) => node.fallbackOn.includes(failure));
  if (!isDefault) warn("fallbackOn");
}
