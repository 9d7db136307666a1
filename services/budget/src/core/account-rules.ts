// What ids, names and rules of accounts may be: every limit, each refused by the name of its field.
import { WaybillError } from "@waybill/domain";

/** Of an organisation, team or user. */
const ID = /^[a-z0-9][a-z0-9-]{0,62}$/;
const NAME_CHARACTERS_MAX = 128;
const COST_CENTRE_CHARACTERS_MAX = 128;
const LISTED_NAMES_MAX = 256;
const LISTED_NAME_CHARACTERS_MAX = 256;
const PAIRS_MAX = 32;
const PAIR_NAME = /^[A-Za-z0-9][A-Za-z0-9._-]{0,63}$/;
const PAIR_VALUE_CHARACTERS_MAX = 256;
/** Half of what all metadata of a request may be. */
const PAIRS_BYTES_MAX = 2_048;
const OUTPUT_TOKENS_MAX = 100_000_000;
const ROUTE_NAME = /^[A-Za-z0-9][A-Za-z0-9._-]{0,63}$/;
const SURFACE_NAME = /^[a-z][a-z-]{0,63}$/;
const OVERLAP_SECONDS_MAX = 30 * 24 * 3_600;

export const ADMIN_ROLES = ["owner", "admin", "viewer", "finance", "machine"] as const;
export type AdminRole = (typeof ADMIN_ROLES)[number];

/** How many there may be; beyond it nothing more is made. */
export const ACCOUNTS_MAX = {
  organisations: 1_000,
  teamsOfOrganisation: 2_000,
  usersOfOrganisation: 100_000,
  /** That are not revoked. */
  keysOfUser: 1_000,
  /** That are not revoked, of an organisation or of the installation. */
  adminKeys: 1_000,
} as const;

/** The field of every refusal here is `param`. Throws WaybillError invalid_value. */
export function checkId(param: string, id: string): void {
  if (!ID.test(id)) throw invalid(param, "1 to 63 small letters, digits and dashes, not beginning with a dash");
}

export function checkName(param: string, name: string): void {
  if (name.trim() === "" || !isPlain(name, NAME_CHARACTERS_MAX)) {
    throw invalid(param, `1 to ${NAME_CHARACTERS_MAX} characters without control characters`);
  }
}

/** Empty: none. */
export function checkCostCentre(param: string, text: string): void {
  if (!isPlain(text, COST_CENTRE_CHARACTERS_MAX)) {
    throw invalid(param, `at most ${COST_CENTRE_CHARACTERS_MAX} characters without control characters`);
  }
}

/** As a client writes them: <provider>/<model>, an alias, auto, dynamic/<route>. */
export function checkModels(param: string, names: readonly string[]): void {
  const isName = (name: string): boolean => name !== "" && isPlain(name, LISTED_NAME_CHARACTERS_MAX);
  checkList(param, names, isName, `names of 1 to ${LISTED_NAME_CHARACTERS_MAX} characters`);
}

/** `auto`, or what stands behind dynamic/. */
export function checkRoutes(param: string, names: readonly string[]): void {
  checkList(param, names, (name) => ROUTE_NAME.test(name), "names of routes, without dynamic/");
}

export function checkSurfaces(param: string, names: readonly string[]): void {
  checkList(param, names, (name) => SURFACE_NAME.test(name), "names of surfaces");
}

/** Tags and metadata. */
export function checkPairs(param: string, pairs: Readonly<Record<string, string>>): void {
  const entries = Object.entries(pairs);
  const bytes = entries.reduce((sum, [name, value]) => sum + name.length + new TextEncoder().encode(value).length, 0);
  const areFine = entries.every(([name, value]) => PAIR_NAME.test(name) && isPlain(value, PAIR_VALUE_CHARACTERS_MAX));
  if (areFine && entries.length <= PAIRS_MAX && bytes <= PAIRS_BYTES_MAX) return;
  throw invalid(
    param,
    `at most ${PAIRS_MAX} texts of ${PAIR_VALUE_CHARACTERS_MAX} characters, ${PAIRS_BYTES_MAX} bytes in all, by names of letters, digits, dots, dashes and underscores`,
  );
}

/** 0: no default. */
export function checkOutputTokens(param: string, tokens: number): void {
  if (!Number.isInteger(tokens) || tokens < 0 || tokens > OUTPUT_TOKENS_MAX) {
    throw invalid(param, `a whole number from 0 to ${OUTPUT_TOKENS_MAX}`);
  }
}

/** 0: never. Both in Unix milliseconds. */
export function checkExpiry(param: string, expiresAtMs: bigint, nowUnixMs: number): void {
  if (expiresAtMs !== 0n && (expiresAtMs <= BigInt(nowUnixMs) || expiresAtMs > LATEST_MS)) {
    throw invalid(param, "in the future and before the year 3000; revoke a key that is to end now");
  }
}

const LATEST_MS = 32_503_680_000_000n;

export function checkOverlap(param: string, seconds: number): void {
  if (seconds > OVERLAP_SECONDS_MAX) throw invalid(param, `at most ${OVERLAP_SECONDS_MAX} seconds, which are 30 days`);
}

export function checkRole(param: string, role: string): void {
  if (!ADMIN_ROLES.some((known) => known === role)) throw invalid(param, `one of ${ADMIN_ROLES.join(", ")}`);
}

/** `what`: "teams in this organisation". Throws WaybillError invalid_value. */
export function checkRoom(present: number, most: number, what: string): void {
  if (present < most) return;
  throw new WaybillError("invalid_value", { publicMessage: `There are ${present} ${what}; ${most} is the most.` });
}

function checkList(param: string, names: readonly string[], is: (name: string) => boolean, what: string): void {
  if (names.length > LISTED_NAMES_MAX || new Set(names).size !== names.length || !names.every(is)) {
    throw invalid(param, `at most ${LISTED_NAMES_MAX} ${what}, each once`);
  }
}

function isPlain(text: string, charactersMax: number): boolean {
  return text.length <= charactersMax && !/[\p{Cc}\p{Cs}]/u.test(text);
}

function invalid(param: string, expected: string): WaybillError {
  return new WaybillError("invalid_value", { publicMessage: `${param} must be ${expected}.`, param });
}
