// Keeps the bucket equal to Postgres: waits for both, deploys the operator's file once, publishes, and looks again once a
// minute (a price may come into force) or when told that something was lost.
import type { WaybillFile } from "@waybill/catalog";
import type { Clock } from "@waybill/domain";
import type { Log, ReadyCondition } from "@waybill/service";
import { type Pool, schemaProblem } from "@waybill/store";
import { migrations } from "../config.ts";
import { type ConfigBucket, deployFile, publishDeployed } from "../deploy.ts";
import type { FollowedConfig } from "../inbound/follow-config.ts";
import { seenWithin } from "./echo.ts";

export interface KeepDeployedOptions {
  pool: Pool;
  file: WaybillFile;
  simulatorUrl: string;
  /** The bucket, as soon as it can be written and all it holds has been told. */
  bucket: Promise<ConfigBucket>;
  followed: Pick<FollowedConfig, "settle">;
  clock: Clock;
  log: Log;
  postgres: ReadyCondition;
  schema: ReadyCondition;
  /** Postgres and the bucket agree for the first time. */
  onDeployed(): void;
}

const RETRY_MS = 1_000;
const LOOK_AGAIN_MS = 60_000;
/** What was written comes back within this, and a little more for each key: a lost bucket is written whole. */
const ECHO_MS = 5_000;
const ECHO_MS_PER_KEY = 1;

export interface KeptDeployed {
  /** Look again now. */
  poke(): void;
  stop(): Promise<void>;
}

export function keepDeployed(options: KeepDeployedOptions): KeptDeployed {
  let stopped = false;
  let isPoked = false;
  let wake: () => void = () => {};
  const pause = async (ms: number): Promise<void> => {
    // Poked while it was looking: what it saw may be old.
    if (!isPoked && !stopped) {
      await new Promise<void>((resolve) => {
        const timer = setTimeout(resolve, ms);
        wake = () => {
          clearTimeout(timer);
          resolve();
        };
      });
    }
    isPoked = false;
  };
  const run = async (): Promise<void> => {
    let isFiled = false;
    while (!stopped) {
      try {
        isFiled ||= await deployOnce(options);
        if (isFiled) {
          const bucket = await options.bucket;
          // What was poked for so far is looked at now.
          isPoked = false;
          await publishOnce(options, bucket);
        }
        await pause(isFiled ? LOOK_AGAIN_MS : RETRY_MS);
      } catch (error) {
        const detail = error instanceof Error ? error.message : String(error);
        if (!isFiled) options.postgres.set(false, `cannot deploy: ${detail}`);
        options.log.warn({ detail }, "deploying failed; trying again");
        await pause(RETRY_MS);
      }
    }
  };
  const running = run();
  return {
    poke() {
      isPoked = true;
      wake();
    },
    stop() {
      stopped = true;
      wake();
      // It may wait for a bus that never comes; that must not hold up the end.
      return Promise.race([running, new Promise<void>((resolve) => setTimeout(resolve, RETRY_MS).unref())]);
    },
  };
}

/** True when the file is deployed; false while the schema is not what this program needs. */
async function deployOnce({ pool, file, simulatorUrl, postgres, schema, log }: KeepDeployedOptions): Promise<boolean> {
  await pool.query("SELECT 1");
  postgres.set(true);
  const problem = await schemaProblem(pool, migrations);
  schema.set(problem === undefined, problem);
  if (problem !== undefined) return false;
  const { models, unpriced } = await deployFile(pool, file, simulatorUrl);
  for (const { model, reason } of unpriced)
    log.warn({ model, reason }, "no price: refused where a hard budget applies");
  log.info({ models: models.length, unpriced: unpriced.length }, "configuration stored");
  return true;
}

async function publishOnce(
  { pool, followed, clock, log, onDeployed }: KeepDeployedOptions,
  bucket: ConfigBucket,
): Promise<void> {
  const { put, removed, echo } = await publishDeployed(pool, bucket, clock.unixMs());
  if (put + removed > 0) log.info({ put, removed }, "configuration deployed");
  // It comes back through the bucket; only then is it in the snapshot.
  if (!(await seenWithin(echo, ECHO_MS + ECHO_MS_PER_KEY * (put + removed)))) {
    throw new Error("what was deployed does not come back from the bucket");
  }
  followed.settle();
  onDeployed();
}
