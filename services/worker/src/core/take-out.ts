// Fields taken out of the top of a JSON body, every other byte left as it is.
import { type FieldSpan, removeField, scanBody } from "@waybill/surfaces";

export interface TakenOut {
  body: Buffer;
  /** Places of what is left. */
  fields: ReadonlyMap<string, FieldSpan>;
  insertAt: number;
  /** What the body said before. */
  value: Record<string, unknown>;
  /** Names that were there, in the order asked for. */
  taken: string[];
}

/** Undefined: the body has none of them; most have not, and then it is not even parsed. */
export function takeOut(bytes: Buffer, names: readonly string[]): TakenOut | undefined {
  if (!names.some((name) => hasName(bytes, name))) return undefined;
  const { fields, value, insertAt } = scanBody(bytes);
  const taken = names.filter((name) => fields.has(name));
  let rest: Parameters<typeof removeField>[0] = { body: bytes, fields };
  for (const name of taken) rest = removeField(rest, name);
  return { ...rest, insertAt, value, taken };
}

const COLON = 0x3a;
const SPACES: ReadonlySet<number | undefined> = new Set([0x20, 0x09, 0x0a, 0x0d]);

/** Whether a field is so named, at any depth. A role of "user" is a value and none. */
function hasName(bytes: Buffer, name: string): boolean {
  const quoted = `"${name}"`;
  for (let at = bytes.indexOf(quoted); at >= 0; at = bytes.indexOf(quoted, at + 1)) {
    let behind = at + quoted.length;
    while (SPACES.has(bytes[behind])) behind += 1;
    if (bytes[behind] === COLON) return true;
  }
  return false;
}
