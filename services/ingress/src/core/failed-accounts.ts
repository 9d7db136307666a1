// The providers' accounts that have failed a request so far, so that its next attempt asks another one, whichever worker carries it.
import type { Decision } from "@waybill/wire";
import type { FailedAccount } from "./relay.ts";

export class FailedAccounts {
  readonly #byProvider = new Map<string, Set<string>>();

  /** `decision`: the attempt that failed. */
  add(decision: Pick<Decision, "target">, { account }: FailedAccount): void {
    const provider = decision.target?.provider;
    if (account === "" || provider === undefined) return;
    const accounts = this.#byProvider.get(provider);
    if (accounts) accounts.add(account);
    else this.#byProvider.set(provider, new Set([account]));
  }

  /** Of the provider of this attempt, by their ids. */
  of(decision: Pick<Decision, "target">): string[] {
    return [...(this.#byProvider.get(decision.target?.provider ?? "") ?? [])];
  }
}
