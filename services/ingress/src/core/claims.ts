// Whose a token is, by its claims: an operator says which claim means what.
import { Attribution, VirtualKey } from "@waybill/wire";

/** Where a value comes from. */
type Source = { kind: "claim"; path: readonly string[] } | { kind: "fixed"; value: string };

export interface ClaimMap {
  organisation: Source;
  team: Source | undefined;
  user: Source | undefined;
  /** A claim with names of models the token may use. */
  models: Source | undefined;
  tags: ReadonlyMap<string, Source>;
}

const NAMES = ["organisation", "team", "user", "models"] as const;
const TAGS_MAX = 16;
const MODELS_MAX = 256;
const TEXT_CHARACTERS_MAX = 128;

/** Reads `name=claim` and `name='value'`. Throws Error with a sentence for whoever starts the service. */
export function parseClaimMap(entries: readonly string[]): ClaimMap {
  const known = new Map<string, Source>();
  const tags = new Map<string, Source>();
  for (const entry of entries) {
    const at = entry.indexOf("=");
    const [name, text] = [entry.slice(0, at), entry.slice(at + 1)];
    const source = sourceOf(text);
    const isTag = name.startsWith("tag.") && name.length > "tag.".length && tags.size < TAGS_MAX;
    if (at < 1 || !source || !(isTag || NAMES.some((each) => each === name))) {
      throw new Error(
        `WAYBILL_OIDC_CLAIMS: "${entry}" is not <name>=<claim>; names are ${NAMES.join(", ")}, tag.<name>`,
      );
    }
    if (isTag) tags.set(name.slice("tag.".length), source);
    else known.set(name, source);
  }
  const organisation = known.get("organisation");
  if (!organisation) throw new Error("WAYBILL_OIDC_CLAIMS must say which claim is the organisation");
  return { organisation, team: known.get("team"), user: known.get("user"), models: known.get("models"), tags };
}

/** The token as a key, or a sentence that says which claim is at fault. `keyId` is how the books know it. */
export function accountOf(
  claims: Readonly<Record<string, unknown>>,
  map: ClaimMap,
  keyId: string,
): VirtualKey | string {
  const organisationId = textOf(claims, map.organisation);
  if (organisationId === undefined) return "The token does not say its organisation.";
  const tags: Record<string, string> = {};
  for (const [name, source] of map.tags) {
    const value = textOf(claims, source);
    if (value !== undefined) tags[name] = value;
  }
  const allowedModels = modelsOf(claims, map.models);
  if (!allowedModels) return "The token's models are not a list of names.";
  const attribution = Attribution.create({
    ...{ organisationId, keyId, keyName: keyId, tags },
    teamId: (map.team && textOf(claims, map.team)) ?? "",
    userId: (map.user && textOf(claims, map.user)) ?? "",
  });
  return VirtualKey.create({ keyId, attribution, allowedModels });
}

function sourceOf(text: string): Source | undefined {
  const fixed = /^'([^']{1,128})'$/.exec(text)?.[1];
  if (fixed !== undefined) return { kind: "fixed", value: fixed };
  const path = text.split(".");
  return path.every((name) => name !== "") ? { kind: "claim", path } : undefined;
}

function claimOf(claims: Readonly<Record<string, unknown>>, source: Source): unknown {
  if (source.kind === "fixed") return source.value;
  let value: unknown = claims;
  for (const name of source.path) {
    if (typeof value !== "object" || value === null || !Object.hasOwn(value, name)) return undefined;
    value = (value as Record<string, unknown>)[name];
  }
  return value;
}

/** Undefined for what can be no id: no text, empty, too long, or with control characters. */
function textOf(claims: Readonly<Record<string, unknown>>, source: Source): string | undefined {
  const value = claimOf(claims, source);
  const isId =
    typeof value === "string" && value !== "" && value.length <= TEXT_CHARACTERS_MAX && !/\p{Cc}/u.test(value);
  return isId ? value : undefined;
}

/** Empty: all. A claim that is mapped and not there allows nothing, so that a token is never mightier than it says. */
function modelsOf(claims: Readonly<Record<string, unknown>>, source: Source | undefined): string[] | undefined {
  if (!source) return [];
  const value = claimOf(claims, source);
  const names = typeof value === "string" ? value.split(/[ ,]+/) : value;
  const isList = Array.isArray(names) && names.length > 0 && names.length <= MODELS_MAX;
  return isList && names.every((name) => typeof name === "string" && name !== "") ? names : undefined;
}
