// Organisations, teams and keys as their owner has them; and revocation, live everywhere in under a second.
import { WaybillError } from "@waybill/domain";
import { ListKeysRequest, ListOrganisationsRequest, ListTeamsRequest, RevokeKeyRequest } from "@waybill/wire";
import type { Owners } from "../../ports.ts";
import { type AnyEndpoint, endpoint } from "../endpoint.ts";
import * as schemas from "../schemas/accounts.ts";
import { noBody, nothing, organisationQuery } from "../schemas/basics.ts";
import { keyJson } from "../to-json/account-json.ts";
import { isoTime } from "../to-json/iso-time.ts";

const HERE = { tag: "accounts", dialect: "waybill" } as const;
const LOOK = { ...HERE, method: "GET", params: nothing, query: organisationQuery, body: noBody } as const;

export function accountEndpoints({ accounts }: Owners): AnyEndpoint[] {
  const keysOf = async (organisationId: string) =>
    (await accounts.listKeys(ListKeysRequest.create({ organisationId }))).keys;
  return [
    endpoint({
      ...LOOK,
      path: "/api/v1/organisations",
      id: "listOrganisations",
      summary: "Organisations that this key may see",
      answer: schemas.organisationList,
      async handle({ admin: { organisationId } }) {
        const { organisations } = await accounts.listOrganisations(ListOrganisationsRequest.create({}));
        return { organisations: organisations.filter(({ id }) => organisationId === "" || id === organisationId) };
      },
    }),
    endpoint({
      ...LOOK,
      path: "/api/v1/teams",
      id: "listTeams",
      summary: "Teams",
      answer: schemas.teamList,
      handle: ({ admin: { organisationId } }) => accounts.listTeams(ListTeamsRequest.create({ organisationId })),
    }),
    endpoint({
      ...LOOK,
      path: "/api/v1/keys",
      id: "listKeys",
      summary: "Virtual keys, never their secrets",
      answer: schemas.keyList,
      handle: async ({ admin: { organisationId } }) => ({ keys: (await keysOf(organisationId)).map(keyJson) }),
    }),
    endpoint({
      ...HERE,
      method: "POST",
      path: "/api/v1/keys/{id}/revoke",
      id: "revokeKey",
      summary: "Revoke a virtual key, for ever and everywhere in under a second",
      params: schemas.keyParams,
      query: organisationQuery,
      body: schemas.revokeBody,
      answer: schemas.revokedKey,
      async handle({ admin: { actor, organisationId }, params: { id }, body }) {
        // A key never changes its organisation.
        const isOwn = organisationId === "" || (await keysOf(organisationId)).some(({ keyId }) => keyId === id);
        if (!isOwn) throw new WaybillError("not_found", { publicMessage: "There is no such key." });
        const { revokedAtMs } = await accounts.revokeKey(
          RevokeKeyRequest.create({ keyId: id, actor, reason: body?.reason ?? "" }),
        );
        return { id, revokedAt: isoTime(revokedAtMs) };
      },
    }),
  ];
}
