// Admin keys: seen, made, changed, rotated and revoked by owners.
import { WaybillError } from "@waybill/domain";
import {
  type IssuedAdminKey,
  ListAdminKeysRequest,
  RevokeKeyRequest,
  RotateKeyRequest,
  SaveAdminKeyRequest,
} from "@waybill/wire";
import type { z } from "zod";
import type { Accounts, Owners } from "../../ports.ts";
import { type AnyEndpoint, endpoint } from "../endpoint.ts";
import { noBody, nothing, organisationQuery } from "../schemas/basics.ts";
import * as schemas from "../schemas/keys.ts";
import { adminKeyJson, unixMsOf } from "../to-json/key-json.ts";
import { changeBy } from "./account-change.ts";

const HERE = { tag: "admin_keys", dialect: "waybill" } as const;
const PATH = "/api/v1/admin-keys";
const ONE = { params: schemas.keyParams, query: schemas.keyQuery } as const;

export function adminKeyEndpoints({ accounts }: Owners): AnyEndpoint[] {
  return [...collection(accounts), ...one(accounts)];
}

function collection(accounts: Accounts): AnyEndpoint[] {
  return [
    endpoint({
      ...HERE,
      method: "GET",
      path: PATH,
      id: "listAdminKeys",
      summary: "Admin keys, never their secrets",
      params: nothing,
      query: organisationQuery,
      body: noBody,
      answer: schemas.adminKeyList,
      async handle({ admin: { organisationId } }) {
        const { keys } = await accounts.listAdminKeys(ListAdminKeysRequest.create({ organisationId }));
        return { adminKeys: keys.map(adminKeyJson) };
      },
    }),
    endpoint({
      ...HERE,
      method: "POST",
      path: PATH,
      id: "createAdminKey",
      summary: "Make an admin key; its secret is in this answer and nowhere else",
      description:
        "For the organisation that is meant; by a key for the installation that names none, for the installation.",
      params: nothing,
      query: organisationQuery,
      body: schemas.createAdminKeyBody,
      answer: schemas.issuedAdminKey,
      status: 201,
      async handle({ admin, body: { name, role, expiresAt, reason } }) {
        const fields = { organisationId: admin.organisationId, name, role, expiresAtMs: unixMsOf(expiresAt) };
        const request = SaveAdminKeyRequest.create({ change: changeBy(admin, reason), ...fields });
        return issuedJson(await accounts.createAdminKey(request));
      },
    }),
  ];
}

function one(accounts: Accounts): AnyEndpoint[] {
  return [
    endpoint({
      ...HERE,
      ...ONE,
      method: "PATCH",
      path: `${PATH}/{id}`,
      id: "updateAdminKey",
      summary: "Give an admin key another name, role or end",
      body: schemas.updateAdminKeyBody,
      answer: schemas.adminKeyJson,
      async handle({ admin, params: { id }, body: { name, role, expiresAt, reason } }) {
        const expiresAtMs = expiresAt === undefined ? undefined : unixMsOf(expiresAt);
        const change = changeBy(admin, reason);
        const request = SaveAdminKeyRequest.create({ change, keyId: id, name, role, expiresAtMs });
        return adminKeyJson(await accounts.updateAdminKey(request));
      },
    }),
    endpoint({
      ...HERE,
      ...ONE,
      method: "POST",
      path: `${PATH}/{id}/rotate`,
      id: "rotateAdminKey",
      summary: "Give an admin key another secret; the one before stays good for a while",
      body: schemas.rotateBody,
      answer: schemas.issuedAdminKey,
      async handle({ admin, params: { id }, body: { overlapSeconds, reason } = schemas.ROTATE_DEFAULTS }) {
        const change = changeBy(admin, reason);
        return issuedJson(
          await accounts.rotateAdminKey(RotateKeyRequest.create({ change, keyId: id, overlapSeconds })),
        );
      },
    }),
    endpoint({
      ...HERE,
      ...ONE,
      method: "POST",
      path: `${PATH}/{id}/revoke`,
      id: "revokeAdminKey",
      summary: "Revoke an admin key for ever",
      body: schemas.revokeBody,
      answer: schemas.adminKeyJson,
      async handle({ admin: { actor, organisationId }, params: { id }, body }) {
        const request = RevokeKeyRequest.create({ keyId: id, actor, organisationId, reason: body?.reason ?? "" });
        return adminKeyJson(await accounts.revokeAdminKey(request));
      },
    }),
  ];
}

function issuedJson({ secretKey, key }: IssuedAdminKey): z.input<typeof schemas.issuedAdminKey> {
  if (!key) throw new WaybillError("internal_error", { detail: "a secret of no admin key" });
  return { secretKey, adminKey: adminKeyJson(key) };
}
