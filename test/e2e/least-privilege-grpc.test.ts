// Least privilege over gRPC: every method of the running services against every caller, known, unknown and nameless. Only the
// health check answers strangers.
import assert from "node:assert/strict";
import { after, before, describe, it } from "node:test";
import { parseAcceptedTokens, plainCredentials, type RpcServer, serveRpc, tokenMetadata } from "@waybill/rpc";
import {
  AccountServiceClient,
  AccountServiceService,
  AlertServiceClient,
  AlertServiceService,
  BudgetAdminServiceClient,
  BudgetAdminServiceService,
  BudgetServiceClient,
  BudgetServiceService,
  LedgerServiceClient,
  LedgerServiceService,
  RateLimitServiceClient,
  RateLimitServiceService,
  RecordedRequestServiceClient,
  RecordedRequestServiceService,
  RouterServiceClient,
  RouterServiceService,
  RoutingAdminServiceClient,
  RoutingAdminServiceService,
} from "@waybill/wire";
import { startStack, type TestStack } from "../stack/start-stack.ts";

/** gRPC UNAUTHENTICATED. */
const UNAUTHENTICATED = 16;
const DEADLINE_MS = 5_000;

type Client =
  | AccountServiceClient
  | BudgetAdminServiceClient
  | BudgetServiceClient
  | LedgerServiceClient
  | RecordedRequestServiceClient
  | AlertServiceClient
  | RateLimitServiceClient
  | RouterServiceClient
  | RoutingAdminServiceClient;
type Metadata = ReturnType<typeof tokenMetadata>;

