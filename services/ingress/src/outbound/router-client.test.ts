import assert from "node:assert/strict";
import { createHash } from "node:crypto";
import { afterEach, describe, it } from "node:test";
import { WaybillError } from "@waybill/domain";
import { parseAcceptedTokens, type RpcServer, type ServerDuplexStream, serveRpc, unary } from "@waybill/rpc";
import { Health, Metrics, makeLog, Secret, type ServiceScope, startTracing } from "@waybill/service";
import {
  DecideRequest,
  Decision,
  OpenAttempt,
  Refusal,
  type RouterAnswer,
  type RouterAnswers,
  type RouterCall,
  type RouterCalls,
  RouterServiceService,
} from "@waybill/wire";
import type { Decisions } from "../ports.ts";
import { connectRouters } from "./router-client.ts";

const TOKEN = "the token of the test";
const DECIDE_TIMEOUT_MS = 200;
/** Far longer than a test may take: what ends sooner is not due to the clock. */
const PATIENT_MS = 60_000;
type Answer = RouterAnswer["answer"];
type AnswerCall = (call: RouterCall) => Answer | undefined;

const closers: (() => Promise<void> | void)[] = [];
afterEach(async () => {
  for (const close of closers.splice(0).reverse()) await close();
});

/** A router that answers on its standing streams as told; undefined: not at all. */
async function startRouter(answer: AnswerCall): Promise<RpcServer & { endStreams(): void }> {
  const accepted = parseAcceptedTokens(`ingress=${createHash("sha256").update(TOKEN).digest("hex")}`);
  const server = await serveRpc({ host: "127.0.0.1", port: 0, accepted });
  const streams = new Set<ServerDuplexStream<RouterCalls, RouterAnswers>>();
  const session = (stream: ServerDuplexStream<RouterCalls, RouterAnswers>): void => {
    streams.add(stream);
    stream.on("close", () => streams.delete(stream));
    stream.on("error", () => {});
    stream.on("end", () => stream.end());
    stream.on("data", ({ calls }: RouterCalls) => {
      for (const call of calls) {
        const answered = answer(call);
        if (answered) stream.write({ answers: [{ correlationId: call.correlationId, answer: answered }] });
      }
    });
  };
  const decide = unary(() => Promise.reject(new WaybillError("internal_error")));
  server.add(RouterServiceService, { session, decide }, ["ingress"]);
  closers.push(() => server.stop(50));
  const endStreams = (): void => {
    for (const stream of streams) stream.end();
  };
  return { ...server, endStreams };
}

async function connect(
  routers: readonly RpcServer[],
  openAttempts: () => OpenAttempt[] = () => [],
  decideTimeoutMs = DECIDE_TIMEOUT_MS,
) {
  const health = new Health();
  const scope: ServiceScope = {
    serviceId: "ingress-1",
    log: makeLog("ingress", "ingress-1", "silent"),
    health,
    metrics: new Metrics(),
    tracing: await startTracing("ingress", "", 0),
    onStop: (_name, stop) => void closers.push(() => stop(0)),
    fail: (error) => assert.fail(String(error)),
  };
  const config = {
    WAYBILL_ROUTER_URLS: routers.map(({ port }) => `127.0.0.1:${port}`),
    WAYBILL_SERVICE_TOKEN: new Secret(TOKEN),
    WAYBILL_DECIDE_TIMEOUT_MS: decideTimeoutMs,
  };
  return connectRouters({ config, openAttempts }, scope);
}

async function until(isTrue: () => boolean | Promise<boolean>, what: string): Promise<void> {
  for (const startedAtMs = performance.now(); !(await isTrue()); ) {
    assert.ok(performance.now() - startedAtMs < 5_000, what);
    await new Promise((resolve) => setTimeout(resolve, 10));
  }
}

const decided = (holder: string): Answer => ({
  $case: "decide",
  value: { outcome: { $case: "decision", value: Decision.create({ holder }) } },
});
const refused = (code: string): Answer => ({
  $case: "decide",
  value: { outcome: { $case: "refusal", value: Refusal.create({ code }) } },
});

