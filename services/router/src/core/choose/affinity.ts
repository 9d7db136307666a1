// Should a session stay at the model it is at? sticky: as long as that model can serve. adaptive: as long as going there is no
// worse a choice than a fresh one, counting what its prompt cache saves. After Azure's and Cloudflare's session affinity.
import type { Affinity } from "@waybill/routes";

export interface SessionView {
  strategy: Affinity;
  /** The session's model can serve this request. */
  canServe: boolean;
  /** It is within the band of the best quality. */
  inBand: boolean;
  /** What it costs there with the prompt cache, and what the fresh choice costs without. Pico-USD. */
  retainedCostPicoUsd: number;
  freshCostPicoUsd: number;
}

/** True: stay. */
export function retains(view: SessionView): boolean {
  if (view.strategy === "none" || !view.canServe) return false;
  if (view.strategy === "sticky") return true;
  return view.inBand && view.retainedCostPicoUsd <= view.freshCostPicoUsd;
}
