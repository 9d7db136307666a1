// Virtual keys: seen, made, changed, rotated and revoked. A change is live on every ingress in under a second.
import { WaybillError } from "@waybill/domain";
import {
  CreateKeyRequest,
  GetKeyRequest,
  type IssuedKey,
  ListKeysRequest,
  RevokeKeyRequest,
  RotateKeyRequest,
  UpdateKeyRequest,
} from "@waybill/wire";
import type { z } from "zod";
import type { Admin } from "../../core/access.ts";
import type { Accounts, Owners } from "../../ports.ts";
import { type AnyEndpoint, endpoint } from "../endpoint.ts";
import { noBody, nothing, organisationQuery } from "../schemas/basics.ts";
import * as schemas from "../schemas/keys.ts";
import { isoTime } from "../to-json/iso-time.ts";
import { keyJson, unixMsOf } from "../to-json/key-json.ts";
import { changeBy, organisationOf } from "./account-change.ts";

const HERE = { tag: "accounts", dialect: "waybill" } as const;
const PATH = "/api/v1/keys";

export function keyEndpoints({ accounts }: Owners): AnyEndpoint[] {
  return [
    listKeys(accounts),
    createKey(accounts),
    getKey(accounts),
    updateKey(accounts),
    rotateKey(accounts),
    ...revoke(accounts),
  ];
}

const listKeys = (accounts: Accounts) =>
  endpoint({
    ...HERE,
    method: "GET",
    path: PATH,
    id: "listKeys",
    summary: "Virtual keys, never their secrets",
    params: nothing,
    query: schemas.listKeysQuery,
    body: noBody,
    answer: schemas.keyList,
    async handle({ admin: { organisationId }, query: { team: teamId = "", user: userId = "", after, limit } }) {
      const page = ListKeysRequest.create({ organisationId, teamId, userId, after, limit });
      const { keys, nextAfter } = await accounts.listKeys(page);
      return { keys: keys.map(keyJson), nextAfter: nextAfter || null };
    },
  });

const createKey = (accounts: Accounts) =>
  endpoint({
    ...HERE,
    method: "POST",
    path: PATH,
    id: "createKey",
    summary: "Make a virtual key; its secret is in this answer and nowhere else",
    params: nothing,
    query: organisationQuery,
    body: schemas.createKeyBody,
    answer: schemas.issuedKey,
    status: 201,
    async handle({ admin, body: { userId, name, expiresAt, maxOutputTokensDefault, tags, reason, ...rules } }) {
      const issued = await accounts.createKey(
        CreateKeyRequest.create({
          ...{ change: changeBy(admin, reason), organisationId: organisationOf(admin), userId, name, tags },
          expiresAtMs: unixMsOf(expiresAt),
          rules: { ...rules, maxOutputTokensDefault: maxOutputTokensDefault ?? 0 },
        }),
      );
      return issuedJson(issued);
    },
  });

function issuedJson({ secretKey, key }: IssuedKey): z.input<typeof schemas.issuedKey> {
  if (!key) throw new WaybillError("internal_error", { detail: "a secret of no key" });
  return { secretKey, key: keyJson(key) };
}

const getKey = (accounts: Accounts) =>
  endpoint({
    ...HERE,
    method: "GET",
    path: `${PATH}/{id}`,
    id: "getKey",
    summary: "A virtual key, never its secret",
    params: schemas.keyParams,
    query: schemas.keyQuery,
    body: noBody,
    answer: schemas.keyJson,
    handle: async ({ admin: { organisationId }, params: { id } }) =>
      keyJson(await accounts.getKey(GetKeyRequest.create({ keyId: id, organisationId }))),
  });

const updateKey = (accounts: Accounts) =>
  endpoint({
    ...HERE,
    method: "PATCH",
    path: `${PATH}/{id}`,
    id: "updateKey",
    summary: "Change a virtual key, everywhere in under a second",
    description: "What is left out stays as it is; a list or map replaces the one before.",
    params: schemas.keyParams,
    query: schemas.keyQuery,
    body: schemas.updateKeyBody,
    answer: schemas.keyJson,
    handle: async ({ admin, params: { id }, body }) => keyJson(await accounts.updateKey(toUpdate(admin, id, body))),
  });

function toUpdate(admin: Admin, keyId: string, body: z.output<typeof schemas.updateKeyBody>): UpdateKeyRequest {
  const { name, expiresAt, maxOutputTokensDefault, metadata, tags, reason } = body;
  const list = (values: string[] | undefined): { values: string[] } | undefined => values && { values };
  return UpdateKeyRequest.create({
    ...{ change: changeBy(admin, reason), keyId, name },
    expiresAtMs: expiresAt === undefined ? undefined : unixMsOf(expiresAt),
    maxOutputTokensDefault: maxOutputTokensDefault === undefined ? undefined : (maxOutputTokensDefault ?? 0),
    allowedModels: list(body.allowedModels),
    allowedRoutes: list(body.allowedRoutes),
    allowedSurfaces: list(body.allowedSurfaces),
    metadata: metadata && { values: metadata },
    tags: tags && { values: tags },
  });
}

const rotateKey = (accounts: Accounts) =>
  endpoint({
    ...HERE,
    method: "POST",
    path: `${PATH}/{id}/rotate`,
    id: "rotateKey",
    summary: "Give a virtual key another secret; the one before stays good for a while",
    params: schemas.keyParams,
    query: schemas.keyQuery,
    body: schemas.rotateBody,
    answer: schemas.issuedKey,
    async handle({ admin, params: { id }, body: { overlapSeconds, reason } = schemas.ROTATE_DEFAULTS }) {
      const change = changeBy(admin, reason);
      return issuedJson(await accounts.rotateKey(RotateKeyRequest.create({ change, keyId: id, overlapSeconds })));
    },
  });

function revoke(accounts: Accounts): AnyEndpoint[] {
  const revokeOne = async ({ actor, organisationId }: Admin, keyId: string, reason: string) => {
    const request = RevokeKeyRequest.create({ keyId, actor, reason, organisationId });
    const { revokedAtMs } = await accounts.revokeKey(request);
    return { id: keyId, revokedAt: isoTime(revokedAtMs) };
  };
  return [
    endpoint({
      ...HERE,
      method: "POST",
      path: `${PATH}/{id}/revoke`,
      id: "revokeKey",
      summary: "Revoke a virtual key, for ever and everywhere in under a second",
      params: schemas.keyParams,
      query: schemas.keyQuery,
      body: schemas.revokeBody,
      answer: schemas.revokedKey,
      handle: ({ admin, params: { id }, body }) => revokeOne(admin, id, body?.reason ?? ""),
    }),
    endpoint({
      ...HERE,
      method: "DELETE",
      path: `${PATH}/{id}`,
      id: "deleteKey",
      summary: "Revoke a virtual key; it stays in the list, because the books name it",
      params: schemas.keyParams,
      query: schemas.revokeQuery,
      body: noBody,
      answer: schemas.revokedKey,
      handle: ({ admin, params: { id }, query: { reason } }) => revokeOne(admin, id, reason),
    }),
  ];
}
