// AccountService, the part that changes things: every change is committed with its audit row, then the ingresses are told of keys that
// have changed, and only then it is answered.
import { WaybillError } from "@waybill/domain";
import { unary } from "@waybill/rpc";
import {
  type AccountServiceServer,
  IssuedAdminKey,
  IssuedKey,
  type KeyEntry,
  KeyRules,
  type KeySummary,
  ListAdminKeysResponse,
  type UpdateKeyRequest,
} from "@waybill/wire";
import type { AdministerAdminKeys } from "../outbound/administer-admin-keys.ts";
import type { AdministerKeys, KeyFields } from "../outbound/administer-keys.ts";
import type { AdministerOrganisations, ChangedKey } from "../outbound/administer-organisations.ts";
import type { Accounts } from "../outbound/postgres-accounts.ts";
import { isKeyId, noKey, orUnavailable } from "./account-answers.ts";
import { readChange } from "./read-change.ts";

export interface AdministerWorld {
  accounts: Accounts;
  organisations: AdministerOrganisations;
  keys: AdministerKeys;
  adminKeys: AdministerAdminKeys;
  /** Tells every ingress; rejects when it could not be told. */
  tellKey(keyId: string, entry: KeyEntry): Promise<void>;
  onError(error: unknown): void;
}

type OrganisationMethods = `${"create" | "update" | "delete"}${"Organisation" | "Team" | "User"}`;
type KeyMethods = "createKey" | "updateKey" | "rotateKey" | "revokeKey";
type AdminKeyMethods = "listAdminKeys" | "createAdminKey" | "updateAdminKey" | "rotateAdminKey" | "revokeAdminKey";
type Handlers<Methods extends string> = Pick<AccountServiceServer, Methods>;

export function administerHandlers(
  world: AdministerWorld,
): Handlers<OrganisationMethods | KeyMethods | AdminKeyMethods> {
  return { ...organisationHandlers(world), ...keyHandlers(world), ...adminKeyHandlers(world) };
}

function organisationHandlers({ organisations, tellKey, onError }: AdministerWorld): Handlers<OrganisationMethods> {
  return {
    createOrganisation: unary(
      ({ change, id, name }) => organisations.createOrganisation(readChange(change), id, name),
      onError,
    ),
    updateOrganisation: unary(
      ({ change, id, name }) => organisations.updateOrganisation(readChange(change), id, name),
      onError,
    ),
    deleteOrganisation: unary(async ({ change, id }) => {
      await organisations.deleteOrganisation(readChange(change), id);
      return {};
    }, onError),
    createTeam: unary(
      ({ change, organisationId, id, ...fields }) =>
        organisations.createTeam(readChange(change), organisationId, id, fields),
      onError,
    ),
    updateTeam: unary(
      ({ change, organisationId, id, ...fields }) =>
        organisations.updateTeam(readChange(change), organisationId, id, fields),
      onError,
    ),
    deleteTeam: unary(async ({ change, organisationId, id }) => {
      await organisations.deleteTeam(readChange(change), organisationId, id);
      return {};
    }, onError),
    createUser: unary(
      ({ change, organisationId, id, ...fields }) =>
        organisations.createUser(readChange(change), organisationId, id, fields),
      onError,
    ),
    updateUser: unary(async ({ change, organisationId, id, ...fields }) => {
      const { user, keys } = await organisations.updateUser(readChange(change), organisationId, id, fields);
      await Promise.all(keys.map((key) => tellKey(key.keyId, entryOf(key))));
      return user;
    }, onError),
    deleteUser: unary(async ({ change, organisationId, id }) => {
      await organisations.deleteUser(readChange(change), organisationId, id);
      return {};
    }, onError),
  };
}

function entryOf({ revision }: ChangedKey): KeyEntry {
  return { state: "changed", revision };
}

