// Whether a conversation asks for anything to be cached, for wires whose providers decide that by themselves.
import type { Conversation } from "./conversation.ts";

export function hasCacheMarks({ system, tools, turns }: Conversation): boolean {
  const parts = turns.flatMap((turn) => [...turn.parts]);
  const shown = parts.flatMap((part) => (part.kind === "tool_result" ? part.parts : []));
  return [...system, ...tools, ...parts, ...shown].some((part) => "cache" in part && part.cache !== undefined);
}
