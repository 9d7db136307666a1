import assert from "node:assert/strict";
import { createHash } from "node:crypto";
import { describe, it } from "node:test";
import { WaybillError } from "@waybill/domain";
import { VirtualKey } from "@waybill/wire";
import { makeAuthenticate } from "./authenticate.ts";

const SECRET = "s".repeat(32);
const key = (fields: Partial<VirtualKey> = {}) =>
  VirtualKey.create({ keyId: "abcd", secretSha256: createHash("sha256").update(SECRET).digest(), ...fields });

function setUp(found: VirtualKey | undefined) {
  const world = { asked: 0, revoked: false, revision: 0n, connected: true, nowMs: 0, away: false, found };
  const authenticate = makeAuthenticate({
    findKey: async () => {
      world.asked += 1;
      if (world.away) throw new WaybillError("accounts_unavailable");
      return world.found;
    },
    changes: { isRevoked: () => world.revoked, revisionOf: () => world.revision },
    isConnected: () => world.connected,
    verifyToken: undefined,
    cacheMs: 60_000,
    clock: { unixMs: () => 1_000_000 + world.nowMs, monotonicMs: () => world.nowMs },
  });
  return { world, authenticate };
}
const refusedAs = (code: string) => (error: unknown) => error instanceof WaybillError && error.code === code;

describe("authenticate", () => {
  it("asks once, remembers, and refreshes behind the request", async () => {
    const { world, authenticate } = setUp(key());
    await Promise.all([authenticate(`wb_abcd_${SECRET}`), authenticate(`wb_abcd_${SECRET}`)]);
    assert.equal(world.asked, 1);
    world.nowMs = 61_000;
    world.away = true;
    await authenticate(`wb_abcd_${SECRET}`);
    assert.equal(world.asked, 2, "an old answer serves while the budget service is away");
  });

  for (const presented of [undefined, "", "sk-123", "wb_abcd", `wb_abcd_${"t".repeat(32)}`]) {
    it(`refuses ${presented}`, async () => {
      await assert.rejects(setUp(key()).authenticate(presented), refusedAs("invalid_api_key"));
    });
  }

  it("refuses unknown, expired and revoked keys", async () => {
    await assert.rejects(setUp(undefined).authenticate(`wb_abcd_${SECRET}`), refusedAs("invalid_api_key"));
    const expired = setUp(key({ expiresAtMs: 1_000_000n }));
    await assert.rejects(expired.authenticate(`wb_abcd_${SECRET}`), refusedAs("invalid_api_key"));
    const { world, authenticate } = setUp(key());
    await authenticate(`wb_abcd_${SECRET}`);
    world.revoked = true;
    await assert.rejects(authenticate(`wb_abcd_${SECRET}`), refusedAs("invalid_api_key"));
  });

  it("asks again before it serves when it was told of a change, and never by an older answer", async () => {
    const { world, authenticate } = setUp(key({ revision: 1n }));
    await authenticate(`wb_abcd_${SECRET}`);
    world.revision = 2n;
    await assert.rejects(authenticate(`wb_abcd_${SECRET}`), refusedAs("accounts_unavailable"));
    world.found = key({ revision: 2n, allowedModels: ["m"] });
    assert.deepEqual((await authenticate(`wb_abcd_${SECRET}`)).allowedModels, ["m"]);
    const { asked } = world;
    await authenticate(`wb_abcd_${SECRET}`);
    assert.equal(world.asked, asked, "then it remembers again");
  });

  it("takes the secret of before a rotation until their overlap is over, and no other", async () => {
    const old = `wb_abcd_${"o".repeat(32)}`;
    const previousSecretSha256 = createHash("sha256").update("o".repeat(32)).digest();
    const { world, authenticate } = setUp(key({ previousSecretSha256, previousSecretUntilMs: 1_000_500n }));
    assert.ok((await authenticate(old)) && (await authenticate(`wb_abcd_${SECRET}`)));
    await assert.rejects(authenticate(`wb_abcd_${"p".repeat(32)}`), refusedAs("invalid_api_key"));
    world.nowMs = 500;
    await assert.rejects(authenticate(old), refusedAs("invalid_api_key"));
    assert.ok(await authenticate(`wb_abcd_${SECRET}`));
  });

  it("asks again for a secret that does not fit an older answer, but not for every guess", async () => {
    const { world, authenticate } = setUp(key());
    await authenticate(`wb_abcd_${SECRET}`);
    const fresh = `wb_abcd_${"n".repeat(32)}`;
    world.found = key({ secretSha256: createHash("sha256").update("n".repeat(32)).digest() });
    await assert.rejects(authenticate(fresh), refusedAs("invalid_api_key"));
    assert.equal(world.asked, 1);
    world.nowMs = 2_000;
    assert.ok(await authenticate(fresh));
    for (let guess = 0; guess < 5; guess += 1) {
      await assert.rejects(authenticate(`wb_abcd_${"g".repeat(32)}`), refusedAs("invalid_api_key"));
    }
    assert.equal(world.asked, 2);
  });

  it("serves nobody while cut off from NATS, so that no stale key passes", async () => {
    const { world, authenticate } = setUp(key());
    await authenticate(`wb_abcd_${SECRET}`);
    world.connected = false;
    await assert.rejects(authenticate(`wb_abcd_${SECRET}`), refusedAs("bus_unavailable"));
  });

  it("says that keys cannot be checked rather than that they are wrong", async () => {
    const { world, authenticate } = setUp(key());
    world.away = true;
    await assert.rejects(authenticate(`wb_abcd_${SECRET}`), refusedAs("accounts_unavailable"));
  });
});
