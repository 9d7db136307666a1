// Logs tell by which way a request went, on every line with its ids, and nothing of what was said or with which key.
import assert from "node:assert/strict";
import { createHash, randomBytes } from "node:crypto";
import { readdir, readFile } from "node:fs/promises";
import { join } from "node:path";
import { after, before, describe, it } from "node:test";
import { eventually } from "@waybill/testing";
import type { ServiceName } from "@waybill/wire";
import { ask, readStream } from "../stack/ask.ts";
import { booksAreRight } from "../stack/books.ts";
import { startStack, type TestStack } from "../stack/start-stack.ts";

const SERVICES: readonly ServiceName[] = ["ingress", "router", "budget", "worker", "ledger", "console"];
const PROVIDER_KEY = `sk-${randomBytes(24).toString("hex")}`;

const yaml = (url: string): string => `
providers:
  - id: scripted
    dialect: openai-compatible
    baseUrl: ${url}
    keyVariable: SCRIPTED_API_KEY
    allowPrivateAddress: true
    models:
      - {name: scripted-1, contextWindowTokens: 128000, maxOutputTokens: 4096, price: {input: "1", output: "4"}}
`;

let stack: TestStack;
let attempts = 0;
before(async () => {
  stack = await startStack({
    waybillYaml: yaml,
    replicas: { console: 1 },
    env: {
      // The most talkative level: what is not said there is said nowhere.
      all: { WAYBILL_LOG_LEVEL: "debug" },
      worker: { SCRIPTED_API_KEY: PROVIDER_KEY },
    },
  });
});
after(async () => {
  await stack[Symbol.asyncDispose]();
});

interface LogLine {
  msg: string;
  service: string;
  request_id?: string;
  trace_id?: string;
}

/** Everything that the processes of the stack have said, by file. */
async function logs(): Promise<Map<string, string>> {
  const names = (await readdir(stack.folder)).filter((name) => name.endsWith(".log"));
  return new Map(
    await Promise.all(names.map(async (name) => [name, await readFile(join(stack.folder, name), "utf8")] as const)),
  );
}

async function linesOf(service: ServiceName): Promise<LogLine[]> {
  const texts = [...(await logs())].filter(([name]) => name.startsWith(`${service}-`)).map(([, text]) => text);
  const lines = texts.flatMap((text) => text.split("\n").slice(0, -1));
  return lines.map((line) => JSON.parse(line) as LogLine);
}

describe("logs", () => {
  const TRACE_ID = "8bf92f3577b34da6a3ce929d0e0e4736";
  const traced = { traceparent: `00-${TRACE_ID}-00f067aa0ba902b7-01` };
  const PROMPT_MARKER = "promptmarker-the-patient-is-called-hermione";
  const KEY_MARKER = "keymarker-pasted-from-elsewhere";
  const messages = [{ role: "user", content: `Remember: ${PROMPT_MARKER}` }];

  it("name request and trace on every line about a request that the ingress wrote", async () => {
    const served = await ask(stack, { headers: traced, fields: { messages } });
    attempts += 1;
    assert.equal(served.status, 200);
    const ids = [served.headers.get("x-request-id") ?? ""];
    for (const key of [`wb_0123456789abcdef_${KEY_MARKER}`, `sk-${KEY_MARKER}`]) {
      const refused = await ask(stack, { key, headers: traced, fields: { messages } });
      assert.equal(refused.status, 401);
      ids.push(refused.headers.get("x-request-id") ?? "");
    }
    const withIds = async () => (await linesOf("ingress")).filter(({ request_id = "" }) => ids.includes(request_id));
    await eventually(async () => (await withIds()).length >= ids.length, { reason: "each has its line" });
    for (const line of await withIds()) assert.equal(line.trace_id, TRACE_ID, line.msg);
    for (const line of await linesOf("ingress")) {
      if (line.msg !== "served") continue;
      assert.match(line.request_id ?? "", /^[0-9a-f]{8}-[0-9a-f]{4}-7/);
      assert.match(line.trace_id ?? "", /^[0-9a-f]{32}$/, "requests that nobody traces have one, too");
    }
  });

  it("name request and trace where a worker tells of a call that went wrong", async () => {
    const script = { chunks: 8, fault: { kind: "cut_after", chunk: 4 } } as const;
    const cut = await readStream(await ask(stack, { stream: true, headers: traced, fields: { messages }, script }));
    attempts += 1;
    assert.equal(cut.done, false);
    const told = async () => (await linesOf("worker")).filter(({ request_id }) => request_id === cut.requestId);
    await eventually(async () => (await told()).length > 0, { reason: "the worker has told of it" });
    for (const line of await told()) assert.equal(line.trace_id, TRACE_ID, line.msg);
  });

  it("hold no word of a prompt and no key, also when a provider's refusal quotes both", async () => {
    const message = `Incorrect API key provided: ${PROVIDER_KEY}. You said: ${PROMPT_MARKER}`;
    const body = JSON.stringify({ error: { message, type: "invalid_request_error", code: "x" } });
    const ids: string[] = [];
    for (const status of [401, 400, 500]) {
      stack.provider.setForModel("scripted-1", { fault: { kind: "status", status, body } });
      const refused = await ask(stack, { headers: traced, fields: { messages } });
      assert.ok(refused.status >= 400);
      ids.push(refused.headers.get("x-request-id") ?? "");
    }
    attempts += ids.length;
    // The secrets were really on the way, so they could have been told.
    const call = stack.provider.log.entries().at(-1);
    const sha256 = createHash("sha256").update(`Bearer ${PROVIDER_KEY}`).digest("hex");
    assert.equal(call?.headers.authorization, `sha256:${sha256}`);
    await booksAreRight(stack, { attempts });
    const said = async () => new Set((await linesOf("ingress")).map(({ request_id }) => request_id));
    await eventually(async () => said().then((known) => ids.every((id) => known.has(id))), {
      reason: "each has its line",
    });

    const secrets = new Map([
      ["the prompt", PROMPT_MARKER],
      ["a bad key", KEY_MARKER],
      ["the provider's key", PROVIDER_KEY],
    ]);
    for (const [name, key] of Object.entries(stack.keys))
      secrets.set(`the secret of ${name}`, key.split("_").slice(2).join("_"));
    for (const { name, settings } of stack.plan.services) {
      // The console is not on NATS.
      for (const setting of [...(name === "console" ? [] : ["NATS_PASSWORD"]), "WAYBILL_SERVICE_TOKEN"]) {
        secrets.set(`${setting} of ${name}`, settings[setting] ?? assert.fail(`${name} has no ${setting}`));
      }
      if (settings.DATABASE_URL)
        secrets.set(`the database password of ${name}`, new URL(settings.DATABASE_URL).password);
    }
    const all = await logs();
    for (const service of SERVICES) {
      assert.ok((await linesOf(service)).length > 0, `${service} has said something, and all of it is JSON`);
    }
    for (const [file, text] of all) {
      for (const [what, secret] of secrets)
        assert.ok(secret.length > 8 && !text.includes(secret), `${what} in ${file}`);
    }
  });
});
