// THE STORY, afterwards: a usage record turns a hold into spend, once, and gives back what was not used.
import type { Settled, SettleRecord } from "./core/operation.ts";
import type { Park, Reading, UsageMessage, Writer } from "./ports.ts";

export interface SettleUsageWorld {
  writer: Writer;
  read(data: Uint8Array): Reading;
  park: Park;
  /** True when an error says that this record can never be settled. */
  isHopeless(error: unknown): boolean;
  onSettled(record: SettleRecord, settled: Settled): void;
  failpoint(name: string): void;
}

/** Acknowledges what is committed or parked; everything else is delivered again. Never rejects. */
export async function settleUsage(world: SettleUsageWorld, message: UsageMessage): Promise<void> {
  const problem = await settle(world, message.data);
  if (problem === "later" || (problem !== undefined && !(await world.park(message, problem.impossible)))) {
    message.later();
    return;
  }
  world.failpoint("settle_after_commit_before_ack");
  message.ack();
}

async function settle(
  world: SettleUsageWorld,
  data: Uint8Array,
): Promise<undefined | "later" | { impossible: string }> {
  const reading = world.read(data);
  if (reading.kind === "poison") return { impossible: reading.reason };
  try {
    const answer = await world.writer.submit(reading.settle);
    if (answer.kind === "impossible") return { impossible: answer.reason };
    world.onSettled(reading.settle, answer);
    return undefined;
  } catch (error) {
    // The writer itself waits for Postgres as long as it takes; it gives up only when it is stopped.
    return world.isHopeless(error) ? { impossible: "Postgres refuses its values" } : "later";
  }
}
