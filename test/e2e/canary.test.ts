// Canaries: texts that nobody else could have made are put into every secret and every word that is said, on every surface, at every
// kind of provider; then everything that a whole Waybill leaves behind is searched for them: logs, spools, NATS's files, PostgreSQL's
// files and tables, metrics and traces. What is known to be there is found with the same search, so that it can fail.
import assert from "node:assert/strict";
import { randomBytes, randomUUID } from "node:crypto";
import { after, before, describe, it } from "node:test";
import { eventually, type Script } from "@waybill/testing";
import { adminOf } from "../stack/admin.ts";
import { booksAreRight } from "../stack/books.ts";
import { type OtlpCollector, startOtlpCollector } from "../stack/otlp-collector.ts";
import { type Places, placesOf, readPlaces } from "../stack/places.ts";
import { startStack, type TestStack } from "../stack/start-stack.ts";
import { startTokenIssuer, type TokenIssuer } from "../stack/token-issuer.ts";

const AUDIENCE = "waybill-canary";
const canaries = new Map<string, string>();
/** A text that is only here; `of` says of what. */
function canary(of: string): string {
  const text = `canary-${randomBytes(18).toString("hex")}`;
  canaries.set(of, text);
  return text;
}

const PROVIDERS = ["openai", "anthropic", "gemini", "bedrock", "azure"] as const;
const providerKeys = {
  CANARY_OPENAI: canary("the key of openai"),
  CANARY_ANTHROPIC: canary("the key of anthropic"),
  CANARY_GEMINI: canary("the key of gemini"),
  CANARY_BEDROCK: `AKIDCANARYCANARY:${canary("the secret of bedrock")}`,
  CANARY_AZURE: canary("the key of azure"),
};
const ANSWERS_KEY = randomBytes(32);
canaries.set("the key that answers are sealed with", ANSWERS_KEY.toString("base64"));

const said = {
  system: canary("a system prompt"),
  user: canary("a prompt"),
  image: Buffer.from(canary("the bytes of a picture")).toString("base64"),
  arguments: canary("arguments of an earlier call"),
  result: canary("the result of a tool"),
  description: canary("the description of a tool"),
  answer: canary("an answer"),
  calls: canary("arguments of a call that was answered"),
  thought: canary("an unknown field"),
};

const waybillYaml = (scriptedUrl: string): string => {
  const origin = scriptedUrl.replace(/\/v1$/, "");
  const price = 'price: {input: "0.001", output: "0.001"}';
  const provider = (id: string, dialect: string, baseUrl: string, more = ""): string => {
    const names = ["good", "bad"].map(
      (use) => `{name: scripted-${id}-${use}, contextWindowTokens: 1000000, maxOutputTokens: 4096, ${price}}`,
    );
    if (id === "openai") {
      for (const use of ["vectors-good", "vectors-bad"]) {
        const limits = 'contextWindowTokens: 8192, capabilities: [embeddings], price: {input: "0.001"}';
        names.push(`{name: scripted-${id}-${use}, ${limits}}`);
      }
    }
    const key = `CANARY_${id.toUpperCase()}`;
    return `  - {id: ${id}, dialect: ${dialect}, baseUrl: "${baseUrl}", keyVariable: ${key}, allowPrivateAddress: true, ${more}models: [${names.join(", ")}]}`;
  };
  return [
    "providers:",
    provider("openai", "openai", scriptedUrl),
    provider("anthropic", "anthropic", scriptedUrl),
    provider("gemini", "gemini", `${origin}/v1beta`),
    provider("bedrock", "bedrock", origin, "region: eu-central-1, "),
    provider("azure", "azure-openai", origin),
    "aliases: {better: openai/scripted-openai-good, cheaper: openai/scripted-openai-good}",
  ].join("\n");
};

/** What the token may use. */
const modelsOf = (provider: string): string[] =>
  ["good", "bad", "vectors-good", "vectors-bad"].map((use) => `${provider}/scripted-${provider}-${use}`);

const name = "look_up";
const parameters = { type: "object", properties: { word: { type: "string" } } };
const given = { word: said.arguments };

