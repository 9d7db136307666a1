// What every gRPC method and every health port refuse besides strangers (who may call what: least-privilege-grpc.test.ts): messages
// that are too large, methods that are not there, other methods and paths. Services that are new and have no row fail here.
import assert from "node:assert/strict";
import { after, before, describe, it } from "node:test";
import { MESSAGE_BYTES_MAX, plainCredentials, tokenMetadata } from "@waybill/rpc";
import * as wire from "@waybill/wire";
import { exchange, head } from "../../stack/raw-http.ts";
import { startStack, type TestStack } from "../../stack/start-stack.ts";

/** gRPC status codes. */
const RESOURCE_EXHAUSTED = 8;
const UNIMPLEMENTED = 12;
/** What a client makes of a stream that HTTP/2 has ended. */
const INTERNAL = 13;
const UNAUTHENTICATED = 16;
const DEADLINE_MS = 10_000;

/** Who serves which gRPC service. */
const SERVED_BY: Readonly<Record<string, "router" | "budget" | "ledger">> = {
  AccountServiceService: "budget",
  BudgetAdminServiceService: "budget",
  BudgetServiceService: "budget",
  LedgerServiceService: "ledger",
  RecordedRequestServiceService: "ledger",
  RateLimitServiceService: "budget",
  AlertServiceService: "budget",
  RouterServiceService: "router",
  RoutingAdminServiceService: "router",
};
/** A party that has a token of its own and may call nothing. */
const NO_PARTY = "worker";
const SERVICES = ["ingress", "router", "budget", "worker", "ledger", "console"] as const;

interface Method {
  path: string;
  requestStream: boolean;
  responseStream: boolean;
}

/** Every service definition that the generated code has. */
const definitions = Object.entries(wire)
  .filter(([name]) => name.endsWith("ServiceService"))
  .map(([name, definition]) => ({ name, methods: Object.values(definition as unknown as Record<string, Method>) }));

type Metadata = ReturnType<typeof tokenMetadata>;
const same = (bytes: Buffer): Buffer => bytes;

let stack: TestStack;
before(async () => {
  stack = await startStack({ replicas: { console: 1 } });
});
after(() => stack[Symbol.asyncDispose]());

/** The status that a call ends with; 0: it went through. */
async function call(service: string, method: Method, metadata: Metadata, message: Buffer): Promise<number> {
  const by = SERVED_BY[service] ?? assert.fail(`${service} has no row`);
  const [url = ""] = { router: stack.routerUrls, budget: stack.budgetUrls, ledger: stack.ledgerUrls }[by];
  // Any client will do: the path is given with each call.
  const client = new wire.RouterServiceClient(url, plainCredentials);
  const deadline = Date.now() + DEADLINE_MS;
  try {
    return await new Promise<number>((resolve) => {
      if (!method.requestStream) {
        client.makeUnaryRequest(method.path, same, same, message, metadata, { deadline }, (error) =>
          resolve(error?.code ?? 0),
        );
        return;
      }
      const stream = client.makeBidiStreamRequest(method.path, same, same, metadata, { deadline });
      stream.on("error", (error: Error & { code?: number }) => resolve(error.code ?? -1));
      stream.on("data", () => {});
      stream.on("end", () => resolve(0));
      stream.write(message);
    });
  } finally {
    client.close();
  }
}

const tokenOf = (name: string): Metadata =>
  tokenMetadata(stack.plan.services.find((service) => service.name === name)?.settings.WAYBILL_SERVICE_TOKEN ?? "");

describe("every gRPC method", () => {
  it("is of a service with a row", () => {
    assert.deepEqual(definitions.map(({ name }) => name).sort(), Object.keys(SERVED_BY).sort());
  });

  for (const { name, methods } of definitions) {
    for (const method of methods) {
      it(`${method.path} takes no message that is too large, and is shut to a token of the wrong party`, async () => {
        const large = Buffer.alloc(MESSAGE_BYTES_MAX + 1);
        assert.equal(await call(name, method, tokenMetadata(stack.operatorToken), large), RESOURCE_EXHAUSTED);
        assert.equal(await call(name, method, tokenOf(NO_PARTY), Buffer.alloc(0)), UNAUTHENTICATED);
        assert.equal(await call(name, method, tokenMetadata(stack.keys.admin ?? ""), Buffer.alloc(0)), UNAUTHENTICATED);
      });
    }

    it(`${name} has no other method, and lives on after metadata that is too long`, async () => {
      const [method] = methods;
      assert.ok(method);
      const nothing = { ...method, path: method.path.replace(/\/\w+$/, "/Nothing"), requestStream: false };
      const operator = tokenMetadata(stack.operatorToken);
      assert.equal(await call(name, nothing, operator, Buffer.alloc(0)), UNIMPLEMENTED);
      const long = tokenMetadata(stack.operatorToken);
      long.set("x-long", "~".repeat(1_000_000));
      assert.equal(await call(name, method, long, Buffer.alloc(0)), INTERNAL);
      assert.equal(await call(name, nothing, operator, Buffer.alloc(0)), UNIMPLEMENTED);
    });
  }
});

describe("every health port", () => {
  for (const name of SERVICES) {
    it(`of ${name}: three paths to look at, and nothing else`, async () => {
      const [service] = stack.of(name);
      const url = `http://127.0.0.1:${service?.healthPort}`;
      const statusOf = async (method: string, path: string, more = {}): Promise<number> =>
        (await exchange(url, head(method, path, { connection: "close", ...more }))).status;
      for (const path of ["/livez", "/readyz", "/metrics"]) {
        assert.equal(await statusOf("GET", path), 200, path);
        for (const method of ["POST", "PUT", "DELETE", "PATCH", "OPTIONS"]) {
          assert.equal(await statusOf(method, path), 405, `${method} ${path}`);
        }
        assert.equal(await statusOf("GET", path, { "x-long": "a".repeat(20_000) }), 431, path);
      }
      for (const path of ["/", "/nothing", "/metrics/../livez", "/debug/pprof", "//livez"]) {
        assert.equal(await statusOf("GET", path), 404, path);
      }
    });

    it(`of ${name}: says whether it is ready, and no more`, async () => {
      const [service] = stack.of(name);
      const answer = await fetch(`http://127.0.0.1:${service?.healthPort}/readyz`);
      const report = (await answer.json()) as Record<string, unknown>;
      assert.deepEqual(Object.keys(report).sort(), ["draining", "ready", "waiting_for"]);
    });
  }
});
