import assert from "node:assert/strict";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { createServer } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, test } from "node:test";
import { PlainError } from "./plain-error.ts";
import { readProcessIdentity } from "./process-identity.ts";
import { superviseProcess } from "./supervise.ts";

let rootDir = "";
before(async () => {
  rootDir = await mkdtemp(join(tmpdir(), "waybill-supervise-"));
});
after(() => rm(rootDir, { recursive: true, force: true }));

async function freePort(): Promise<number> {
  const server = createServer();
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const address = server.address();
  await new Promise((resolve) => server.close(resolve));
  return typeof address === "object" && address !== null ? address.port : 0;
}

/** Answers `status` on PORT, with what it waits for. */
const server = `require("http").createServer((_, response) => {
  response.statusCode = Number(process.env.STATUS); response.end('{"waiting_for":{"nats":"not there yet"}}');
}).listen(Number(process.env.PORT), "127.0.0.1");`;

async function supervise(program: string, settings: Record<string, string> = {}) {
  const port = await freePort();
  const lines: string[] = [];
  await writeFile(join(rootDir, "program.cjs"), program);
  const listens = { PORT: String(port) };
  const plan = {
    name: "worker",
    entry: "program.cjs",
    nodeFlags: [],
    settings,
    listens,
    readyUrl: `http://127.0.0.1:${port}/`,
  } as const;
  const service = await superviseProcess(plan, { rootDir, logDir: rootDir, say: (line) => void lines.push(line) });
  return { service, lines };
}

async function until(condition: () => boolean): Promise<void> {
  while (!condition()) await new Promise((resolve) => setTimeout(resolve, 10));
}

test("a service that dies is started again, with a line that says so", async () => {
  const { service, lines } = await supervise(server, { STATUS: "200" });
  await service.waitReady(10_000);
  const firstPid = service.pid() ?? 0;
  process.kill(firstPid, "SIGKILL");
  await until(() => lines.some((line) => /ready again/.test(line)));
  assert.match(lines[0] ?? "", /worker ended by SIGKILL; starting it again/);
  assert.notEqual(service.pid(), firstPid);
  await service.stop(2_000);
  assert.equal(lines.length, 2);
});

test("a service that cannot start is given up with the end of its log", async () => {
  const { service } = await supervise('console.error("WAYBILL_X is required"); process.exit(3);');
  await assert.rejects(service.waitReady(20_000), (error) => {
    assert.ok(error instanceof PlainError);
    assert.match(error.message, /exit code 3 while starting.*WAYBILL_X is required/s);
    return true;
  });
  await service.stop(1_000);
});

test("a service that is not ready in time says what it waits for", async () => {
  const { service } = await supervise(server, { STATUS: "503" });
  await assert.rejects(
    service.waitReady(2_000),
    /worker was not ready within 2 s: it waits for nats \(not there yet\)/,
  );
  await service.stop(1_000);
});

test("a stop ends even a service that does not listen to it, and nothing starts it again", async () => {
  const { service, lines } = await supervise(`process.on("SIGTERM", () => {}); ${server}`, { STATUS: "200" });
  await service.waitReady(10_000);
  const pid = service.pid() ?? 0;
  await service.stop(200);
  assert.equal(readProcessIdentity(pid), "");
  assert.deepEqual(lines, []);
});
