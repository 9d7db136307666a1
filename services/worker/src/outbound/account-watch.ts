// The accounts of this worker's providers at work: picks one for each call, and hears how it ended for the account and for the model
// as a whole, which is what routers are told of.
import type { Clock } from "@waybill/domain";
import type { Log, Reading } from "@waybill/service";
import type { AnswerLengths } from "../core/answer-lengths.ts";
import { type RestingAccount, TargetAccounts } from "../core/target-accounts.ts";
import type { TargetHealth } from "../core/target-health.ts";
import type { Ports } from "../ports.ts";
import type { DeployedProviders } from "./deployed-providers.ts";

interface AccountWatchOptions {
  providers: Pick<DeployedProviders, "of" | "refusedBy">;
  targets: TargetHealth;
  lengths: AnswerLengths;
  clock: Pick<Clock, "monotonicMs">;
  log: Log;
  /** Routers should hear of a model soon. */
  onNews(): void;
  /** Other workers should leave an account alone, too. */
  tell(resting: RestingAccount): void;
}

export interface AccountWatch extends Pick<Ports, "pickUpstream" | "callEnded" | "refusedParameters"> {
  cooling(): Reading[];
  /** What another worker tells. */
  heard(resting: RestingAccount): void;
}

export function watchAccounts(options: AccountWatchOptions): AccountWatch {
  const { providers, targets, lengths, clock, log, onNews, tell } = options;
  const accounts = new TargetAccounts();
  return {
    pickUpstream({ target, sessionKey, failedAccounts }) {
      const { provider = "", model = "" } = target ?? {};
      const upstreams = providers.of(provider);
      if (upstreams.length === 0) return undefined;
      const nowMs = clock.monotonicMs();
      const picked = accounts.pick(upstreams, { provider, model, sessionKey, failedAccounts }, nowMs);
      const isNews = picked.kind === "cooling" && targets.leaveAlone({ provider, model }, picked.retryAfterMs, nowMs);
      if (isNews) onNews();
      return picked;
    },
    refusedParameters: ({ target }) => providers.refusedBy(target?.provider ?? "", target?.model ?? ""),
    callEnded(end) {
      const nowMs = clock.monotonicMs();
      const aftermath = accounts.ended(providers.of(end.provider), end, nowMs);
      const { otherAccount, retryAfterMs, cooled } = aftermath;
      if (end.wholeAnswer) lengths.add({ ...end.wholeAnswer, provider: end.provider, model: end.model });
      // While another account can take its place, it is no failure of the model's.
      if (!otherAccount && targets.ended({ ...end, retryAfterMs }, nowMs)) onNews();
      // Its answers say that the next one would be refused.
      if (end.code === "" && retryAfterMs > 0 && targets.leaveAlone(end, retryAfterMs, nowMs)) onNews();
      if (cooled) {
        const { provider, model, account } = end;
        const fields = { provider, model, account, code: end.code, left_alone_ms: cooled.forMs };
        if (cooled.reason === "auth")
          log.warn(fields, "the key of an account was refused; it is left alone for a while");
        else log.info(fields, "an account is left alone for a while");
        if (cooled.reason === "rate_limited") tell({ provider, model, account, forMs: cooled.forMs });
      }
      return aftermath;
    },
    heard: (resting) => accounts.heard(resting, clock.monotonicMs()),
    cooling: () => [...accounts.cooling(clock.monotonicMs())].map((cooling) => ({ value: 1, labels: { ...cooling } })),
  };
}