/** One conversation with everything in it, as each surface says it. */
const BODIES: Readonly<Record<string, (model: string, stream: boolean) => object>> = {
  "/v1/chat/completions": (model, stream) => ({
    ...{ model, stream, max_tokens: 100, x_canary: said.thought },
    tools: [{ type: "function", function: { name, description: said.description, parameters } }],
    messages: [
      { role: "system", content: said.system },
      {
        role: "user",
        content: [
          { type: "text", text: said.user },
          { type: "image_url", image_url: { url: `data:image/png;base64,${said.image}` } },
        ],
      },
      {
        role: "assistant",
        content: null,
        tool_calls: [{ id: "call_1", type: "function", function: { name, arguments: JSON.stringify(given) } }],
      },
      { role: "tool", tool_call_id: "call_1", content: said.result },
    ],
  }),
  "/v1/messages": (model, stream) => ({
    ...{ model, stream, max_tokens: 100, x_canary: said.thought, system: said.system },
    tools: [{ name, description: said.description, input_schema: parameters }],
    messages: [
      {
        role: "user",
        content: [
          { type: "text", text: said.user },
          { type: "image", source: { type: "base64", media_type: "image/png", data: said.image } },
        ],
      },
      { role: "assistant", content: [{ type: "tool_use", id: "call_1", name, input: given }] },
      { role: "user", content: [{ type: "tool_result", tool_use_id: "call_1", content: said.result }] },
    ],
  }),
  "/v1/responses": (model, stream) => ({
    ...{ model, stream, max_output_tokens: 100, x_canary: said.thought, instructions: said.system, store: false },
    tools: [{ type: "function", name, description: said.description, parameters, strict: false }],
    input: [
      {
        role: "user",
        content: [
          { type: "input_text", text: said.user },
          { type: "input_image", detail: "auto", image_url: `data:image/png;base64,${said.image}` },
        ],
      },
      { type: "function_call", call_id: "call_1", name, arguments: JSON.stringify(given) },
      { type: "function_call_output", call_id: "call_1", output: said.result },
    ],
  }),
  "/v1/completions": (model, stream) => ({
    ...{ model, stream, max_tokens: 100, x_canary: said.thought, prompt: said.user },
  }),
  "/v1/embeddings": (model) => ({ model, x_canary: said.thought, input: [said.user, said.system] }),
};
/** Embeddings are served by OpenAI's format alone. */
const providersOf = (path: string): readonly (typeof PROVIDERS)[number][] =>
  path === "/v1/embeddings" ? ["openai"] : PROVIDERS;
const streamsOf = (path: string): readonly boolean[] => (path === "/v1/embeddings" ? [false] : [false, true]);
const nameOf = (path: string, provider: string, use: "good" | "bad"): string =>
  `scripted-${provider}-${path === "/v1/embeddings" ? "vectors-" : ""}${use}`;

const TEXT: Script = { text: `${said.answer} and more words, so that it takes some pieces`, chunks: 5 };
const GOOD: Script = { ...TEXT, toolCalls: [{ name, arguments: JSON.stringify({ word: said.calls }) }] };
/** What a model says where the path has a place for it. */
const ANSWERS: Readonly<Record<string, { script: Script; shows: readonly string[] }>> = {
  "/v1/completions": { script: TEXT, shows: [said.answer] },
  "/v1/embeddings": { script: {}, shows: ["embedding"] },
};
const BOTH = { script: GOOD, shows: [said.answer, said.calls] };
/** What a provider says when it refuses: it quotes its own key, and what it was asked. */
const refusal = (key: string): string =>
  JSON.stringify({ error: { message: `${key} ${said.user} ${key} ${said.answer}`, type: "x", code: "x" } });
/** The same, so long that it is cut within the key. */
const longRefusal = (key: string): string =>
  JSON.stringify({ error: { message: `${"a".repeat(500 - key.length + 2)}${key}`, type: "x", code: "x" } });
const badScripts = (key: string): readonly Script[] => [
  ...[400, 401, 500].map((status): Script => ({ fault: { kind: "status", status, body: refusal(key) } })),
  { fault: { kind: "status", status: 400, body: longRefusal(key) } },
  { ...GOOD, fault: { kind: "cut_after", chunk: 2 } },
  { ...GOOD, fault: { kind: "malformed_json", chunk: 1 } },
];

let stack: TestStack;
let collector: OtlpCollector;
let issuer: TokenIssuer;
/** What lets in: two keys and a token. */
let credentials: string[];
let places: Places;
const requestIds: string[] = [];
let kept = 0;

