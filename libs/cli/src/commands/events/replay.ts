// events replay: what was booked from any time on, a CloudEvent in each line.
import { once } from "node:events";
import { createWriteStream } from "node:fs";
import { rename } from "node:fs/promises";
import type { Writable } from "node:stream";
import { finished } from "node:stream/promises";
import type { Command } from "commander";
import { type Api, pathOf } from "../../api/client.ts";
import { usageEvents } from "../../api/events.ts";
import { Ending, EXIT } from "../../exit-codes.ts";
import { addVerb } from "../add-verb.ts";
import { contextOf } from "../context.ts";
import { moment } from "../option-values.ts";

interface Options {
  from?: string;
  until?: string;
  out?: string;
  webhook?: string;
}

export function addEventsReplay(events: Command): void {
  addVerb(
    events,
    "replay",
    "what was booked, from the books: the same events under the same ids as on the bus, one in each line",
    "events replay --from 2026-11-01 --until 2026-12-01 --out november.ndjson",
    "events replay --from 2026-11-28T10:00:00Z | jq -r .data.cost_usd",
    "events replay --webhook 0f3c5a7e9b1d2f46 --from 2026-11-28",
  )
    .option("--from <moment>", "booked at or after; a webhook without it goes on where it has stopped", moment)
    .option("--until <moment>", "booked before; without it, until now", moment)
    .option("--out <file>", "write there, whole or not at all, instead of printing")
    .option("--webhook <id>", "have this webhook told, and then go on with what is booked", String)
    .action(async (options: Options, command: Command) => {
      const { api, print, note } = contextOf(command);
      const { from, until = new Date().toISOString(), out, webhook } = options;
      if (webhook !== undefined) {
        if (out ?? options.until) throw new Ending("--webhook goes with --from alone", EXIT.usage);
        const replayed = await api.post(`${pathOf("webhooks", webhook)}/replay`, from === undefined ? {} : { from });
        print(replayed, () => `it is told; \`waybill webhooks show ${webhook}\` says how far`);
        return;
      }
      if (from === undefined) throw new Ending("--from <moment> is missing", EXIT.usage);
      if (out !== undefined) {
        const count = await toFile(api, { from, until }, out);
        print(
          { events: count, from, until, out },
          () => `${count} events, booked from ${from} until ${until}, are in ${out}`,
        );
        return;
      }
      if (command.optsWithGlobals<{ json?: boolean }>().json) {
        throw new Ending(
          "--json goes with --out: what is printed without it is JSON, a line for each event",
          EXIT.usage,
        );
      }
      const count = await writeAll(api, { from, until }, process.stdout);
      note(`${count} events, booked from ${from} until ${until}`);
    });
}

interface Span {
  from: string;
  until: string;
}

/** What is not whole keeps another name. */
async function toFile(api: Api, span: Span, out: string): Promise<number> {
  const part = `${out}.part`;
  const file = createWriteStream(part, { mode: 0o600 });
  try {
    // One that cannot be written says so at once, as an event that nobody else listens to.
    const broken = finished(file);
    broken.catch(() => {});
    const count = await Promise.race([writeAll(api, span, file), broken.then(() => 0)]);
    file.end();
    await broken;
    await rename(part, out);
    return count;
  } catch (error) {
    file.destroy();
    if (error instanceof Ending) throw error;
    throw new Ending(
      `${part} cannot be written: ${error instanceof Error ? error.message : String(error)}`,
      EXIT.failed,
    );
  }
}

/** No faster than it is taken away. Returns how many there were. */
async function writeAll(api: Api, { from, until }: Span, target: Writable): Promise<number> {
  let count = 0;
  for await (const events of usageEvents(api, from, until)) {
    count += events.length;
    const lines = events.map((event) => `${JSON.stringify(event)}\n`).join("");
    if (lines !== "" && !target.write(lines)) await once(target, "drain");
  }
  return count;
}
