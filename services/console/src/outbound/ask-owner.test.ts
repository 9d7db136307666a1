// Owners that are there, away, or refuse: asked over real gRPC.
import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { WaybillError } from "@waybill/domain";
import { parseAcceptedTokens, plainCredentials, type RpcServer, serveRpc, unary } from "@waybill/rpc";
import { Secret } from "@waybill/service";
import { freePort } from "@waybill/testing";
import { AccountServiceClient, AccountServiceService, ListTeamsRequest, RevokeKeyRequest } from "@waybill/wire";
import { askOwner } from "./ask-owner.ts";

const TOKEN_SHA256 = "3c469e9d6c5875d37a43f353d4f88e61fcf812c66eee3457465a40b0da4153e0";
const TOKEN = new Secret("token");

let server: RpcServer;
let refusal: WaybillError | undefined;
let revocations = 0;
const clients: AccountServiceClient[] = [];

before(async () => {
  server = await serveRpc({ host: "127.0.0.1", port: 0, accepted: parseAcceptedTokens(`console=${TOKEN_SHA256}`) });
  const { listTeams, revokeKey } = AccountServiceService;
  const handlers = {
    listTeams: unary(async () => {
      if (refusal) throw refusal;
      return { teams: [{ organisationId: "acme", id: "a", name: "A", userCount: 1, keyCount: 2 }] };
    }),
    revokeKey: unary(async () => {
      revocations += 1;
      if (refusal) throw refusal;
      return { revokedAtMs: 1n };
    }),
  };
  server.add({ listTeams, revokeKey }, handlers, ["console"]);
});
after(async () => {
  for (const client of clients) client.close();
  await server.stop(0);
});

function owner(...ports: number[]) {
  const own = ports.map((port) => new AccountServiceClient(`127.0.0.1:${port}`, plainCredentials));
  clients.push(...own);
  return askOwner(
    { clients: own, token: TOKEN, timeoutMs: 2_000, unavailable: { code: "accounts_unavailable" } },
    { reads: ["listTeams"], changes: ["revokeKey"] },
  );
}

const refused = (code: string, message?: RegExp) => (error: unknown) =>
  error instanceof WaybillError && error.code === code && (message === undefined || message.test(error.publicMessage));

test("the first replica that is there answers, for looks and for changes", async () => {
  const asked = owner(await freePort(), server.port);
  assert.equal((await asked.listTeams(ListTeamsRequest.create({}))).teams[0]?.keyCount, 2);
  assert.equal((await asked.revokeKey(RevokeKeyRequest.create({ keyId: "abcd" }))).revokedAtMs, 1n);
});

test("with nobody there the client hears so, and nothing of addresses", async () => {
  const asked = owner(await freePort());
  await assert.rejects(
    asked.listTeams(ListTeamsRequest.create({})),
    refused("accounts_unavailable", /^API keys cannot be checked at the moment\.$/),
  );
});

test("a change that a replica could not finish is not made again at the next", async () => {
  refusal = new WaybillError("accounts_unavailable");
  revocations = 0;
  await assert.rejects(
    owner(server.port, server.port).revokeKey(RevokeKeyRequest.create({})),
    refused("accounts_unavailable"),
  );
  assert.equal(revocations, 1);
});

test("what an owner refuses keeps its sentence, and its code where the catalogue knows it", async () => {
  const asked = owner(server.port);
  refusal = new WaybillError("not_found", { publicMessage: "There is no such team." });
  await assert.rejects(asked.listTeams(ListTeamsRequest.create({})), refused("not_found", /no such team/));
  refusal = new WaybillError("bus_unavailable");
  await assert.rejects(asked.listTeams(ListTeamsRequest.create({})), refused("bus_unavailable"));
  refusal = new WaybillError("version_conflict", { publicMessage: "The latest is version 3." });
  await assert.rejects(asked.listTeams(ListTeamsRequest.create({})), refused("version_conflict", /version 3/));
  refusal = new WaybillError("internal_error", { detail: "a secret" });
  await assert.rejects(asked.listTeams(ListTeamsRequest.create({})), refused("internal_error", /^[^a]*Something went/));
  refusal = undefined;
});
