// A decision record as the ledger keeps it: what lists are filtered by, and the whole record as it came.

export interface DecisionRow {
  requestId: string;
  attempt: number;
  /** The first day of the month inside the request id, as ISO text. */
  requestMonth: string;
  decidedAtMs: number;
  organisationId: string;
  teamId: string;
  userId: string;
  keyId: string;
  endUserId: string;
  requestedModel: string;
  /** Empty: none. */
  route: string;
  routeVersion: number;
  /** The nodes walked, PATH_SEPARATOR between them. */
  path: string;
  reason: string;
  /** Empty: refused. */
  provider: string;
  model: string;
  refusalCode: string;
  /** Empty: none. */
  session: string;
  tags: Readonly<Record<string, string>>;
  tookUs: number;
  record: Uint8Array;
}

/** What one filter found of one kind in the answer of an attempt. */
export interface FindingRow {
  requestId: string;
  attempt: number;
  requestMonth: string;
  foundAtMs: number;
  organisationId: string;
  filter: string;
  kind: string;
  action: string;
  findings: number;
}

/** The last millisecond of the year 9999: no time here is later. */
export const TIME_MS_MAX = 253_402_300_799_999;
/** Stands in no text that `filterText` lets through. */
export const PATH_SEPARATOR = "\u001f";
const TEXT_CHARACTERS_MAX = 256;
const SESSION_CHARACTERS_MAX = 128;

/** A text as it is stored and looked for: without control characters, which have no meaning in a name, and bounded. */
export function filterText(value: string): string {
  return cut(value, TEXT_CHARACTERS_MAX).replace(/\p{Cc}/gu, "");
}

/** The name of a session as it is kept, so short that an entry stays small. */
export function sessionText(value: string): string {
  return cut(value, SESSION_CHARACTERS_MAX);
}

/** Never in the middle of a character, of which jsonb takes no half. */
function cut(value: string, charactersMax: number): string {
  return value.slice(0, charactersMax).replace(/[\uD800-\uDBFF]$/, "");
}
