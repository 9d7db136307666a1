// One trace crosses HTTP, gRPC, NATS, HTTP, NATS and SQL: the spans of all five services arrive at a collector under one trace id.
import assert from "node:assert/strict";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { after, before, describe, it } from "node:test";
import { eventually } from "@waybill/testing";
import { ask } from "../stack/ask.ts";
import { startStack, type TestStack } from "../stack/start-stack.ts";

interface CollectedSpan {
  service: string;
  name: string;
  traceId: string;
  spanId: string;
  parentSpanId: string;
}

/** A collector that takes OTLP over HTTP in JSON and keeps what it is sent. */
async function startCollector(): Promise<{ url: string; spans: CollectedSpan[]; stop(): void }> {
  const spans: CollectedSpan[] = [];
  const server = createServer((request, response) => {
    const pieces: Buffer[] = [];
    request.on("data", (piece) => pieces.push(piece));
    request.on("end", () => {
      if (request.url === "/v1/traces") keep(JSON.parse(Buffer.concat(pieces).toString()), spans);
      response.writeHead(200, { "content-type": "application/json" }).end("{}");
    });
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    spans,
    stop() {
      server.close();
      server.closeAllConnections();
    },
  };
}

interface OtlpTraces {
  resourceSpans: {
    resource: { attributes: { key: string; value: { stringValue?: string } }[] };
    scopeSpans: { spans: { name: string; traceId: string; spanId: string; parentSpanId?: string }[] }[];
  }[];
}

function keep(body: OtlpTraces, spans: CollectedSpan[]): void {
  for (const { resource, scopeSpans } of body.resourceSpans) {
    const service = resource.attributes.find(({ key }) => key === "service.name")?.value.stringValue ?? "";
    for (const { name, traceId, spanId, parentSpanId = "" } of scopeSpans.flatMap((scope) => scope.spans)) {
      spans.push({ service, name, traceId, spanId, parentSpanId });
    }
  }
}

let stack: TestStack;
let collector: Awaited<ReturnType<typeof startCollector>>;
before(async () => {
  collector = await startCollector();
  stack = await startStack({
    env: {
      all: {
        OTEL_EXPORTER_OTLP_ENDPOINT: collector.url,
        OTEL_EXPORTER_OTLP_PROTOCOL: "http/json",
        OTEL_BSP_SCHEDULE_DELAY: "200",
      },
    },
  });
});
after(async () => {
  collector.stop();
  await stack[Symbol.asyncDispose]();
});

/** Every span of a plain answer, below the span it belongs to; `client` is the caller's own. */
const SPANS = [
  "waybill-ingress: POST /v1/chat/completions < client",
  "waybill-router: router.decide < POST /v1/chat/completions",
  "waybill-worker: chat scripted-1 < POST /v1/chat/completions",
  "waybill-budget: settle usage < POST /v1/chat/completions",
  "waybill-ledger: record usage < POST /v1/chat/completions",
  "waybill-ledger: commit entries < record usage",
];

describe("a trace", () => {
  it("crosses HTTP, gRPC, NATS, HTTP, NATS and SQL under the client's own trace id, each span below its cause", async () => {
    const traceId = "4bf92f3577b34da6a3ce929d0e0e4736";
    const clientSpanId = "00f067aa0ba902b7";
    const response = await ask(stack, { headers: { traceparent: `00-${traceId}-${clientSpanId}-01` } });
    assert.equal(response.status, 200);
    const ofTrace = () => collector.spans.filter((span) => span.traceId === traceId);
    // Which are missing is told below, better than by the wait.
    await eventually(() => ofTrace().length >= SPANS.length, {
      timeoutMs: 10_000,
      reason: `${SPANS.length} spans`,
    }).catch(() => undefined);
    const spans = ofTrace();
    const names = new Map(spans.map(({ spanId, name }) => [spanId, name]));
    names.set(clientSpanId, "client");
    for (const span of spans) assert.ok(names.has(span.parentSpanId), `${span.name} has its parent in the trace`);
    const told = spans.map(({ service, name, parentSpanId }) => `${service}: ${name} < ${names.get(parentSpanId)}`);
    assert.deepEqual(told.sort(), SPANS.toSorted());
  });

  it("of a request whose first model fails has a span for each attempt, and both lead to the books", async () => {
    const traceId = "5bf92f3577b34da6a3ce929d0e0e4736";
    stack.provider.setForModel("scripted-1", { fault: { kind: "status", status: 500 } });
    const response = await ask(stack, {
      model: "dynamic/support",
      headers: { traceparent: `00-${traceId}-00f067aa0ba902b7-01` },
    });
    stack.provider.reset();
    assert.equal(response.status, 200);
    const expected = ["router.decide", "router.next", "chat scripted-1", "chat scripted-2"];
    await eventually(
      () => {
        const names = collector.spans.filter((span) => span.traceId === traceId).map(({ name }) => name);
        const commits = names.filter((name) => name === "commit entries").length;
        return expected.every((name) => names.includes(name)) && commits === 2;
      },
      { timeoutMs: 10_000, reason: `spans ${expected.join(", ")} and two commits` },
    );
  });

  it("is not made for a caller that says it does not sample", async () => {
    const unsampled = "6bf92f3577b34da6a3ce929d0e0e4736";
    const sampled = "7bf92f3577b34da6a3ce929d0e0e4736";
    for (const [traceId, flags] of [
      [unsampled, "00"],
      [sampled, "01"],
    ]) {
      const headers = { traceparent: `00-${traceId}-00f067aa0ba902b7-${flags}` };
      assert.equal((await ask(stack, { headers })).status, 200);
    }
    const isDone = (span: CollectedSpan) => span.traceId === sampled && span.name === "commit entries";
    await eventually(() => collector.spans.some(isDone), { timeoutMs: 10_000, reason: "the sampled trace is whole" });
    assert.deepEqual(
      collector.spans.filter(({ traceId }) => traceId === unsampled),
      [],
    );
  });
});
