import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { once } from "node:events";
import { test } from "node:test";
import { fileURLToPath } from "node:url";
import { freePort } from "./free-port.ts";

const HERE = fileURLToPath(new URL("free-port.ts", import.meta.url));
const PORTS = 300;

/** What another process is given, while it runs. */
async function portsOfAnother(): Promise<{ ports: number[]; stop(): Promise<unknown> }> {
  const script = `import { freePort } from ${JSON.stringify(HERE)};
    const ports = []; for (let i = 0; i < ${PORTS}; i += 1) ports.push(await freePort());
    process.stdout.write(JSON.stringify(ports) + "\\n"); process.stdin.resume().on("end", () => process.exit());`;
  const child = spawn(process.execPath, ["--import", "tsx", "--input-type=module", "-e", script], {
    stdio: ["pipe", "pipe", "inherit"],
  });
  let told = "";
  for await (const text of child.stdout.setEncoding("utf8")) {
    told += text;
    if (told.endsWith("\n")) break;
  }
  return {
    ports: JSON.parse(told) as number[],
    stop: () => {
      child.stdin.end();
      return once(child, "exit");
    },
  };
}

test("no port is given twice, here or to processes that run at the same time", { timeout: 30_000 }, async () => {
  const others = await Promise.all([portsOfAnother(), portsOfAnother()]);
  const mine: number[] = [];
  for (let count = 0; count < PORTS; count += 1) mine.push(await freePort());
  const all = [...mine, ...others.flatMap(({ ports }) => ports)];
  assert.equal(new Set(all).size, 3 * PORTS);
  await Promise.all(others.map(({ stop }) => stop()));
});
