// Tells webhooks of what is booked, each for itself: one that is slow or away holds up no other.
import { type ConfigOf, type ServiceScope, systemClock } from "@waybill/service";
import { type settings, webhookSettings } from "../config.ts";
import { ledgerEvents } from "../outbound/ledger-events.ts";
import { dueFollowers, usagePost } from "../outbound/usage-post.ts";
import { tellFollower } from "../tell-usage.ts";
import type { SpendWorld } from "./follow-spend.ts";
import { repeat } from "./repeat.ts";

const LOOK_EVERY_MS = 1_000;
/** Webhooks that are told at the same time. */
const AT_ONCE_MAX = 32;

/** Does nothing where there is no ledger to ask. */
export function followUsage(
  config: ConfigOf<typeof settings>,
  { log, onStop }: ServiceScope,
  { pool, measures, isDatabaseReady, failpoint }: SpendWorld,
): void {
  if (config.WAYBILL_LEDGER_URLS.length === 0) return;
  const ledger = ledgerEvents(config.WAYBILL_LEDGER_URLS, config.WAYBILL_SERVICE_TOKEN);
  const { unixMs } = systemClock;
  const post = usagePost({
    ...{ pool, ledger, ...webhookSettings(config), unixMs, failpoint },
    onTried: measures.webhookTried,
  });
  const busy = new Set<string>();
  let trouble = "";
  const onError = (error: unknown): void => {
    const detail = error instanceof Error ? error.message : String(error);
    if (detail !== trouble) log.warn({ detail }, "telling webhooks of what is booked has to wait");
    trouble = detail;
  };
  const look = async (): Promise<void> => {
    if (!isDatabaseReady()) return;
    // Those that are being told now come back in the same look.
    const due = await dueFollowers(pool, AT_ONCE_MAX + busy.size);
    for (const follower of due) {
      if (busy.has(follower.webhookId) || busy.size >= AT_ONCE_MAX) continue;
      busy.add(follower.webhookId);
      const done = (): void => void busy.delete(follower.webhookId);
      void tellFollower(post, follower)
        .then(() => {
          trouble = "";
        }, onError)
        .finally(done);
    }
  };
  const looking = repeat(LOOK_EVERY_MS, look, onError);
  // What is under way may be cut off: it comes again from where it was.
  onStop("telling webhooks of usage", async () => {
    await looking.stop();
    ledger.close();
  });
}
