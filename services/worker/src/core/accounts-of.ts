// The accounts of a deployed provider: those it lists, or the one that its own fields make.
import type { ProviderAccount, ProviderConfig } from "@waybill/wire";

/** The account of a provider that lists none. */
const DEFAULT_ACCOUNT = "default";

/** At least one. */
export function accountsOf(provider: ProviderConfig): readonly ProviderAccount[] {
  if (provider.accounts.length > 0) return provider.accounts;
  const { baseUrl, keyVariable, region, apiVersion } = provider;
  return [{ id: DEFAULT_ACCOUNT, weight: 1, baseUrl, keyVariable, region, apiVersion }];
}

/** How an account is called in sentences for the log: by its provider alone, where that lists none. */
export function nameOfAccount(provider: ProviderConfig, { id }: Pick<ProviderAccount, "id">): string {
  return provider.accounts.length > 0 ? `the account ${id} of ${provider.id}` : provider.id;
}