before(async () => {
  [collector, issuer] = [await startOtlpCollector(), await startTokenIssuer(AUDIENCE)];
  stack = await startStack({
    waybillYaml,
    replicas: { console: 1 },
    env: {
      // The most talkative level: what is not said there is said nowhere.
      all: { WAYBILL_LOG_LEVEL: "debug", ...collector.settings },
      worker: providerKeys,
      ingress: {
        WAYBILL_OIDC_ISSUER: issuer.url,
        WAYBILL_OIDC_AUDIENCE: AUDIENCE,
        WAYBILL_OIDC_CLAIMS: "organisation='acme',team=team,user=sub,models=models",
        WAYBILL_ANSWERS_STORAGE: "file",
        WAYBILL_ANSWERS_KEY: ANSWERS_KEY.toString("base64"),
      },
    },
  });
  const token = issuer.token({
    sub: "ada",
    team: "support",
    models: PROVIDERS.flatMap(modelsOf),
    secret: canary("a claim of a token"),
  });
  canaries.set("the signature of a token", token.split(".")[2] ?? "");
  canaries.set("the claims of a token", token.split(".")[1] ?? "");
  const issued = await issueKeys();
  credentials = [stack.keys.support_1 ?? "", ...issued, stack.keys.support_2 ?? "", token];
  for (const [of, key] of Object.entries(stack.keys)) canaries.set(`the key ${of}`, key.split("_").slice(2).join("_"));
  for (const { name: of, settings } of stack.plan.services) {
    for (const [setting, value] of Object.entries(settings)) {
      if (/^(NATS_PASSWORD|WAYBILL_SERVICE_TOKEN)$/.test(setting)) canaries.set(`${setting} of ${of}`, value);
      if (setting === "DATABASE_URL") canaries.set(`the database password of ${of}`, new URL(value).password);
    }
  }
});
after(async () => {
  collector.stop();
  issuer.stop();
  await stack[Symbol.asyncDispose]();
});

/** Keys that the admin API makes and rotates: each secret is in the answer that makes it and nowhere else. The virtual ones. */
async function issueKeys(): Promise<string[]> {
  const admin = adminOf(stack);
  const issued: string[] = [];
  for (const [path, body] of [
    ["/api/v1/keys", { userId: "ada", name: "canary" }],
    ["/api/v1/admin-keys", { name: "canary", role: "viewer" }],
  ] as const) {
    const made = (await admin("POST", `${path}?organisation=acme`, body)).body;
    const id = (made.key ?? made.adminKey).id;
    const rotated = (await admin("POST", `${path}/${id}/rotate`, { overlapSeconds: 600 })).body;
    for (const [of, { secretKey }] of Object.entries({ made, rotated })) {
      canaries.set(`the secret of ${path} that was ${of}`, secretKey.split("_").slice(2).join("_"));
      issued.push(secretKey);
      // Both are shown to what checks them.
      if (path.includes("admin"))
        assert.equal((await adminOf(stack, secretKey)("GET", path.replace("admin-", ""))).status, 200);
    }
  }
  return issued.filter((key) => key.startsWith("wb_"));
}

interface Sent {
  key: string;
  body: string;
  once?: string;
  headers?: Record<string, string>;
}

async function send(path: string, { key, body, once, headers = {} }: Sent): Promise<{ status: number; text: string }> {
  const answer = await fetch(stack.url + path, {
    method: "POST",
    headers: {
      "content-type": "application/json",
      // Of those that nobody traces only a share is.
      traceparent: `00-${randomBytes(16).toString("hex")}-${randomBytes(8).toString("hex")}-01`,
      ...(path === "/v1/messages" && !key.includes(".") ? { "x-api-key": key } : { authorization: `Bearer ${key}` }),
      ...(once !== undefined && { "idempotency-key": once }),
      ...headers,
    },
    body,
  });
  requestIds.push(answer.headers.get("x-request-id") ?? "");
  // A stream that is cut may end with its connection.
  const text = await answer.text().catch(() => "");
  return { status: answer.status, text };
}