/** Who decided, or the code of the refusal or error. */
async function ask(decisions: Decisions): Promise<string> {
  try {
    const { outcome } = await decisions.decide(DecideRequest.create({}), "");
    if (outcome?.$case === "decision") return outcome.value.holder;
    return outcome?.$case === "refusal" ? outcome.value.code : "";
  } catch (thrown) {
    return WaybillError.from(thrown).code;
  }
}

describe("connectRouters()", () => {
  it("reports to the router that is left, once", async () => {
    let reports = 0;
    const left = await startRouter((call) => {
      if (call.call?.$case !== "reportOpen") return decided("left");
      reports += 1;
      return { $case: "reportOpen", value: {} };
    });
    const lost = await startRouter(() => decided("lost"));
    const decisions = await connect([lost, left], () => [OpenAttempt.create({ attemptId: "r.1" })]);
    await until(async () => (await ask(decisions)) === "lost", "the first router decides");
    await lost.stop(0);
    await until(() => reports > 0, "the report is heard");
    // The lost one is tried again all the time.
    await new Promise((resolve) => setTimeout(resolve, 700));
    assert.equal(reports, 1);
  });

  it("asks the next router when one is draining, and passes on every other refusal", async () => {
    let code = "draining";
    const first = await startRouter(() => refused(code));
    const second = await startRouter(() => decided("second"));
    const decisions = await connect([first, second]);
    await until(async () => (await ask(decisions)) === "second", "the second router decides");
    code = "model_not_found";
    await until(async () => (await ask(decisions)) === "model_not_found", "the first router is asked first");
    code = "draining";
    assert.equal(await ask(decisions), "second");
  });

  it("asks the next router when one is killed while it decides, and says within 100 ms when there is none", async () => {
    let asked = 0;
    let isSilent = false;
    const silenced = (): Answer | undefined => {
      asked += 1;
      return isSilent ? undefined : refused("draining");
    };
    const first = await startRouter(silenced);
    const second = await startRouter(() => decided("second"));
    const only = await startRouter(silenced);
    const both = await connect([first, second], () => [], PATIENT_MS);
    const one = await connect([only], () => [], PATIENT_MS);
    await until(async () => (await ask(both)) === "second", "both routers are there");
    asked = 0;
    await until(async () => (await ask(one)) !== "" && asked > 0, "the only router is there");
    isSilent = true;
    asked = 0;
    const [ofBoth, ofOne] = [ask(both), ask(one)];
    await until(() => asked === 2, "both are asked");
    const killedAtMs = performance.now();
    void first.stop(0);
    void only.stop(0);
    assert.equal(await ofOne, "router_unavailable");
    assert.equal(await ofBoth, "second");
    assert.ok(performance.now() - killedAtMs < 100, `${performance.now() - killedAtMs} ms`);
    const askedAtMs = performance.now();
    assert.equal(await ask(one), "router_unavailable");
    assert.ok(performance.now() - askedAtMs < 100, `again ${performance.now() - askedAtMs} ms`);
  });

  it("has no router when all are draining", async () => {
    let asked = 0;
    const router = await startRouter(() => {
      asked += 1;
      return refused("draining");
    });
    const decisions = await connect([router]);
    await until(async () => {
      assert.equal(await ask(decisions), "router_unavailable");
      return asked > 0;
    }, "the router is asked");
  });

  for (const [how, failure] of [
    ["is not answered", undefined],
    ["is refused for want of room", refused("overloaded")],
  ] as const) {
    it(`reports open attempts again when a report ${how}`, async () => {
      const heard: string[] = [];
      let reports = 0;
      const router = await startRouter((call) => {
        if (call.call?.$case !== "reportOpen") return decided("router");
        reports += 1;
        if (reports < 3) return failure;
        heard.push(...call.call.value.attempts.map(({ attemptId }) => attemptId));
        return { $case: "reportOpen", value: {} };
      });
      const decisions = await connect([router], () => [OpenAttempt.create({ attemptId: "r.1" })]);
      await until(async () => (await ask(decisions)) === "router", "the router decides");
      // It comes back at once, and from then on no session breaks or opens.
      router.endStreams();
      await until(() => heard.length > 0, "the report is repeated");
      assert.deepEqual(heard, ["r.1"]);
      await new Promise((resolve) => setTimeout(resolve, 700));
      assert.equal(reports, 3, "what was heard is not repeated");
    });
  }
});
