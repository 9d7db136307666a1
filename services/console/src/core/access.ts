// Who may do what: the role of an admin key, its end, and whose things it is for.
import { WaybillError } from "@waybill/domain";
import type { Actor, AdminKey } from "@waybill/wire";

/**
 * What an endpoint is about. `alerts`: about spend, and who is told of them; `decisions`: requests, what they cost, and what they
 * would have; `raises`: of budgets, for a time; `books`: what was spent, and the months in which it is booked; `baselines`: what spend
 * is compared with, and what was saved.
 */
export type Area =
  | "about"
  | "routes"
  | "catalogue"
  | "accounts"
  | "admin_keys"
  | "budgets"
  | "raises"
  | "alerts"
  | "decisions"
  | "books"
  | "baselines"
  | "audit";
type Right = "look" | "change";
type Rights = Readonly<Partial<Record<Area, Right>>>;

const LOOKS: Rights = {
  about: "look",
  routes: "look",
  catalogue: "look",
  accounts: "look",
  budgets: "look",
  raises: "look",
  alerts: "look",
  decisions: "look",
  books: "look",
  baselines: "look",
  audit: "look",
};
const CHANGES: Rights = {
  about: "change",
  routes: "change",
  catalogue: "change",
  accounts: "change",
  budgets: "change",
  raises: "change",
  alerts: "change",
  decisions: "change",
  books: "change",
  baselines: "change",
  audit: "change",
};

/** THE table of roles. Who may change may look; what is not listed is not even shown. A role that is not here may do nothing. */
export const ROLES: Readonly<Record<string, Rights>> = {
  owner: { ...CHANGES, admin_keys: "change" },
  admin: CHANGES,
  viewer: LOOKS,
  // Whatever is about money; no routes, and of changes only a raise of a budget and the closing of a month.
  finance: {
    about: "look",
    catalogue: "look",
    accounts: "look",
    budgets: "look",
    alerts: "look",
    decisions: "look",
    books: "change",
    baselines: "look",
    audit: "look",
    raises: "change",
  },
  // Files and pipelines: routes with their tests on recorded requests, models and prices; neither keys nor money.
  machine: { about: "look", routes: "change", catalogue: "change", decisions: "change" },
};

/** What is to be done. */
export interface Wish {
  area: Area;
  /** True: it is no mere look. */
  isChange: boolean;
  /** True: it concerns every organisation, like the catalogue of models. */
  isOfInstallation: boolean;
  /** Whose things, as the question says; undefined: it does not say. */
  organisationId: string | undefined;
}

/** Who asks, and for whom. */
export interface Admin {
  actor: Actor;
  /** Whose things are meant; empty: everyone's, where something can be everyone's, else all organisations. */
  organisationId: string;
  /** True: the key is for the whole installation. */
  isOfInstallation: boolean;
}

/** Throws invalid_api_key for a key that is over, and permission_denied for a wish beyond it. */
export function decideAccess(key: AdminKey, wish: Wish, nowUnixMs: number): Admin {
  if (key.revokedAtMs > 0n) throw invalid("This admin key was revoked.");
  if (key.expiresAtMs > 0n && key.expiresAtMs <= BigInt(nowUnixMs)) throw invalid("This admin key has expired.");
  checkRole(key.role, wish);
  const isOfInstallation = key.organisationId === "";
  if (wish.isChange && wish.isOfInstallation && !isOfInstallation) {
    throw denied("What all organisations share is changed with a key for the whole installation.");
  }
  if (!isOfInstallation && wish.organisationId !== undefined && wish.organisationId !== key.organisationId) {
    throw denied("This admin key is of another organisation.");
  }
  return {
    actor: { adminKeyId: key.keyId, name: key.name },
    organisationId: isOfInstallation ? (wish.organisationId ?? "") : key.organisationId,
    isOfInstallation,
  };
}

function checkRole(role: string, { area, isChange }: Wish): void {
  const right = Object.hasOwn(ROLES, role) ? ROLES[role]?.[area] : undefined;
  if (right === "change" || (right === "look" && !isChange)) return;
  const what = area.replaceAll("_", " ");
  throw denied(`A key of the role ${role || "(none)"} may not ${isChange ? "change" : "look at"} ${what}.`);
}

function invalid(publicMessage: string): WaybillError {
  return new WaybillError("invalid_api_key", { publicMessage });
}

function denied(publicMessage: string): WaybillError {
  return new WaybillError("permission_denied", { publicMessage });
}