/** Who may call what; everybody else is refused. */
const CALLERS: Readonly<Record<string, readonly string[]>> = {
  "/waybill.v1.AccountService/FindKey": ["ingress", "operator"],
  "/waybill.v1.AccountService/ListKeys": ["console", "operator"],
  "/waybill.v1.AccountService/RevokeKey": ["console", "operator"],
  "/waybill.v1.AccountService/FindAdminKey": ["console"],
  "/waybill.v1.AccountService/ListOrganisations": ["console", "operator"],
  "/waybill.v1.AccountService/ListTeams": ["console", "operator"],
  "/waybill.v1.AccountService/ListAccountAudit": ["console", "operator"],
  "/waybill.v1.AccountService/CreateOrganisation": ["console", "operator"],
  "/waybill.v1.AccountService/UpdateOrganisation": ["console", "operator"],
  "/waybill.v1.AccountService/DeleteOrganisation": ["console", "operator"],
  "/waybill.v1.AccountService/CreateTeam": ["console", "operator"],
  "/waybill.v1.AccountService/UpdateTeam": ["console", "operator"],
  "/waybill.v1.AccountService/DeleteTeam": ["console", "operator"],
  "/waybill.v1.AccountService/ListUsers": ["console", "operator"],
  "/waybill.v1.AccountService/CreateUser": ["console", "operator"],
  "/waybill.v1.AccountService/UpdateUser": ["console", "operator"],
  "/waybill.v1.AccountService/DeleteUser": ["console", "operator"],
  "/waybill.v1.AccountService/GetKey": ["console", "operator"],
  "/waybill.v1.AccountService/CreateKey": ["console", "operator"],
  "/waybill.v1.AccountService/UpdateKey": ["console", "operator"],
  "/waybill.v1.AccountService/RotateKey": ["console", "operator"],
  "/waybill.v1.AccountService/ListAdminKeys": ["console"],
  "/waybill.v1.AccountService/CreateAdminKey": ["console"],
  "/waybill.v1.AccountService/UpdateAdminKey": ["console"],
  "/waybill.v1.AccountService/RotateAdminKey": ["console"],
  "/waybill.v1.AccountService/RevokeAdminKey": ["console"],
  "/waybill.v1.BudgetService/Session": ["router", "operator"],
  "/waybill.v1.BudgetService/GetStanding": ["router", "operator"],
  "/waybill.v1.BudgetService/ListBudgets": ["console", "operator"],
  "/waybill.v1.BudgetAdminService/SaveBudget": ["console", "operator"],
  "/waybill.v1.BudgetAdminService/DeleteBudget": ["console", "operator"],
  "/waybill.v1.BudgetAdminService/RaiseBudget": ["console", "operator"],
  "/waybill.v1.BudgetAdminService/VerifyBudgets": ["console", "operator"],
  "/waybill.v1.BudgetAdminService/ListSettled": ["console", "operator"],
  "/waybill.v1.AlertService/ListAlerts": ["console", "operator"],
  "/waybill.v1.AlertService/ListWebhooks": ["console", "operator"],
  "/waybill.v1.AlertService/GetWebhook": ["console", "operator"],
  "/waybill.v1.AlertService/CreateWebhook": ["console", "operator"],
  "/waybill.v1.AlertService/DeleteWebhook": ["console", "operator"],
  "/waybill.v1.AlertService/TestWebhook": ["console", "operator"],
  "/waybill.v1.AlertService/ReplayWebhook": ["console", "operator"],
  "/waybill.v1.RateLimitService/ListRateLimits": ["console", "operator"],
  "/waybill.v1.RateLimitService/SaveRateLimit": ["console", "operator"],
  "/waybill.v1.RateLimitService/DeleteRateLimit": ["console", "operator"],
  "/waybill.v1.RouterService/Session": ["ingress", "operator"],
  "/waybill.v1.RouterService/Decide": ["ingress", "operator"],
  "/waybill.v1.RoutingAdminService/ListRoutes": ["console", "operator"],
  "/waybill.v1.RoutingAdminService/GetRoute": ["console", "operator"],
  "/waybill.v1.RoutingAdminService/CreateRoute": ["console", "operator"],
  "/waybill.v1.RoutingAdminService/RenameRoute": ["console", "operator"],
  "/waybill.v1.RoutingAdminService/DeleteRoute": ["console", "operator"],
  "/waybill.v1.RoutingAdminService/CreateVersion": ["console", "operator"],
  "/waybill.v1.RoutingAdminService/ListVersions": ["console", "operator"],
  "/waybill.v1.RoutingAdminService/GetVersion": ["console", "operator"],
  "/waybill.v1.RoutingAdminService/DeployVersion": ["console", "operator"],
  "/waybill.v1.RoutingAdminService/ListDeployments": ["console", "operator"],
  "/waybill.v1.RoutingAdminService/CheckRoute": ["console", "operator"],
  "/waybill.v1.RoutingAdminService/ListCatalogue": ["console", "operator"],
  "/waybill.v1.RoutingAdminService/SaveModels": ["console", "operator"],
  "/waybill.v1.RoutingAdminService/SaveAlias": ["console", "operator"],
  "/waybill.v1.RoutingAdminService/ListRoutingAudit": ["console", "operator"],
  "/waybill.v1.RoutingAdminService/Simulate": ["console", "operator"],
  "/waybill.v1.RoutingAdminService/Replay": ["console", "operator"],
  "/waybill.v1.RoutingAdminService/Backtest": ["console", "operator"],
  "/waybill.v1.RecordedRequestService/StreamRecorded": ["router"],
  "/waybill.v1.LedgerService/ListDecisions": ["console", "operator"],
  "/waybill.v1.LedgerService/ListRequests": ["console", "operator"],
  "/waybill.v1.LedgerService/GetRequest": ["console", "operator"],
  "/waybill.v1.LedgerService/ListMonths": ["console", "operator"],
  "/waybill.v1.LedgerService/CloseMonth": ["console", "operator"],
  "/waybill.v1.LedgerService/VerifyBooks": ["console", "operator"],
  "/waybill.v1.LedgerService/RebuildSums": ["console", "operator"],
  "/waybill.v1.LedgerService/CompareSettled": ["console", "operator"],
  "/waybill.v1.LedgerService/ListUnpriced": ["console", "operator"],
  "/waybill.v1.LedgerService/Reprice": ["console", "operator"],
  "/waybill.v1.LedgerService/GetSpend": ["console", "operator"],
  "/waybill.v1.LedgerService/ImportInvoice": ["console", "operator"],
  "/waybill.v1.LedgerService/ListInvoices": ["console", "operator"],
  "/waybill.v1.LedgerService/GetInvoice": ["console", "operator"],
  "/waybill.v1.LedgerService/CompareInvoices": ["console", "operator"],
  "/waybill.v1.LedgerService/SetInvoiceName": ["console", "operator"],
  "/waybill.v1.LedgerService/ApproveTrueUps": ["console", "operator"],
  "/waybill.v1.LedgerService/ListEvents": ["budget", "console", "operator"],
  "/waybill.v1.LedgerService/DeclareBaseline": ["console", "operator"],
  "/waybill.v1.LedgerService/ListBaselines": ["console", "operator"],
  "/waybill.v1.LedgerService/GetSavings": ["console", "operator"],
  "/waybill.v1.LedgerService/ListFocusRows": ["console", "operator"],
};

