// The value of a split's or a limit's key in a request.
import type { Facts } from "@waybill/routes";

const VALUE_CHARACTERS_MAX = 256;

/** Undefined: the request has no such value, or an empty one. `key` is one that `isKey` accepts. */
export function keyValue(key: string, facts: Facts): string | undefined {
  const value = rawValue(key, facts);
  return value === undefined || value === "" ? undefined : value.slice(0, VALUE_CHARACTERS_MAX);
}

function rawValue(key: string, { request, metadata, headers, caller }: Facts): string | undefined {
  if (key === "session") return request.session_id;
  const dot = key.indexOf(".");
  const name = key.slice(dot + 1);
  const group = key.slice(0, dot);
  if (group === "metadata") return own(metadata, name);
  if (group === "headers") return own(headers, name);
  if (name.startsWith("tags.")) return own(caller.tags, name.slice("tags.".length));
  switch (name) {
    case "organisation_id":
    case "team_id":
    case "user_id":
    case "key_id":
    case "end_user_id":
      return caller[name];
    default:
      return undefined;
  }
}

function own(values: Readonly<Record<string, string>>, name: string): string | undefined {
  return Object.hasOwn(values, name) ? values[name] : undefined;
}
