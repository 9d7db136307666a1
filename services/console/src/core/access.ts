// Who may do what: the role of an admin key, its end, and whose things it is for.
import { WaybillError } from "@waybill/domain";
import type { Actor, AdminKey } from "@waybill/wire";

/** What is to be done. */
export interface Wish {
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
  if (wish.isChange && key.role !== "admin") throw denied("A viewer's key may look and change nothing.");
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

function invalid(publicMessage: string): WaybillError {
  return new WaybillError("invalid_api_key", { publicMessage });
}

function denied(publicMessage: string): WaybillError {
  return new WaybillError("permission_denied", { publicMessage });
}