interface Method {
  path: string;
  isStream: boolean;
  /** One question, many answers. */
  asksOnce: boolean;
}

const methodsOf = (
  service: Readonly<Record<string, { path: string; requestStream: boolean; responseStream: boolean }>>,
): Method[] =>
  Object.values(service).map(({ path, requestStream, responseStream }) => ({
    path,
    isStream: requestStream || responseStream,
    asksOnce: !requestStream && responseStream,
  }));

const same = (bytes: Buffer): Buffer => bytes;

/** True when the call got past the door, whatever became of it. An empty message is one of every kind. */
function isLetIn(client: Client, { path, isStream, asksOnce }: Method, metadata: Metadata): Promise<boolean> {
  const deadline = Date.now() + DEADLINE_MS;
  return new Promise((resolve) => {
    if (!isStream) {
      client.makeUnaryRequest(path, same, same, Buffer.alloc(0), metadata, { deadline }, (error) =>
        resolve(error?.code !== UNAUTHENTICATED),
      );
      return;
    }
    const stream = asksOnce
      ? client.makeServerStreamRequest(path, same, same, Buffer.alloc(0), metadata, { deadline })
      : client.makeBidiStreamRequest(path, same, same, metadata, { deadline });
    stream.on("metadata", () => {
      resolve(true);
      stream.cancel();
    });
    stream.on("error", (error: Error & { code?: number }) => resolve(error.code !== UNAUTHENTICATED));
    stream.on("data", () => {});
  });
}

/** Where the door is open or shut otherwise than CALLERS says: one sentence each. */
async function differences(
  client: Client,
  methods: readonly Method[],
  callers: ReadonlyMap<string, Metadata>,
): Promise<string[]> {
  const found: string[] = [];
  for (const method of methods) {
    for (const [caller, metadata] of callers) {
      const may = CALLERS[method.path]?.includes(caller) ?? false;
      const letIn = await isLetIn(client, method, metadata);
      if (letIn !== may) found.push(`${caller} ${letIn ? "may" : "may not"} call ${method.path}`);
    }
  }
  return found;
}

/** Every party with its own token, and those who have none that counts. */
function callersOf(stack: TestStack): Map<string, Metadata> {
  const callers = new Map<string, Metadata>();
  for (const { name, settings } of stack.plan.services) {
    callers.set(name, tokenMetadata(settings.WAYBILL_SERVICE_TOKEN ?? ""));
  }
  callers.set("operator", tokenMetadata(stack.operatorToken));
  const nameless = tokenMetadata("x");
  nameless.remove("authorization");
  callers.set("somebody without a token", nameless);
  callers.set("somebody with an empty token", tokenMetadata(""));
  callers.set("somebody with another token", tokenMetadata("another"));
  const bare = tokenMetadata("x");
  bare.set("authorization", stack.operatorToken);
  callers.set("somebody with a token of another form", bare);
  return callers;
}

