// What GET /v1/models shows: every name a client may write as `model`, from the values of KV waybill_config.
import { formatModelId } from "@waybill/domain";
import { AliasConfig, ModelConfig, RouteConfig } from "@waybill/wire";
import { mayName } from "./key-limits.ts";

export interface PublicModel {
  id: string;
  ownedBy: string;
}

/** Whose names are asked for. */
export interface ModelsReader {
  organisationId: string;
  /** Names the key may use; empty: all. */
  allowedModels: string[];
  /** Routes the key may ask for; empty: all. */
  allowedRoutes: string[];
}

interface Entry extends PublicModel {
  /** Empty: everybody's. */
  organisationId: string;
}

const OWNER = "waybill";
const EVERYBODYS = "";
/** Every installation has it, deployed or not. */
const AUTO: PublicModel = { id: "auto", ownedBy: OWNER };

export class PublicModels {
  readonly #entries = new Map<string, Entry>();

  /** Takes what stands under `key` now; undefined: nothing. Providers and versions that are not live are shown to nobody. */
  put(key: string, value: Uint8Array | undefined): void {
    const entry = value && read(key, value);
    if (entry) this.#entries.set(key, entry);
    else this.#entries.delete(key);
  }

  /** Models, aliases, routes and `auto`, each name once, sorted. An organisation's own route is no other's to see. */
  list({ organisationId, ...limits }: ModelsReader): PublicModel[] {
    const allowed = new Set(limits.allowedModels);
    const byId = new Map([[AUTO.id, AUTO]]);
    for (const { id, ownedBy, organisationId: owner } of this.#entries.values()) {
      if (owner === EVERYBODYS || owner === organisationId) byId.set(id, { id, ownedBy });
    }
    return [...byId.values()]
      .filter(({ id }) => (allowed.size === 0 || allowed.has(id)) && mayName(limits, id))
      .sort((a, b) => (a.id < b.id ? -1 : 1));
  }
}

function read(key: string, value: Uint8Array): Entry | undefined {
  if (key.startsWith("model.")) {
    const model = ModelConfig.decode(value);
    return { id: formatModelId(model), ownedBy: model.provider, organisationId: EVERYBODYS };
  }
  if (key.startsWith("alias.")) {
    return { id: AliasConfig.decode(value).name, ownedBy: OWNER, organisationId: EVERYBODYS };
  }
  if (!key.startsWith("route.")) return undefined;
  const { name, organisationId } = RouteConfig.decode(value);
  return { id: `dynamic/${name}`, ownedBy: OWNER, organisationId };
}
