// The log of requests on a whole stack: a call is there soon after its answer, is found by anything, and is told in full, by the API and
// the command; and what finance reads has it by then.
import assert from "node:assert/strict";
import { after, before, describe, it } from "node:test";
import { eventually, makeTestFolder, type TestFolder } from "@waybill/testing";
import type { Admin, AdminAnswer } from "../stack/admin.ts";
import { ask } from "../stack/ask.ts";
import { heldAdmin } from "../stack/held-admin.ts";
import { chainOf, modelNode, modelsYaml, RouteUser } from "../stack/routes.ts";
import { type Ran, waybillOf } from "../stack/run-cli.ts";
import { startStack, type TestStack } from "../stack/start-stack.ts";

interface Row {
  requestId: string;
  at: string;
  outcome: string;
  model: string | null;
  costUsd: string | null;
  attempts: number;
  [field: string]: unknown;
}
interface Page {
  requests: Row[];
  nextCursor: string | null;
  searchedUntil: string;
}

/** What is promised is 2 s. A machine that does ten things at once gets more, and what it took is printed. */
const VISIBLE_MS = 10_000;

const LARGE = "scripted/scripted-large";

let stack: TestStack;
let folder: TestFolder;
let routes: RouteUser;
let admin: Admin;

before(async () => {
  const waybillYaml = modelsYaml({ breaks: {}, large: {} });
  [stack, folder] = await Promise.all([
    startStack({ replicas: { console: 1 }, waybillYaml }),
    makeTestFolder("request-log"),
  ]);
  routes = new RouteUser(stack);
  admin = (await heldAdmin(stack)).as();
});
after(async () => {
  await stack[Symbol.asyncDispose]();
  await folder.remove();
});

const waybill = (code: number, ...args: string[]): Promise<Ran> => waybillOf(stack, folder.path)(code, ...args);
const listed = async (...args: string[]): Promise<Page> =>
  JSON.parse((await waybill(0, "requests", "list", ...args, "--json")).stdout) as Page;
const idsOf = ({ requests }: Page): string[] => requests.map(({ requestId }) => requestId);

async function list(query = ""): Promise<Page> {
  const { status, body } = await admin("GET", `/api/v1/requests${query}`);
  assert.equal(status, 200, JSON.stringify(body));
  return body;
}

/** Sends it; the id of the request, once the log has it on the books. */
async function send(options: Parameters<typeof ask>[1]): Promise<string> {
  const answer = await ask(stack, options);
  await answer.text();
  const id = answer.headers.get("x-request-id") ?? "";
  await eventually(
    async () => (await list()).requests.some((row) => row.requestId === id && row.outcome !== "pending"),
    {
      ...{ timeoutMs: VISIBLE_MS, intervalMs: 50, reason: "the log has it" },
    },
  );
  return id;
}