describe("over gRPC every caller may call exactly its methods", () => {
  let stack: TestStack;
  before(async () => {
    stack = await startStack();
  });
  after(() => stack[Symbol.asyncDispose]());

  it("AccountService", async () => {
    const client = new AccountServiceClient(stack.budgetUrls[0] ?? "", plainCredentials);
    assert.deepEqual(await differences(client, methodsOf(AccountServiceService), callersOf(stack)), []);
    client.close();
  });

  it("BudgetAdminService", async () => {
    const client = new BudgetAdminServiceClient(stack.budgetUrls[0] ?? "", plainCredentials);
    assert.deepEqual(await differences(client, methodsOf(BudgetAdminServiceService), callersOf(stack)), []);
    client.close();
  });

  it("AlertService", async () => {
    const client = new AlertServiceClient(stack.budgetUrls[0] ?? "", plainCredentials);
    assert.deepEqual(await differences(client, methodsOf(AlertServiceService), callersOf(stack)), []);
    client.close();
  });

  it("RateLimitService", async () => {
    const client = new RateLimitServiceClient(stack.budgetUrls[0] ?? "", plainCredentials);
    assert.deepEqual(await differences(client, methodsOf(RateLimitServiceService), callersOf(stack)), []);
    client.close();
  });

  it("BudgetService", async () => {
    const client = new BudgetServiceClient(stack.budgetUrls[0] ?? "", plainCredentials);
    assert.deepEqual(await differences(client, methodsOf(BudgetServiceService), callersOf(stack)), []);
    client.close();
  });

  it("RouterService", async () => {
    const client = new RouterServiceClient(stack.routerUrls[0] ?? "", plainCredentials);
    assert.deepEqual(await differences(client, methodsOf(RouterServiceService), callersOf(stack)), []);
    client.close();
  });

  it("RoutingAdminService", async () => {
    const client = new RoutingAdminServiceClient(stack.routerUrls[0] ?? "", plainCredentials);
    assert.deepEqual(await differences(client, methodsOf(RoutingAdminServiceService), callersOf(stack)), []);
    client.close();
  });

  it("LedgerService", async () => {
    const client = new LedgerServiceClient(stack.ledgerUrls[0] ?? "", plainCredentials);
    assert.deepEqual(await differences(client, methodsOf(LedgerServiceService), callersOf(stack)), []);
    client.close();
  });

  it("RecordedRequestService", async () => {
    const client = new RecordedRequestServiceClient(stack.ledgerUrls[0] ?? "", plainCredentials);
    assert.deepEqual(await differences(client, methodsOf(RecordedRequestServiceService), callersOf(stack)), []);
    client.close();
  });

  it("knows every method that is served", () => {
    const served = [
      AccountServiceService,
      BudgetAdminServiceService,
      BudgetServiceService,
      LedgerServiceService,
      RecordedRequestServiceService,
      AlertServiceService,
      RateLimitServiceService,
      RouterServiceService,
      RoutingAdminServiceService,
    ].flatMap(methodsOf);
    assert.deepEqual(served.map(({ path }) => path).sort(), Object.keys(CALLERS).sort());
  });

  it("the health check answers strangers, and only says whether it serves", async () => {
    const client = new RouterServiceClient(stack.routerUrls[0] ?? "", plainCredentials);
    const nameless = tokenMetadata("x");
    nameless.remove("authorization");
    const answer = await new Promise<Buffer | undefined>((resolve) =>
      client.makeUnaryRequest("/grpc.health.v1.Health/Check", same, same, Buffer.alloc(0), nameless, (_, bytes) =>
        resolve(bytes),
      ),
    );
    client.close();
    assert.deepEqual([...(answer ?? [])], [8, 1]);
  });
});

describe("the table of callers", () => {
  it("would report a method open to everybody with a token, and one that is shut", async () => {
    await using server = await openServer();
    const client = new AccountServiceClient(`127.0.0.1:${server.port}`, plainCredentials);
    const callers = new Map([
      ["worker", tokenMetadata("worker's")],
      ["operator", tokenMetadata("nobody knows this one")],
    ]);
    const [findKey, , revokeKey] = methodsOf(AccountServiceService);
    assert.ok(findKey && revokeKey);
    assert.deepEqual(await differences(client, [findKey, revokeKey], callers), [
      "worker may call /waybill.v1.AccountService/FindKey",
      "operator may not call /waybill.v1.AccountService/FindKey",
      "worker may call /waybill.v1.AccountService/RevokeKey",
      "operator may not call /waybill.v1.AccountService/RevokeKey",
    ]);
    client.close();
  });
});

/** A server that forgot to say who may call. */
async function openServer(): Promise<Pick<RpcServer, "port"> & AsyncDisposable> {
  const hash = await crypto.subtle.digest("SHA-256", new TextEncoder().encode("worker's"));
  const accepted = parseAcceptedTokens(`worker=${Buffer.from(hash).toString("hex")}`);
  const server = await serveRpc({ host: "127.0.0.1", port: 0, accepted });
  const answer = (_call: unknown, callback: (error: null, value: object) => void): void => callback(null, {});
  const { findKey, listKeys, revokeKey } = AccountServiceService;
  server.add({ findKey, listKeys, revokeKey }, { findKey: answer, listKeys: answer, revokeKey: answer }, []);
  return { port: server.port, [Symbol.asyncDispose]: () => server.stop(0) };
}
