// Loaded into a service's process by --profile: SIGUSR2 starts a CPU profile, the next SIGUSR2 writes it to the folder
// named in this module's own address (?folder=…) as <pid>.cpuprofile. Without a signal it does nothing.
import { renameSync, writeFileSync } from "node:fs";
import { Session } from "node:inspector";
import { join } from "node:path";

const folder = new URL(import.meta.url).searchParams.get("folder");
const intervalMicroseconds = 500;
let session;

process.on("SIGUSR2", () => {
  if (session === undefined) {
    session = new Session();
    session.connect();
    session.post("Profiler.enable");
    session.post("Profiler.setSamplingInterval", { interval: intervalMicroseconds });
    session.post("Profiler.start");
    return;
  }
  session.post("Profiler.stop", (_error, result) => {
    const file = join(folder, `${process.pid}.cpuprofile`);
    // Whole or not at all: the harness waits for the name.
    writeFileSync(`${file}.part`, JSON.stringify(result.profile));
    renameSync(`${file}.part`, file);
  });
  session.disconnect();
  session = undefined;
});
