// What a client that asked for usage is told in the last chunk: the cost and by which way the answer came.
import { formatUsd, type PicoUsd } from "@waybill/domain";

export interface CostNote {
  costPicoUsd: PicoUsd;
  /** False: the note says null; unknown is never zero. */
  costKnown: boolean;
  attempts: number;
  /** `<provider>/<model>` */
  model: string;
  simulated: boolean;
}

/** The note as JSON text. */
export function costNote({ costPicoUsd, costKnown, attempts, model, simulated }: CostNote): string {
  return JSON.stringify({ cost_usd: costKnown ? formatUsd(costPicoUsd) : null, attempts, model, simulated });
}