function keyHandlers({ accounts, keys, tellKey, onError }: AdministerWorld): Handlers<KeyMethods> {
  const seen = async (keyId: string): Promise<KeySummary> => {
    const key = await orUnavailable(accounts.getKey(keyId, ""));
    if (!key) throw noKey();
    return key;
  };
  return {
    createKey: unary(async ({ change, organisationId, userId, name, expiresAtMs, rules, tags }) => {
      const fields = { name, expiresAtMs, tags, ...(rules ?? KeyRules.create()) };
      const { keyId, wholeKey } = await keys.createKey(readChange(change), organisationId, userId, fields);
      return IssuedKey.create({ secretKey: wholeKey, key: await seen(keyId) });
    }, onError),
    updateKey: unary(async (request) => {
      const { change, keyId } = request;
      if (!isKeyId(keyId)) throw noKey();
      const changed = await keys.updateKey(readChange(change), keyId, fieldsOf(request));
      // Told again where nothing has changed: the first time it may have been lost.
      if (changed.revision > 1n) await tellKey(keyId, entryOf(changed));
      return seen(keyId);
    }, onError),
    rotateKey: unary(async ({ change, keyId, overlapSeconds }) => {
      if (!isKeyId(keyId)) throw noKey();
      const rotated = await keys.rotateKey(readChange(change), keyId, overlapSeconds);
      // Where the bus is away the ingresses serve nobody, and are told once it is back; the caller must not lose the new secret for
      // that: it stands nowhere else.
      await tellKey(keyId, entryOf(rotated)).catch(onError);
      return IssuedKey.create({ secretKey: rotated.wholeKey, key: await seen(keyId) });
    }, onError),
    revokeKey: unary(async ({ keyId, actor, reason, organisationId }) => {
      if (!isKeyId(keyId)) throw noKey();
      const revokedAtMs = await keys.revokeKey(readChange({ actor, reason, organisationId }), keyId);
      // Committed first: what the bucket forgets is repaired from Postgres, never the other way round.
      await tellKey(keyId, { state: "revoked" });
      return { revokedAtMs: BigInt(revokedAtMs) };
    }, onError),
  };
}

function fieldsOf(request: UpdateKeyRequest): Partial<KeyFields> {
  const { name, expiresAtMs, maxOutputTokensDefault, allowedModels, allowedRoutes, allowedSurfaces, metadata, tags } =
    request;
  return {
    ...(name !== undefined && { name }),
    ...(expiresAtMs !== undefined && { expiresAtMs }),
    ...(maxOutputTokensDefault !== undefined && { maxOutputTokensDefault }),
    ...(allowedModels && { allowedModels: allowedModels.values }),
    ...(allowedRoutes && { allowedRoutes: allowedRoutes.values }),
    ...(allowedSurfaces && { allowedSurfaces: allowedSurfaces.values }),
    ...(metadata && { metadata: metadata.values }),
    ...(tags && { tags: tags.values }),
  };
}

function adminKeyHandlers({ adminKeys, onError }: AdministerWorld): Handlers<AdminKeyMethods> {
  const noAdminKey = (): WaybillError =>
    new WaybillError("not_found", { publicMessage: "There is no such admin key." });
  return {
    listAdminKeys: unary(async ({ organisationId }) => {
      return ListAdminKeysResponse.create({ keys: await orUnavailable(adminKeys.listAdminKeys(organisationId)) });
    }, onError),
    createAdminKey: unary(async ({ change, organisationId, name = "", role = "", expiresAtMs = 0n }) => {
      const fields = { name, role, expiresAtMs };
      const { key, wholeKey } = await adminKeys.createAdminKey(readChange(change), organisationId, fields);
      return IssuedAdminKey.create({ secretKey: wholeKey, key });
    }, onError),
    updateAdminKey: unary(async ({ change, keyId, name, role, expiresAtMs }) => {
      if (!isKeyId(keyId)) throw noAdminKey();
      return adminKeys.updateAdminKey(readChange(change), keyId, {
        ...(name !== undefined && { name }),
        ...(role !== undefined && { role }),
        ...(expiresAtMs !== undefined && { expiresAtMs }),
      });
    }, onError),
    rotateAdminKey: unary(async ({ change, keyId, overlapSeconds }) => {
      if (!isKeyId(keyId)) throw noAdminKey();
      const { key, wholeKey } = await adminKeys.rotateAdminKey(readChange(change), keyId, overlapSeconds);
      return IssuedAdminKey.create({ secretKey: wholeKey, key });
    }, onError),
    revokeAdminKey: unary(async ({ actor, reason, organisationId, keyId }) => {
      if (!isKeyId(keyId)) throw noAdminKey();
      return adminKeys.revokeAdminKey(readChange({ actor, reason, organisationId }), keyId);
    }, onError),
  };
}
