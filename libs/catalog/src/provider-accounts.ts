// Accounts of a provider in waybill.yaml: several credentials or addresses among which its calls are spread. Each may say for itself what
// its provider says for all.
import { z } from "zod";

const ACCOUNTS_MAX = 64;
const WEIGHT_MAX = 1_000;

/** What a provider says for all of its accounts, where they do not say it themselves. */
interface Shared<Text extends z.ZodType, Optional extends z.ZodType> {
  baseUrl: Text;
  keyVariable: Optional;
  region: Optional;
  apiVersion: Optional;
}

/** `shape`: the provider's own fields, so that an account's are checked alike. */
export function accountsSchema<Text extends z.ZodType<string>, Optional extends z.ZodType<string | undefined>>(
  shape: Shared<Text, Optional>,
) {
  const account = z.strictObject({
    id: z.string().regex(/^[a-z0-9][a-z0-9-]{0,63}$/, { error: "must be lower-case letters, digits and dashes" }),
    weight: z
      .number({ error: WEIGHT_ERROR })
      .int({ error: WEIGHT_ERROR })
      .min(1, { error: WEIGHT_ERROR })
      .max(WEIGHT_MAX, { error: WEIGHT_ERROR })
      .optional(),
    baseUrl: shape.baseUrl.optional(),
    keyVariable: shape.keyVariable,
    region: shape.region,
    apiVersion: shape.apiVersion,
  });
  return z
    .array(account)
    .min(1)
    .max(ACCOUNTS_MAX, { error: `must be ${ACCOUNTS_MAX} accounts at most` });
}

const WEIGHT_ERROR = `must be a whole number from 1 to ${WEIGHT_MAX}`;

/** Fields of an account as they stand in the file. */
interface FileAccount {
  id: string;
  weight?: number | undefined;
  baseUrl?: string | undefined;
  keyVariable?: string | undefined;
  region?: string | undefined;
  apiVersion?: string | undefined;
}

interface ProviderWithAccounts extends Omit<FileAccount, "weight"> {
  dialect: string;
  baseUrl: string;
  accounts?: readonly FileAccount[] | undefined;
}

/** An account with all that is said of it, here or by its provider. */
export interface CompleteAccount {
  id: string;
  weight: number;
  baseUrl: string;
  /** Empty: no key is sent. */
  keyVariable: string;
  /** Empty: the host says it, or the dialect knows none. */
  region: string;
  /** Empty: the dialect's usual one. */
  apiVersion: string;
}

/** None for a provider that lists none: its own fields are its only account. */
export function completeAccounts({ accounts = [], ...provider }: ProviderWithAccounts): CompleteAccount[] {
  return accounts.map(({ id, weight, baseUrl, keyVariable, region, apiVersion }) => ({
    id,
    weight: weight ?? 1,
    baseUrl: baseUrl ?? provider.baseUrl,
    keyVariable: keyVariable ?? provider.keyVariable ?? "",
    region: region ?? provider.region ?? "",
    apiVersion: apiVersion ?? provider.apiVersion ?? "",
  }));
}

interface AccountProblem {
  /** From the provider's `accounts` on. */
  path: (string | number)[];
  message: string;
}

/** What is wrong between accounts. `foreign`: fields that only one dialect knows, with its name. */
export function accountProblems(
  provider: ProviderWithAccounts,
  foreign: readonly (readonly [field: "region" | "apiVersion", dialect: string])[],
): AccountProblem[] {
  const { accounts = [], dialect } = provider;
  const problems: AccountProblem[] = [];
  const ids = new Set<string>();
  const seen = new Map<string, string>();
  const someHaveKeys = accounts.some(({ keyVariable }) => keyVariable !== undefined);
  completeAccounts(provider).forEach(({ id, weight, ...same }, index) => {
    const given = accounts[index];
    const problem = (field: string, message: string): void => {
      problems.push({ path: [index, field], message });
    };
    if (ids.has(id)) problem("id", "stands here twice");
    ids.add(id);
    for (const [field, only] of foreign) {
      if (given?.[field] !== undefined && dialect !== only) problem(field, `is only for the dialect ${only}`);
    }
    if (dialect === "azure-openai" && given?.baseUrl !== undefined && /\/openai(\/|$)/.test(given.baseUrl)) {
      problem("baseUrl", "must be the resource's endpoint, without /openai");
    }
    // A key that was forgotten would be the provider's, sent to an address that it may not be meant for.
    if (someHaveKeys && given?.keyVariable === undefined) {
      problem("keyVariable", "must be given: either every account has a key of its own or none has");
    }
    const what = JSON.stringify(same);
    const twin = seen.get(what);
    if (twin !== undefined && twin !== id) problem("id", `has the same key and address as ${twin}`);
    seen.set(what, twin ?? id);
  });
  return problems;
}
