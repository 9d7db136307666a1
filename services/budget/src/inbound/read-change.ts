// Who changes something and why, as a request says it.
import { WaybillError } from "@waybill/domain";
import type { AccountChange, Actor } from "@waybill/wire";
import type { ChangeBy } from "../outbound/account-change.ts";

const ACTOR_CHARACTERS_MAX = 128;
const REASON_CHARACTERS_MAX = 1_000;

/** An operator's tool shows its token and names nobody. Throws WaybillError invalid_value. */
export function readChange(change: Partial<AccountChange> | undefined): ChangeBy {
  const { actor, reason = "", organisationId = "" } = change ?? {};
  const { adminKeyId, name }: Actor = actor ?? { adminKeyId: "operator", name: "operator" };
  if ([adminKeyId, name].some((text) => text === "" || text.length > ACTOR_CHARACTERS_MAX || hasNul(text))) {
    throw new WaybillError("invalid_value", { publicMessage: "actor must have an id and a name.", param: "actor" });
  }
  if (reason.length > REASON_CHARACTERS_MAX || hasNul(reason)) {
    const publicMessage = `reason must be text of at most ${REASON_CHARACTERS_MAX} characters.`;
    throw new WaybillError("invalid_value", { publicMessage, param: "reason" });
  }
  return { actorId: adminKeyId, actorName: name, reason, organisationId };
}

/** Postgres keeps every character but this one. */
function hasNul(text: string): boolean {
  return text.includes("\u0000");
}
