// Requests with an Idempotency-Key, in a bucket that all ingresses share: whoever makes the record carries the request, everybody
// else is told to wait, or given the answer.
import { createHash } from "node:crypto";
import {
  type NatsConnection,
  openPassingObjects,
  openPassingRecords,
  type PassingObjects,
  type PassingRecords,
  type Storage,
} from "@waybill/bus";
import { type Clock, WaybillError } from "@waybill/domain";
import type { Log, ServiceScope } from "@waybill/service";
import { OBJECT_BUCKETS, PASSING_BUCKETS } from "@waybill/wire";
import { decodeAnswer, encodeAnswer, type KeptAnswer } from "../core/kept-answer.ts";
import { decodeKept, encodeKept, judgeAgain, type KeptRequest } from "../core/kept-request.ts";
import type { Lives } from "../core/lives.ts";
import type { EnterAsked, Entered, OnceOnly, Turn } from "../ports.ts";
import { KeptStores, type KeptStoresOptions } from "./kept-stores.ts";
import { type AnswerStoreConfig, answerStore, type Seal } from "./seal.ts";

export interface KeptRequestsOptions extends Pick<KeptStoresOptions, "control" | "isConnected"> {
  config: AnswerStoreConfig;
  /** This process incarnation. */
  life: string;
  lives: Lives;
  clock: Clock;
}

const RETRY_AFTER_MS = 1_000;
/** Each further one means that a sibling was faster. */
const TRIES_MAX = 3;

export class KeptRequests implements OnceOnly {
  readonly #life: string;
  readonly #isAlive: (life: string) => boolean;
  readonly #keeper: Keeper;
  readonly #replayed: (count: number) => void;

  /** Throws Error that says what the configuration lacks. */
  constructor({ control, isConnected, config, life, lives, clock }: KeptRequestsOptions, scope: ServiceScope) {
    const { storage, seal } = answerStore(config);
    const { log, metrics } = scope;
    this.#life = life;
    this.#isAlive = (other) => lives.isAlive(other, clock.monotonicMs());
    this.#replayed = metrics.counter(
      "waybill_ingress_replayed_answers_total",
      "Answers given again for an Idempotency-Key",
    );
    const unkept = metrics.counter(
      "waybill_ingress_unkept_answers_total",
      "Answers of requests with an Idempotency-Key that could not be kept, so that asking again asks a provider again",
    );
    const stores = new KeptStores({ control, isConnected, storage }, openStores);
    this.#keeper = { stores, seal, log, unkept };
  }

  async enter(asked: EnterAsked): Promise<Entered> {
    const { requestId, organisationId } = asked;
    const recordKey = recordKeyOf(asked);
    const fingerprint = fingerprintOf(asked);
    const begun: KeptRequest = { fingerprint, requestId, life: this.#life, attempt: 0, resumeToken: "", answer: "" };
    const turn = (kept: KeptRequest, revision: number): Entered => ({
      kind: "go",
      turn: new KeptTurn(this.#keeper, { recordKey, organisationId, kept, revision }),
    });
    for (let tries = 0; tries < TRIES_MAX; tries += 1) {
      const made = await this.#keeper.stores.use(({ records }) => records.create(recordKey, encodeKept(begun)));
      if (made !== undefined) return turn(begun, made);
      const found = await this.#keeper.stores.use(({ records }) => records.get(recordKey));
      const kept = found && decodeKept(found.value);
      if (!kept) continue;
      const again = judgeAgain(kept, fingerprint, this.#isAlive);
      if (again === "another_request") throw new WaybillError("idempotency_key_reused", { param: "idempotency-key" });
      if (again === "in_progress") break;
      if (again === "replay") {
        const answer = await this.#answer({ recordKey, kept, organisationId, revision: found.revision });
        if (answer) return { kind: "replay", answer };
        continue;
      }
      const ours = { ...kept, life: this.#life };
      const { revision } = found;
      const taken = await this.#keeper.stores.use(({ records }) =>
        records.update(recordKey, encodeKept(ours), revision),
      );
      if (taken !== undefined) return turn(ours, taken);
    }
    throw new WaybillError("idempotency_in_progress", { retryAfterMs: RETRY_AFTER_MS });
  }

  /** Undefined: it was lost with its server's memory, and so the record is forgotten. */
  #answer({ recordKey, kept, organisationId, revision }: Record): Promise<KeptAnswer | undefined> {
    return this.#keeper.stores.use(async ({ records, answers }) => {
      const sealed = await answers.get(kept.answer);
      const bytes = sealed && this.#keeper.seal.open(organisationId, sealed);
      const answer = bytes && decodeAnswer(bytes);
      if (answer) this.#replayed(1);
      else await records.remove(recordKey, revision);
      return answer;
    });
  }
}

