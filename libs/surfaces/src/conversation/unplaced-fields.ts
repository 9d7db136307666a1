// The client's fields that the internal form has no place for, so that it can be told what was left out.

/** More of them are not named. */
const UNPLACED_MAX = 16;
const NAME_CHARACTERS_MAX = 64;

/** Names of the fields of `body` that are set and not in `placed`. */
export function unplacedFields(body: Record<string, unknown>, placed: ReadonlySet<string>): string[] {
  return Object.keys(body)
    .filter((name) => !placed.has(name) && body[name] !== undefined && body[name] !== null)
    .slice(0, UNPLACED_MAX)
    .map((name) => name.slice(0, NAME_CHARACTERS_MAX));
}
