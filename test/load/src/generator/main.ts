// The load generator's process: one job per message, one result per job, until its parent lets go.

import type { Job } from "./jobs.ts";
import { runJob } from "./run-job.ts";

process.on("disconnect", () => process.exit(0));
process.on("message", (job: Job) => {
  runJob(job).then(
    (result) => process.send?.({ result }),
    (error: unknown) => process.send?.({ problem: error instanceof Error ? error.message : String(error) }),
  );
});
process.send?.({ ready: true });