interface Stores {
  records: PassingRecords;
  answers: PassingObjects;
}

async function openStores(control: NatsConnection, storage: Storage): Promise<Stores> {
  const [records, answers] = await Promise.all([
    openPassingRecords(control, PASSING_BUCKETS.requests, storage),
    openPassingObjects(control, OBJECT_BUCKETS.answers, storage),
  ]);
  return { records, answers };
}

/** What turns share. */
interface Keeper {
  stores: KeptStores<Stores>;
  seal: Seal;
  log: Log;
  unkept(count: number): void;
}

interface Record {
  recordKey: string;
  organisationId: string;
  kept: KeptRequest;
  revision: number;
}

class KeptTurn implements Turn {
  readonly #keeper: Keeper;
  readonly #record: Record;
  readonly requestId: string;
  readonly last: Turn["last"];

  constructor(keeper: Keeper, record: Record) {
    this.#keeper = keeper;
    this.#record = record;
    const { requestId, attempt, resumeToken } = record.kept;
    this.requestId = requestId;
    this.last = attempt === 0 ? undefined : { attempt, resumeToken: Buffer.from(resumeToken, "base64") };
  }

  async attempting(attempt: number, resumeToken: Uint8Array): Promise<void> {
    const isOurs = await this.#change({ attempt, resumeToken: Buffer.from(resumeToken).toString("base64") });
    // Silent for too long, this ingress was taken for dead, and another carries the request.
    if (!isOurs) throw new WaybillError("idempotency_in_progress", { retryAfterMs: RETRY_AFTER_MS });
  }

  async answered(answer: KeptAnswer): Promise<void> {
    const { stores, seal, log, unkept } = this.#keeper;
    try {
      const sealed = seal.close(this.#record.organisationId, encodeAnswer(answer));
      await stores.use(({ answers }) => answers.put(this.requestId, sealed));
      if (!(await this.#change({ answer: this.requestId }))) throw new Error("another ingress has taken it over");
    } catch (error) {
      unkept(1);
      log.warn({ err: error, request_id: this.requestId }, "an answer could not be kept");
      await this.release();
    }
  }

  async release(): Promise<void> {
    const { stores, log } = this.#keeper;
    const { recordKey, revision } = this.#record;
    try {
      // Where another ingress has taken it over, it is no longer ours to give back.
      await stores.use(({ records }) => records.remove(recordKey, revision));
    } catch (error) {
      log.warn({ err: error, request_id: this.requestId }, "an Idempotency-Key could not be given back");
    }
  }

  /** False: somebody else has changed it since. */
  async #change(changes: Partial<KeptRequest>): Promise<boolean> {
    const { recordKey, kept, revision } = this.#record;
    const next = { ...kept, ...changes };
    const written = await this.#keeper.stores.use(({ records }) =>
      records.update(recordKey, encodeKept(next), revision),
    );
    if (written === undefined) return false;
    this.#record.kept = next;
    this.#record.revision = written;
    return true;
  }
}

/** A virtual key's own, so that nobody else can ask for the answer. */
function recordKeyOf({ organisationId, keyId, idempotencyKey }: EnterAsked): string {
  return createHash("sha256")
    .update(JSON.stringify([organisationId, keyId, idempotencyKey]))
    .digest("hex");
}

function fingerprintOf({ path, body }: EnterAsked): string {
  return createHash("sha256").update(path).update("\n").update(body).digest("hex");
}
