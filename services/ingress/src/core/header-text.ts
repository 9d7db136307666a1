// What a header says, where there is one: clients send empty ones, and `false` for a switch that is off.
import type { RequestHeaders } from "./features.ts";

/** Undefined: it is not there, stands there twice, or is empty and says nothing. */
export function headerText(headers: RequestHeaders, name: string): string | undefined {
  const value = headers[name];
  return typeof value === "string" && value !== "" ? value : undefined;
}

export function isSwitchedOn(headers: RequestHeaders, name: string): boolean {
  const text = headerText(headers, name);
  return text !== undefined && text !== "false" && text !== "0";
}
