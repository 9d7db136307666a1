// The command `waybill` as people and pipelines run it, on a whole stack: routes in git from pull to roll-back, what a plan says of recent
// requests, explanations, and how every command ends.
import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { mkdir, readdir, readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { after, before, describe, it } from "node:test";
import { eventually, freePort, makeTestFolder, type TestFolder } from "@waybill/testing";
import { adminOf, routeTo } from "../stack/admin.ts";
import { openaiClient } from "../stack/ask.ts";
import { ROOT } from "../stack/launcher.ts";
import { type Ran, runCli } from "../stack/run-cli.ts";
import { startStack, type TestStack } from "../stack/start-stack.ts";

const ROUTE_FILE = "routes/chat.json";

let stack: TestStack;
let folder: TestFolder;
let env: Record<string, string>;
before(async () => {
  [stack, folder] = await Promise.all([startStack({ replicas: { console: 1 } }), makeTestFolder("cli")]);
  env = { WAYBILL_ADMIN_URL: stack.adminUrl, WAYBILL_ADMIN_KEY: stack.keys.admin ?? "" };
  // The demo's own route: the tests below have theirs.
  await adminOf(stack)("DELETE", "/api/v1/routes/support");
  const document = routeTo("scripted/scripted-1");
  await adminOf(stack)("POST", "/api/v1/routes", { name: "chat", document, reason: "begin", deploy: true });
});
after(async () => {
  await stack[Symbol.asyncDispose]();
  await folder.remove();
});

/** Runs it in the test's folder. */
const runWith = (settings: Record<string, string>, ...args: string[]): Promise<Ran> =>
  runCli({ settings, folder: folder.path }, ...args);

/** A run that must end as `code` says. */
async function waybill(code: number, ...args: string[]): Promise<Ran> {
  const ran = await runWith(env, ...args);
  assert.equal(ran.code, code, `waybill ${args.join(" ")}\n${ran.stdout}${ran.stderr}`);
  return ran;
}

/** A run that must succeed; what it said as JSON. */
// biome-ignore lint/suspicious/noExplicitAny: what is there is what the test says
async function json(...args: string[]): Promise<any> {
  return JSON.parse((await waybill(0, ...args, "--json")).stdout);
}

const read = (path: string): Promise<string> => readFile(join(folder.path, path), "utf8");
const write = (path: string, content: unknown): Promise<void> =>
  writeFile(join(folder.path, path), typeof content === "string" ? content : JSON.stringify(content));

/** What the official client gets from a route: the model, and the request's id. */
async function askRoute(name: string): Promise<{ model: string | null; requestId: string }> {
  const messages = [{ role: "user" as const, content: "hello" }];
  const { response } = await openaiClient(stack)
    .chat.completions.create({ model: `dynamic/${name}`, messages })
    .withResponse();
  return {
    model: response.headers.get("x-waybill-model"),
    requestId: response.headers.get("x-request-id") ?? "",
  };
}

const isServedBy = (name: string, model: string): Promise<unknown> =>
  eventually(async () => (await askRoute(name)).model === model, { timeoutMs: 1_000, reason: `${name} is ${model}` });

describe("routes in git", () => {
  it("are listed, and pulled once: a second pull writes nothing, and a plan finds them the same", async () => {
    assert.match((await waybill(0, "routes", "list")).stdout, /^route +in service +latest +since\nchat +1 +1 +2/);
    assert.deepEqual(
      (await json("routes", "list")).routes.map(({ name }: { name: string }) => name),
      ["chat"],
    );
    assert.equal((await waybill(0, "routes", "pull")).stdout, `${ROUTE_FILE}\n1 of 1 files written to routes\n`);
    assert.match(await read(ROUTE_FILE), /^ {4}\{ "id": "model", "kind": "model", .*"model": "scripted\/scripted-1"/m);
    assert.equal((await waybill(0, "routes", "pull")).stdout, "0 of 1 files written to routes\n");
    assert.equal((await waybill(0, "routes", "plan", "--exit-code")).stdout, "same: chat\n");
    assert.match(
      (await waybill(1, "routes", "pull", "nobody")).stderr,
      /there is no route nobody; see `waybill routes/,
    );
  });

  it("in another format that mean the same are kept", async () => {
    await mkdir(join(folder.path, "yaml"));
    const nodes = routeTo("scripted/scripted-1").nodes.map((node) => `  - ${JSON.stringify(node)}`);
    await write("yaml/chat.yaml", `nodes: # by hand\n${nodes.join("\n")}\n`);
    assert.equal((await waybill(0, "routes", "pull", "--dir", "yaml")).stdout, "0 of 1 files written to yaml\n");
    assert.equal((await waybill(0, "routes", "plan", "yaml")).stdout, "same: chat\n");
    await write("yaml/chat.yaml", `nodes:\n${nodes.join("\n").replace("scripted-1", "scripted-2")}\n`);
    assert.match((await waybill(1, "routes", "pull", "--dir", "yaml")).stderr, /not overwritten.*yaml\/chat\.yaml/);
    assert.deepEqual(await readdir(join(folder.path, "yaml")), ["chat.yaml"]);
  });

  it("are planned with what recent requests would have done and cost, by team", async () => {
    await write(ROUTE_FILE, (await read(ROUTE_FILE)).replace("scripted-1", "scripted-2"));
    const quick = await waybill(3, "routes", "plan", "--exit-code", "--hours", "0");
    assert.match(quick.stdout, /^chat \(routes\/chat\.json\): changed\n {2}~ model\.model: .*1 -> .*2\n$/);
    assert.match((await waybill(0, "routes", "plan")).stdout, /no decision of this route is recorded/);

    await askRoute("chat");
    await askRoute("chat");
    let backtest: Record<string, unknown> = {};
    await eventually(
      async () => {
        ({ backtest } = (await json("routes", "plan", "--hours", "1")).routes[0]);
        return backtest.requestCount === 2 && Number(backtest.actualUsd) > 0 && backtest.notes?.toString() === "";
      },
      { timeoutMs: 15_000, reason: "both requests and their costs are known" },
    );
    assert.deepEqual([backtest.changedCount, backtest.refusedCount], [2, 0]);
    // The second model costs twice as much, whatever the tokens.
    assert.equal(Number(backtest.thenUsd), 2 * Number(backtest.actualUsd));
    assert.deepEqual(backtest.byModel, [{ from: "scripted/scripted-1", to: "scripted/scripted-2", requestCount: 2 }]);
    const { stdout, stderr } = await waybill(0, "routes", "plan");
    assert.match(stdout, /2 requests from \S+ to \S+: 2 would change model, 0 would be refused/);
    assert.match(stdout, /^ {2}Customer support +2 +2 +\$0\.\d+ +\$0\.\d+$/m);
    assert.match(stderr, /^chat: running the requests of the last 24 h again/);
  });

  it("become drafts, then what is in service, and doing it twice changes nothing", async () => {
    assert.equal((await waybill(0, "routes", "apply", "--reason", "dearer")).stdout, "chat@2 is saved\n");
    assert.equal((await waybill(0, "routes", "apply", "--reason", "dearer")).stdout, "nothing to change\n");
    assert.equal((await askRoute("chat")).model, "scripted-1", "a draft serves nobody");
    assert.match(
      (await waybill(3, "routes", "plan", "--exit-code")).stdout,
      /saved as version 2; version 1 is in serv/,
    );
    const { applied } = await json("routes", "apply", "--deploy", "--reason", "go");
    assert.deepEqual(applied, [{ name: "chat", version: 2, isNewVersion: false, isInService: true }]);
    await isServedBy("chat", "scripted-2");
    assert.deepEqual(await json("routes", "apply", "--deploy", "--reason", "go"), { applied: [] });
    assert.equal((await json("routes", "versions", "chat")).versions[0].reason, "dearer");
    assert.match(
      (await waybill(0, "routes", "diff", "chat", "--from", "1")).stdout,
      /^chat@1 -> chat@2\n~ model\.model/,
    );
    assert.match((await waybill(0, "routes", "show", "chat", "--version", "1")).stdout, /scripted-1/);
  });

  it("are rolled back, after which a plan says what the files would change", async () => {
    assert.equal(
      (await waybill(0, "routes", "rollback", "chat", "--reason", "worse")).stdout,
      "chat@1 is in service again\n",
    );
    await isServedBy("chat", "scripted-1");
    assert.match((await waybill(0, "routes", "plan", "--hours", "0")).stdout, /saved as version 2; version 1 is in/);
    assert.equal((await waybill(0, "routes", "pull")).stdout, `${ROUTE_FILE}\n1 of 1 files written to routes\n`);
    assert.equal((await waybill(0, "routes", "plan", "--exit-code")).stdout, "same: chat\n");
    assert.equal((await waybill(0, "routes", "deploy", "chat", "--reason", "again")).stdout, "chat@2 is in service\n");
    await waybill(0, "routes", "deploy", "chat", "1", "--reason", "no");
    await isServedBy("chat", "scripted-1");
  });

  it("are all applied or none, with each problem at its file, node and field", async () => {
    await mkdir(join(folder.path, "broken"));
    await write("broken/good.json", routeTo("scripted/scripted-1"));
    await write("broken/bad.json", routeTo("scripted/nobody"));
    await write("broken/worse.yaml", "{ unclosed");
    await write("broken/x-large.json", { ...routeTo("scripted/scripted-1"), about: "x".repeat(2 * 1024 * 1024) });
    const refused = await waybill(4, "routes", "apply", "broken", "--reason", "x");
    assert.match(refused.stderr, /^waybill: nothing was applied[^\n]*\nbroken\/bad\.json: model: model: .*nobody/);
    assert.match(refused.stderr, /broken\/worse\.yaml: is not YAML/);
    const said = JSON.parse((await waybill(4, "routes", "apply", "broken", "--reason", "x", "--json")).stderr);
    assert.deepEqual([said.error.exitCode, said.error.problems[0].path], [4, "broken/bad.json"]);
    assert.deepEqual((await json("routes", "list")).routes.length, 1);
    assert.match(
      (await waybill(4, "routes", "plan", "broken")).stdout,
      /bad .*: has problems(?:.*\n)*only on the server.*chat/,
    );
    assert.match(
      (await waybill(4, "routes", "check", "broken")).stdout,
      /broken\/x-large\.json: .*\n4 files, 3 problems\n$/,
    );
    assert.match((await waybill(0, "routes", "check", "broken/good.json")).stdout, /1 file, 0 problems/);
  });

  it("come from other shapes and go out as they came; what is only on the server goes only by delete", async () => {
    const text = `{"name":"seeded","nodes":{"start":{"type":"start"},"m":{"type":"model","provider":"scripted","model":"scripted-1"},
      "end":{"type":"end"}},"edges":[{"from":"start","to":"m"},{"from":"m","to":"end"}]}`;
    await write("seed.json", text);
    assert.match(
      (await waybill(0, "routes", "import", "seed.json", "--dry-run")).stdout,
      /"model": "scripted\/scripted-1"/,
    );
    assert.equal((await waybill(0, "routes", "import", "seed.json", "--deploy")).stdout, "seeded@1 is in service\n");
    await isServedBy("seeded", "scripted-1");
    const again = ["routes", "import", "seed.json", "--name", "seeded", "--shape", "seed"];
    assert.equal((await waybill(0, ...again)).stdout, "seeded@2 is saved\n");
    assert.equal((await waybill(0, "routes", "export", "seeded", "--shape", "seed")).stdout.trim(), text);
    assert.match(
      (await waybill(0, "routes", "export", "seeded", "--shape", "cloudflare")).stdout,
      /"elements"|"outputs"/,
    );
    assert.match((await waybill(0, "routes", "plan", "--hours", "0")).stdout, /only on the server, left alone: seeded/);
    assert.equal((await waybill(0, "routes", "apply", "--reason", "x")).stdout, "nothing to change\n");
    assert.equal((await waybill(0, "routes", "delete", "seeded", "--reason", "over")).stdout, "seeded is gone\n");
    assert.equal((await json("routes", "list")).routes.length, 1);
  });
});

describe("why a request went where it went", () => {
  it("is simulated on what is in service, on a version, on a model's name and on a file", async () => {
    const calls = stack.provider.log.entries(0).length;
    assert.match((await waybill(0, "routes", "simulate", "chat")).stdout, /^route +chat@1\npath +start → model/);
    assert.equal((await json("routes", "simulate", "chat@2")).model, "scripted/scripted-2");
    assert.equal((await json("routes", "simulate", "scripted/scripted-2")).route, null);
    const branch = {
      id: "plan",
      kind: "if",
      condition: 'metadata.user_plan == "paid" && caller.team_id == "research"',
    };
    await write("routes/plans.json", {
      nodes: [
        { id: "start", kind: "start", next: "plan" },
        { ...branch, whenTrue: "dear", whenFalse: "cheap" },
        { id: "dear", kind: "model", model: "scripted/scripted-2", next: "end" },
        { id: "cheap", kind: "model", model: "scripted/scripted-1", next: "end" },
        { id: "end", kind: "end" },
      ],
    });
    const simulate = async (...args: string[]) =>
      (await json("routes", "simulate", "routes/plans.json", "--team", "research", ...args)).model;
    assert.equal(await simulate("--metadata", "user_plan=paid", "--tools", "--stream"), "scripted/scripted-2");
    assert.equal(await simulate("--header", "x-user-plan=paid", "--input-tokens", "2000"), "scripted/scripted-2");
    assert.equal(await simulate("--metadata", "user_plan=free", "--session", "s", "--images"), "scripted/scripted-1");
    assert.equal(stack.provider.log.entries(0).length, calls, "nothing was sent");
  });

  it("is explained from its record with what it cost, and a replay says the same", async () => {
    const { requestId } = await askRoute("chat");
    let text = "";
    await eventually(
      async () => {
        ({ stdout: text } = await runWith(env, "routes", "explain", requestId, "--replay"));
        return /^cost +\$0\.\d+, success$/m.test(text);
      },
      { timeoutMs: 15_000, reason: "the decision and its cost are known" },
    );
    assert.match(
      text,
      new RegExp(`^request +${requestId}, attempt 1\nwhen +2\\S+, decided in \\d+ µs\nwho +Acme|acme`),
    );
    assert.match(text, /^route +chat@1\npath +start → model/m);
    assert.match(text, /^model +scripted\/scripted-1$/m);
    assert.match(text, /^held +\$0\.\d+/m);
    assert.match(text, /^replay +the same explanation, byte for byte$/m);
    assert.match(
      text,
      /^candidate +node +quality +expected USD +in band +rejected because\nscripted\/scripted-1 +model/m,
    );
    const detail = await json("routes", "explain", requestId, "--replay");
    assert.deepEqual([detail.requestId, detail.replays[0].same, detail.replays[0].attempt], [requestId, true, 1]);
    const { decisions } = await json("decisions", "list", "--route", "chat", "--since", "1h", "--team", "support");
    assert.ok(decisions.some((decision: { requestId: string }) => decision.requestId === requestId));
    assert.equal((await waybill(0, "decisions", "list", "--refusal", "any")).stdout, "(none)\n");
    assert.match((await waybill(1, "routes", "explain", "01a2147d-1ad7")).stderr, /x-request-id/);
  });
});

describe("what else there is", () => {
  it("is listed for people and as JSON", async () => {
    assert.match((await waybill(0, "models", "list")).stdout, /^scripted\/scripted-2 +yes +16000000 +2 +8 /m);
    assert.equal((await json("models", "list")).models.length > 1, true);
    assert.match((await waybill(0, "teams", "list")).stdout, /^acme +support +Customer support/m);
    assert.match((await waybill(0, "budgets", "list")).stdout, /0\.02/);
    assert.ok((await json("presets", "list")).presets.length > 0);
    const [preset] = (await json("presets", "list")).presets;
    assert.deepEqual(
      JSON.parse((await waybill(0, "presets", "show", preset.name)).stdout).nodes.length,
      preset.document.nodes.length,
    );
    assert.match((await waybill(2, "presets", "show", "nobody")).stderr, /see `waybill presets list`/);
    const [entry] = (await json("audit", "--limit", "1")).entries;
    assert.ok(entry.actor.name && entry.action);
  });

  it("is changed: names for models, figures from a list, and keys", async () => {
    await waybill(0, "aliases", "set", "swift", "scripted/scripted-2", "--reason", "quick");
    assert.match((await waybill(0, "aliases", "list")).stdout, /^swift +scripted\/scripted-2$/m);
    assert.match((await waybill(1, "aliases", "set", "swift", "scripted/nobody")).stderr, /^waybill: .*\n?/);
    await waybill(0, "aliases", "remove", "swift");
    const entry = { mode: "chat", litellm_provider: "acme-ai", max_input_tokens: 9_000, input_cost_per_token: 3e-6 };
    await write("prices.json", { "acme-ai/scripted-2": { ...entry, output_cost_per_token: 9e-6 } });
    const imported = ["models", "import", "prices.json", "--format", "litellm", "--provider", "acme-ai=scripted"];
    assert.match((await waybill(0, ...imported, "--dry-run")).stdout, /^scripted\/scripted-2 +\w+/m);
    assert.match((await waybill(0, "models", "list")).stdout, /^scripted\/scripted-2 +yes +16000000 +2 +8 /m);
    await waybill(0, ...imported);
    assert.match((await waybill(0, "models", "list")).stdout, /^scripted\/scripted-2 +yes +\d+ +3 +9 /m);
    const id = stack.keys.research_1?.split("_")[1] ?? "";
    assert.equal((await waybill(0, "keys", "revoke", id, "--reason", "lost")).stdout, `${id} is revoked\n`);
    assert.match((await waybill(0, "keys", "list")).stdout, new RegExp(`^${id} .*revoked 2`, "m"));
    assert.deepEqual((await json("routes", "list", "--organisation", "acme")).routes, []);
  });
});

describe("how it ends", () => {
  it("1 where the API is away, refuses the key or is another server, with what to do", async () => {
    const url = `http://127.0.0.1:${await freePort()}`;
    const away = await runWith({ ...env, WAYBILL_ADMIN_URL: url }, "routes", "list");
    assert.deepEqual([away.code, away.stdout], [1, ""]);
    assert.match(away.stderr, /cannot be reached: .*\nIs the stack running\? `npm start`/);
    const refused = await runWith({ ...env, WAYBILL_ADMIN_KEY: stack.keys.support_1 ?? "" }, "routes", "list");
    assert.equal(refused.code, 1);
    assert.match(refused.stderr, /WAYBILL_ADMIN_KEY must hold an admin key/);
    const gateway = await runWith({ ...env, WAYBILL_ADMIN_URL: stack.url }, "routes", "list", "--json");
    assert.deepEqual([gateway.code, JSON.parse(gateway.stderr).error.exitCode], [1, 1]);
    assert.equal((await waybill(1, "routes", "rollback", "nobody", "--reason", "x")).stdout, "");
  });

  it("2 for what cannot be meant, before anything is asked", async () => {
    for (const args of [
      ["routes"],
      ["routes", "aplly"],
      ["routes", "apply"],
      ["routes", "plan", "--hours", "-1"],
      ["routes", "plan", "nowhere"],
      ["routes", "deploy", "chat", "two", "--reason", "x"],
      ["routes", "simulate", "chat", "--metadata", "plan"],
      ["decisions", "list", "--since", "yesterday"],
      ["models", "import", "prices.json", "--format", "excel", "--provider", "a=b"],
    ]) {
      assert.notEqual((await waybill(2, ...args)).stderr, "", args.join(" "));
      const { stdout, stderr } = await waybill(2, ...args, "--json");
      assert.deepEqual([stdout, JSON.parse(stderr).error.exitCode], ["", 2], args.join(" "));
    }
    const nowhere = await runWith({ WAYBILL_STATE_DIR: folder.path }, "routes", "list");
    assert.deepEqual([nowhere.code, /set WAYBILL_ADMIN_URL and WAYBILL_ADMIN_KEY/.test(nowhere.stderr)], [2, true]);
  });

  it("0 with help that has an example, the exit codes and --json, of every command, without a stack", async () => {
    const helpOf = async (path: string[]): Promise<string> => {
      const { code, stdout } = await runWith({}, ...path, "--help");
      assert.equal(code, 0, path.join(" "));
      return stdout;
    };
    const verbsOf = (help: string): string[] =>
      [...(help.split("\nCommands:\n")[1]?.split("\n\n")[0] ?? "").matchAll(/^ {2}([a-z-]+)/gm)]
        .map(([, name = ""]) => name)
        .filter((name) => name !== "help");
    const nouns = verbsOf(await helpOf([]));
    assert.ok(nouns.length >= 9, nouns.join());
    let verbCount = 0;
    for (const noun of nouns) {
      const help = await helpOf([noun]);
      const verbs = verbsOf(help);
      for (const path of verbs.length === 0 ? [[noun]] : verbs.map((verb) => [noun, verb])) {
        const text = await helpOf(path);
        verbCount += 1;
        assert.ok(text.includes(`\nExample:\n  waybill ${path.join(" ")}`), path.join(" "));
        assert.ok(text.includes("Exit codes: 0 done") && text.includes("--json"), path.join(" "));
      }
    }
    assert.ok(verbCount >= 25, String(verbCount));
  });

  it("takes every command and option that its README shows", async () => {
    const readme = await readFile(join(ROOT, "libs/cli/README.md"), "utf8");
    const shown = [...readme.matchAll(/^ {4}waybill ([a-z-]+)(?: ([a-z]+))?(.*?)(?:#.*)?$/gm)];
    assert.ok(shown.length > 20, String(shown.length));
    const helps = new Map<string, string>();
    for (const [line, noun = "", verb = "", rest = ""] of shown) {
      const path = [noun, verb].filter((part) => part !== "");
      const help = helps.get(path.join(" ")) ?? (await runWith({}, ...path, "--help")).stdout;
      helps.set(path.join(" "), help);
      assert.ok(help.startsWith(`Usage: waybill ${path.join(" ")} `), line);
      for (const [option] of rest.matchAll(/--[a-z-]+/g))
        assert.ok(help.includes(`  ${option} `), `${line}: ${option}`);
    }
  });

  it("finds the stack of the folder it stands in, as `npm run waybill` does", async () => {
    await mkdir(join(folder.path, ".waybill"));
    const lines = Object.entries(env).map(([name, value]) => `${name}=${value}\n`);
    await write(".waybill/dev.env", lines.join(""));
    assert.match((await runWith({}, "routes", "list")).stdout, /^chat +1 /m);
    const child = spawn(process.execPath, [join(ROOT, "deploy/local/bootstrap.mjs"), "waybill", "routes", "plan"], {
      cwd: ROOT,
      env: { PATH: process.env.PATH, WAYBILL_STATE_DIR: join(folder.path, ".waybill"), INIT_CWD: folder.path },
      stdio: ["ignore", "pipe", "inherit"],
    });
    let stdout = "";
    child.stdout.setEncoding("utf8").on("data", (text: string) => {
      stdout += text;
    });
    assert.equal(await new Promise((resolve) => child.once("close", resolve)), 0);
    assert.match(stdout, /plans \(routes\/plans\.json\): new\n {2}\+ 5 nodes\n\nsame: chat/);
  });
});
