// One trace crosses HTTP, gRPC, NATS, HTTP, NATS and SQL: the spans of four services arrive at a collector under one trace id.
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

describe("a trace", () => {
  it("crosses HTTP, gRPC, NATS, HTTP, NATS and SQL under the client's own trace id", async () => {
    const traceId = "4bf92f3577b34da6a3ce929d0e0e4736";
    const response = await ask(stack, { headers: { traceparent: `00-${traceId}-00f067aa0ba902b7-01` } });
    assert.equal(response.status, 200);
    const services = ["waybill-ingress", "waybill-router", "waybill-worker", "waybill-ledger"];
    await eventually(
      () => services.every((name) => collector.spans.some((span) => span.service === name && span.traceId === traceId)),
      { timeoutMs: 10_000, reason: `spans of ${services.join(", ")}` },
    );
    const spans = collector.spans.filter((span) => span.traceId === traceId);
    const known = new Set([...spans.map(({ spanId }) => spanId), "00f067aa0ba902b7"]);
    for (const span of spans) assert.ok(known.has(span.parentSpanId), `${span.name} has its parent in the trace`);
  });
});
