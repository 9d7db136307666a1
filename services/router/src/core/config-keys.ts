// Keys of KV `waybill_config`. Names are escaped, so a key is read by its first token only; the values hold the names themselves.
import { subjectToken } from "@waybill/domain";

/** Everyone's routes stand under `-`; an organisation that is called so is escaped. */
function organisationToken(organisationId: string): string {
  if (organisationId === "") return "-";
  return organisationId === "-" ? "_2D" : subjectToken(organisationId);
}

export function providerKey(id: string): string {
  return `provider.${subjectToken(id)}`;
}

export function modelKey(provider: string, model: string): string {
  return `model.${subjectToken(provider)}.${subjectToken(model)}`;
}

export function aliasKey(name: string): string {
  return `alias.${subjectToken(name)}`;
}

export function filterKey(id: string): string {
  return `filter.${subjectToken(id)}`;
}

/** The version in service. */
export function routeKey(organisationId: string, name: string): string {
  return `route.${organisationToken(organisationId)}.${subjectToken(name)}`;
}

/** A version that can be tried as <name>@<version>. */
export function trialKey(organisationId: string, name: string, version: number): string {
  return `try.${organisationToken(organisationId)}.${subjectToken(name)}.${version}`;
}