describe("what is said", () => {
  for (const path of Object.keys(BODIES)) {
    for (const provider of providersOf(path)) {
      for (const stream of streamsOf(path)) {
        it(`${path} at ${provider}, ${stream ? "streamed" : "plain"}: it is answered, kept, and answered again`, async () => {
          const { script, shows } = ANSWERS[path] ?? BOTH;
          const good = nameOf(path, provider, "good");
          stack.provider.setForModel(good, script);
          const body = JSON.stringify(BODIES[path]?.(`${provider}/${good}`, stream));
          const once = randomUUID();
          const sent = { key: credentials[kept % credentials.length] ?? "", body, once };
          kept += 1;
          const { status, text } = await send(path, sent);
          assert.equal(status, 200, text);
          // The words may be spread over several events.
          assert.ok(stream || shows.every((shown) => text.includes(shown)), text);
          assert.deepEqual(await send(path, sent), { status, text });
        });
      }

      it(`${path} at ${provider}, failing in every way: no key of a provider's comes out`, async () => {
        const secret = providerKeys[`CANARY_${provider.toUpperCase()}` as keyof typeof providerKeys].split(":").at(-1);
        assert.ok(secret);
        for (const script of badScripts(secret)) {
          const bad = nameOf(path, provider, "bad");
          stack.provider.setForModel(bad, script);
          for (const stream of streamsOf(path)) {
            const body = JSON.stringify(BODIES[path]?.(`${provider}/${bad}`, stream));
            const { text } = await send(path, { key: stack.keys.support_1 ?? "", body });
            assert.ok(!text.includes(secret.slice(0, -2)), text);
          }
        }
      });
    }

    it(`${path}, refused at the door`, async () => {
      const whole = JSON.stringify(BODIES[path]?.(`openai/${nameOf(path, "openai", "good")}`, false));
      const key = stack.keys.support_1 ?? "";
      const wrong = `wb_0123456789abcdef_${canary("a key that nobody has")}`;
      const stale = `${credentials.at(-1)?.slice(0, -8)}AAAAAAAA`;
      for (const sent of [
        ...[wrong, `sk-${canary("a key of somebody else's")}`, stale].map((bad) => ({ key: bad, body: whole })),
        { key, body: whole.slice(0, -1) },
        { key, body: whole.replace("{", `{"${canary("a field's name")}":1,"model":"x",`) },
        { key, body: whole.replace(/"model":"[^"]*"/, '"model":"openai/nothing"') },
        { key, body: whole.replace("{", `{"routing_config":{"mode":"${canary("a mode")}"},`) },
        { key, body: whole, headers: { "x-waybill-metadata": `{"a":${canary("broken metadata")}` } },
        { key, body: whole, once: `${canary("an Idempotency-Key with a space")} x` },
      ]) {
        const { status } = await send(path, sent);
        assert.ok(status >= 400 && status < 500, `${status}`);
      }
    });
  }

  it("to the console: keys and bodies that are refused", async () => {
    const wrong = `wba_0123456789abcdef_${canary("an admin key that nobody has")}`;
    assert.equal((await adminOf(stack, wrong)("GET", "/api/v1/routes")).status, 401);
    const body = { name: "x", document: { nodes: [{ id: "a", kind: canary("a kind of node") }] } };
    assert.equal((await adminOf(stack)("POST", "/api/v1/routes", body)).status, 400);
    assert.equal((await adminOf(stack)("POST", "/api/v1/routes", `{"a":"${canary("broken JSON")}`)).status, 400);
  });
});

describe("what is left behind", () => {
  it("is all there: every call is on the books, and the answers are on NATS's disk", async () => {
    await booksAreRight(stack, { attempts: stack.provider.log.entries().length });
    const last = requestIds.at(-1) ?? "";
    await eventually(async () => placesOf(await readPlaces(stack, collector), last).length > 0, {
      timeoutMs: 10_000,
      intervalMs: 250,
      reason: "the last request is in a log",
    });
    places = await readPlaces(stack, collector);
    const [first = ""] = requestIds;
    const found = placesOf(places, first).map((place) => place.split(/[/ ]/)[0]);
    for (const kind of ["stack", "nats", "postgres", "table", "traces"]) {
      assert.ok(found.includes(kind), `a request's id is not found in ${kind}, so nothing would be`);
    }
    const answers = [...places.keys()].filter((place) => /^nats\/.*waybill_answers\/.*\.blk$/.test(place));
    assert.ok(answers.length > 0, "answers are on the disk");
    const bytes = answers.reduce((sum, place) => sum + (places.get(place)?.length ?? 0), 0);
    assert.ok(bytes > kept * said.answer.length, `${bytes} bytes of answers`);
    assert.ok(places.has("metrics of ingress 0") && places.has("stack/postgres.log"));
  });

  it("holds no secret and no word of what was said, in whatever form", () => {
    const found = [...canaries].flatMap(([of, text]) => placesOf(places, text).map((place) => `${of} in ${place}`));
    assert.deepEqual(found, []);
  });

  it("the search finds a text as it is, in JSON, in hexadecimal and within base64", () => {
    const text = 'a "quoted" text that is long enough';
    const forms = [
      text,
      JSON.stringify({ text }),
      Buffer.from(text).toString("hex"),
      ...["", "x", "xy"].map((start) => Buffer.from(`${start}${text} and more`).toString("base64")),
    ];
    for (const form of forms)
      assert.deepEqual(placesOf(new Map([["a place", Buffer.from(`… ${form} …`)]]), text), ["a place"]);
    assert.deepEqual(placesOf(new Map([["a place", Buffer.from("something else")]]), text), []);
  });
});
