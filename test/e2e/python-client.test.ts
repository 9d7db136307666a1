// OpenAI's official Python client, unmodified, against the whole of Waybill: chat, stream, embeddings, completions and models. Skipped with
// its reason where there is no Python, or no package index to install the client from.
import assert from "node:assert/strict";
import { execFile } from "node:child_process";
import { join } from "node:path";
import { after, before, describe, it } from "node:test";
import { promisify } from "node:util";
import { makeTestFolder, scriptedVector, type TestFolder } from "@waybill/testing";
import { booksAreRight } from "../stack/books.ts";
import { startStack, type TestStack } from "../stack/start-stack.ts";

const run = promisify(execFile);
const CLIENT = "openai==3.57.0";
const INSTALL_MS_MAX = 180_000;
const ASK_MS_MAX = 60_000;

const yaml = (url: string): string => `
providers:
  - id: own
    dialect: openai-compatible
    baseUrl: ${url}
    allowPrivateAddress: true
    models:
      - {name: scripted-1, contextWindowTokens: 100000, maxOutputTokens: 4096, price: {input: "1", output: "4"}}
      - {name: scripted-e, contextWindowTokens: 8192, capabilities: [embeddings], price: {input: "1"}}
`;

/** Asks for everything once and prints what it got as one JSON text. */
const PROGRAM = `
import json, openai
client = openai.OpenAI(max_retries=0)
messages = [{"role": "user", "content": "hi"}]
said = {}
chat = client.chat.completions.create(model="own/scripted-1", messages=messages)
said["chat"] = [chat.choices[0].message.content, chat.usage.completion_tokens]
stream = client.chat.completions.create(
    model="own/scripted-1", messages=messages, stream=True, stream_options={"include_usage": True})
chunks = list(stream)
said["stream"] = ["".join(c.choices[0].delta.content or "" for c in chunks if c.choices), chunks[-1].usage.prompt_tokens]
said["embeddings"] = client.embeddings.create(model="own/scripted-e", input=["a"], dimensions=4).data[0].embedding
said["completion"] = client.completions.create(model="own/scripted-1", prompt="hi").choices[0].text
said["models"] = sorted(m.id for m in client.models.list() if m.id.startswith("own/"))
said["model"] = client.models.retrieve("own/scripted-e").id
try:
    client.embeddings.create(model="own/scripted-1", input="a")
except openai.BadRequestError as error:
    said["refused"] = error.code
try:
    client.models.retrieve("own/nothing")
except openai.NotFoundError as error:
    said["missing"] = error.code
print(json.dumps(said))
`;

const folder = await makeTestFolder("python");
const python = await installed(folder);

/** The path of a Python that has the client, or why there is none. */
async function installed({ path }: TestFolder): Promise<{ program: string } | { missing: string }> {
  const bin = join(path, "venv", "bin");
  try {
    await run("python3", ["-m", "venv", join(path, "venv")], { timeout: INSTALL_MS_MAX });
    const options = ["--quiet", "--disable-pip-version-check", "--retries", "1", "--timeout", "15"];
    await run(join(bin, "pip"), ["install", ...options, CLIENT], { timeout: INSTALL_MS_MAX });
    return { program: join(bin, "python") };
  } catch (error) {
    const [reason] = String(error).split("\n").slice(-1);
    return { missing: `${CLIENT} cannot be installed here: ${String(reason).slice(0, 200)}` };
  }
}

after(() => folder.remove());

describe("OpenAI's Python client", { skip: "missing" in python ? python.missing : false }, () => {
  let stack: TestStack;
  before(async () => {
    stack = await startStack({ waybillYaml: yaml });
  });
  after(() => stack[Symbol.asyncDispose]());

  it("chats, streams, embeds, continues a prompt and lists models, and hears errors as its own", async () => {
    assert.ok("program" in python);
    stack.provider.setForModel("scripted-1", { text: "hello wörld", chunks: 3, inputTokens: 9, outputTokens: 4 });
    const env = { PATH: process.env.PATH, OPENAI_BASE_URL: `${stack.url}/v1`, OPENAI_API_KEY: stack.keys.support_1 };
    const { stdout } = await run(python.program, ["-c", PROGRAM], { env, timeout: ASK_MS_MAX });
    const { embeddings, ...said } = JSON.parse(stdout) as { embeddings: number[] };
    assert.deepEqual([...Float32Array.from(embeddings)], [...scriptedVector("a", 4)]);
    assert.deepEqual(said, {
      chat: ["hello wörld", 4],
      stream: ["hello wörld", 9],
      completion: "hello wörld",
      models: ["own/scripted-1", "own/scripted-e"],
      model: "own/scripted-e",
      refused: "invalid_value",
      missing: "model_not_found",
    });
    await booksAreRight(stack, { attempts: 4 });
  });
});
