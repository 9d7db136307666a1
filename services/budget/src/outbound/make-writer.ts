// The writer of this process: group commits on its own connection.
import type { Log } from "@waybill/service";
import type { Pool } from "@waybill/store";
import type { Answer, AnswerTo, Operation } from "../core/operation.ts";
import type { Writer } from "../ports.ts";
import { commitBatch, isHopeless } from "./commit-batch.ts";
import { GroupCommit } from "./group-commit.ts";
import { limitCounters } from "./limit-counters.ts";
import type { Measures } from "./measure.ts";

export interface WriterOptions {
  pool: Pool;
  batchMax: number;
  waitingMax: number;
  failpoint(name: string): void;
  measures: Measures;
  log: Log;
}

export interface OwnedWriter extends Writer {
  readonly waiting: number;
  stop(limitMs: number): Promise<void>;
}

const RETRY_MS = 100;
/** Nobody waits for a settlement, and whoever needs the money it gives back takes it along. */
const SETTLE_PATIENCE_MS = 100;

export function makeWriter({ pool, batchMax, waitingMax, failpoint, measures, log }: WriterOptions): OwnedWriter {
  let isFailing = false;
  const limits = limitCounters(() => performance.now());
  const group = new GroupCommit<Operation, Answer>({
    commit: (operations) =>
      commitBatch(
        {
          pool,
          limits,
          failpoint,
          onContradiction(contradiction) {
            measures.contradicted(contradiction);
            log.error({ grant_id: contradiction.grantId, alert: contradiction.what }, "the books contradict a holder");
          },
        },
        operations,
      ),
    isHopeless,
    patienceMs: ({ kind }) => (kind === "settle_record" ? SETTLE_PATIENCE_MS : 0),
    batchMax,
    waitingMax,
    retryMs: RETRY_MS,
    onCommitted(operations, durationMs) {
      isFailing = false;
      measures.committed(operations, durationMs);
    },
    onFailed(error) {
      measures.commitFailed();
      // Once per outage, not once per try.
      if (!isFailing) log.warn({ err: error }, "a batch failed; trying again");
      isFailing = true;
    },
  });
  return {
    get waiting() {
      return group.waiting;
    },
    submit: <O extends Operation>(operation: O, deadlineMs?: number) =>
      // An operation is answered by its own kind; applyBatch decides one by one.
      group.submit(operation, deadlineMs) as Promise<AnswerTo<O>>,
    stop: (limitMs) => group.stop(limitMs),
  };
}
