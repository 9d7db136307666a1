import assert from "node:assert/strict";
import { test } from "node:test";
import { keepRunning } from "./keep-running.ts";
import type { Exit } from "./own-group.ts";

/** A store whose end the test decides. */
class Store {
  readonly url = "nats://here";
  endedHow = "";
  readonly exited: Promise<Exit>;
  #end: (exit: Exit) => void = () => {};
  constructor() {
    this.exited = new Promise((resolve) => {
      this.#end = resolve;
    });
  }
  crash(): void {
    this.#end({ code: null, signal: "SIGKILL" });
  }
  async stop(): Promise<void> {
    this.endedHow = "stop";
    this.#end({ code: 0, signal: null });
  }
  async endAtOnce(): Promise<void> {
    this.endedHow = "at once";
    this.#end({ code: null, signal: "SIGKILL" });
  }
}

async function until(condition: () => boolean): Promise<void> {
  while (!condition()) await new Promise((resolve) => setTimeout(resolve, 10));
}

test("a store that ends by itself is started again, also after a start that failed", async () => {
  const made: Store[] = [];
  const lines: string[] = [];
  let failures = 1;
  const kept = await keepRunning(
    "NATS",
    async () => {
      if (made.length === 1 && failures-- > 0) throw new Error("the port is still taken");
      const store = new Store();
      made.push(store);
      return store;
    },
    (line) => void lines.push(line),
  );
  made[0]?.crash();
  await until(() => lines.includes("NATS is ready again"));
  assert.match(lines.join("\n"), /NATS ended \(SIGKILL\).*\nNATS cannot be started: the port is still taken/);
  await kept.stop();
  assert.equal(made.length, 2);
  assert.equal(made[1]?.endedHow, "stop");
});

test("a stop that comes while it is being started again leaves nothing running", async () => {
  const made: Store[] = [];
  const kept = await keepRunning(
    "NATS",
    async () => {
      if (made.length > 0) await new Promise((resolve) => setTimeout(resolve, 300));
      const store = new Store();
      made.push(store);
      return store;
    },
    () => {},
  );
  made[0]?.crash();
  await new Promise((resolve) => setTimeout(resolve, 400));
  await kept.endAtOnce();
  await until(() => made.length === 2);
  await until(() => made[1]?.endedHow !== "");
});
