// Every setting of a worker. The only file that reads the environment: provider keys too, by the names that providers give.
import { commonSettings, failpointSettings, integer, list, natsSettings, Secret, text } from "@waybill/service";
import { WORK_ACK_WAIT_MS } from "@waybill/wire";

const MIB = 1024 * 1024;

export const settings = {
  ...commonSettings,
  ...natsSettings,
  ...failpointSettings,
  WAYBILL_WORKER_CAPACITY: integer({
    meaning: "How many provider calls this worker carries at once, over all models.",
    fallback: 512,
    min: 1,
    max: 50_000,
  }),
  WAYBILL_WORKER_MODELS: list({
    meaning: "Models to serve, as <provider>/<model>, separated by commas. Empty: every deployed model.",
    fallback: "",
  }),
  WAYBILL_SPOOL_DIR: text({
    meaning: "Folder on a local disk for usage records that cannot be sent; workers on one machine may share it.",
  }),
  WAYBILL_SPOOL_BYTES_MAX: integer({
    meaning: "Size of this worker's spool; half full it takes no more work.",
    fallback: 256 * MIB,
    min: MIB,
    max: 64 * 1024 * MIB,
  }),
  WAYBILL_ACK_WAIT_MS: integer({
    meaning: "Silence of a worker after which its waybills go to another one.",
    fallback: WORK_ACK_WAIT_MS,
    min: 1_000,
    max: 600_000,
  }),
  WAYBILL_MIN_STREAM_BYTES_PER_SECOND: integer({
    meaning:
      "A stream that brings less text than this, over 30 s after its first content, is ended; 0: as slow as it likes.",
    fallback: 0,
    min: 0,
    max: 1_000_000,
  }),
  WAYBILL_INGRESS_SILENT_MS: integer({
    meaning: "Silence of an ingress after which its calls are ended.",
    fallback: 5_000,
    min: 1_000,
    max: 600_000,
  }),
} as const;

/** The key in an environment variable; undefined when it is not set or empty. */
export function readKey(variable: string): Secret | undefined {
  const value = process.env[variable];
  return value === undefined || value === "" ? undefined : new Secret(value);
}