describe("the log of requests", () => {
  it("has a call soon after its answer, as do finance's views", async () => {
    const answer = await ask(stack, { model: LARGE });
    assert.equal(answer.status, 200, await answer.text());
    const answeredAtMs = performance.now();
    const id = answer.headers.get("x-request-id") ?? "";
    const took: Record<string, number> = {};
    const seen = async (where: string, look: () => Promise<boolean>): Promise<void> => {
      await eventually(look, { timeoutMs: VISIBLE_MS, intervalMs: 20, reason: `${where} has it` });
      took[where] = Math.round(performance.now() - answeredAtMs);
    };
    const isListed = async (): Promise<boolean> => {
      return (await list()).requests.some(({ requestId, outcome }) => requestId === id && outcome === "success");
    };
    const isSummed = async (): Promise<boolean> =>
      (await stack.sql("SELECT 1 FROM finance.cost_by_day WHERE requests > 0")).length > 0;
    await Promise.all([seen("the log", isListed), seen("finance", isSummed)]);
    console.log(`visible after the answer: the log ${took["the log"]} ms, finance ${took.finance} ms`);
  });

  it("tells of each attempt: who asked, where it went and why, tokens, cost and times", async () => {
    await routes.makeRoute("chain", chainOf(modelNode("breaks", { fallbackOn: ["error"] }), "large"));
    const headers = { "x-waybill-session-id": "talk-1", "x-user-id": "customer-7" };
    const script = [{ fault: { kind: "status" as const, status: 500 } }, { inputTokens: 100, outputTokens: 10 }];
    const id = await send({ model: "dynamic/chain", stream: true, script, headers });
    // What was decided comes by another way than what was booked.
    const isWhole = ({ body }: AdminAnswer): boolean =>
      body.decisions?.length === 2 && body.decisions.every(({ cost }: { cost: unknown }) => cost !== null);
    let answer = await admin("GET", `/api/v1/requests/${id}`);
    await eventually(
      async () => {
        answer = await admin("GET", `/api/v1/requests/${id}`);
        return isWhole(answer);
      },
      { timeoutMs: VISIBLE_MS, intervalMs: 50, reason: "both decisions and their costs are known" },
    );
    const { body } = answer;
    const { team, key, endUser, session, route, model, outcome, attempts, stream, inputTokens } = body.request;
    assert.deepEqual(
      [team.name, endUser, session, route, attempts],
      ["Customer support", "customer-7", "talk-1", "chain", 2],
    );
    assert.deepEqual([model, outcome, stream, inputTokens], ["scripted/scripted-large", "success", true, 100]);
    assert.ok(body.request.firstTokenMs > 0 && body.request.durationMs >= body.request.firstTokenMs);
    const [failed, answered] = body.decisions;
    assert.deepEqual([failed.cost.errorCode, failed.cost.providerStatus], ["upstream_error", 500]);
    assert.deepEqual([answered.cost.tokenSource, answered.cost.source], ["provider", "worker"]);
    const text = (await waybill(0, "requests", "show", id)).stdout;
    assert.match(text, new RegExp(`^request +${id}\nwhen +\\S+\nwho +Acme / Customer support / `));
    assert.match(text, /^session +talk-1$/m);
    assert.match(text, /^attempt +1 at scripted\/scripted-breaks.*: failed_\w+ \(upstream_error\), HTTP 500$/m);
    assert.match(
      text,
      /^attempt +2 at scripted\/scripted-large at account \S+: success, stop, HTTP 200\ntokens +100 input, 10 output \(provider\)\ncost +\$0\.\d+\ntime +first token \d+ ms, \d+ ms in all/m,
    );
    assert.match(text, /^because +attempt 1 failed with upstream_error\nwhy +after upstream_error of attempt 1$/m);

    for (const args of [
      ["--fallbacks"],
      ["--session", "talk-1"],
      ["--end-user", "customer-7", "--team", team.id],
      ["--route", "chain@1", "--key", key.id],
      ["--model", "scripted/scripted-breaks", "--error", "upstream_error", "--any-attempt"],
      ["--requested-model", "dynamic/chain", "--outcome", "success", "--finish-reason", "stop"],
    ]) {
      assert.deepEqual(idsOf(await listed(...args)), [id], args.join(" "));
    }
    assert.deepEqual(idsOf(await listed("--model", "scripted/scripted-breaks")), []);
  });

  it("has what was refused, which cost nothing", async () => {
    const id = await send({ model: "scripted/nobody" });
    const [row] = (await list("?refusal=any")).requests;
    assert.deepEqual(
      [row?.requestId, row?.outcome, row?.attempts, row?.costUsd, row?.model],
      [id, "refused", 0, "0", null],
    );
    assert.equal(row?.refusalCode, "model_not_found");
    assert.deepEqual(idsOf(await listed("--outcome", "refused", "--error", "model_not_found")), [id]);
    assert.match((await waybill(0, "requests", "show", id)).stdout, /^refused +model_not_found: /m);
  });

  it("finds a request by the tags of its key", async () => {
    const [{ id: userId }] = (await admin("GET", "/api/v1/users?organisation=acme")).body.users;
    const tags = { app: "chat", environment: "staging" };
    const made = await admin("POST", "/api/v1/keys?organisation=acme", { userId, name: "tagged", tags });
    const id = await send({ model: LARGE, key: made.body.secretKey });
    const query = "?tag=app%3Dchat&tag=environment%3Dstaging&environment=staging&team=support";
    const [row] = (await list(query)).requests;
    assert.deepEqual([row?.requestId, row?.environment, row?.tags], [id, "staging", tags]);
    assert.deepEqual(idsOf(await listed("--tag", "app=chat", "--tag", "environment=staging")), [id]);
    assert.deepEqual(idsOf(await listed("--tag", "app=other")), []);
  });

  it("is read page by page, for people and for scripts", async () => {
    const all = idsOf(await list());
    const first = await list("?limit=2");
    const second = await list(`?limit=2&cursor=${first.nextCursor}`);
    assert.deepEqual([...idsOf(first), ...idsOf(second)], all.slice(0, 4));
    assert.equal((await list()).nextCursor, null);
    const text = (await waybill(0, "requests", "list", "--limit", "2")).stdout;
    assert.match(text, /^when +request +team .*\n\S+Z +[0-9a-f-]{36} /);
    assert.match(text, /^looked back to \S+Z\nThere may be more/m);
    const { until } = { until: (await list()).requests[1]?.at ?? "" };
    assert.deepEqual(idsOf(await listed("--until", until)), all.slice(2));
  });

  it("says what is asked wrongly", async () => {
    const refused = async (query: string): Promise<string> => {
      const { status, body } = await admin("GET", `/api/v1/requests?${query}`);
      assert.equal(status, 400);
      return `${body.error.param}: ${body.error.message}`;
    };
    assert.match(await refused("outcome=good"), /^outcome: .*one of success, partial/);
    assert.match(await refused("tag=app"), /tag/);
    assert.match(await refused("model=large"), /model/);
    assert.match(await refused("cursor=x"), /^cursor: /);
    assert.match(await refused("minCost=-1"), /minCost/);
    assert.match(await refused("colour=red"), /colour/);
    assert.match((await waybill(1, "requests", "show", "0190aaaa-0000-7000-8000-000000000000")).stderr, /x-request-id/);
    await waybill(2, "requests", "list", "--last", "yesterday");
    await waybill(2, "requests", "list", "--tag", "app");
  });
});
