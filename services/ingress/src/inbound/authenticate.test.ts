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
  const world = { asked: 0, revoked: false, connected: true, nowMs: 0, away: false };
  const authenticate = makeAuthenticate({
    findKey: async () => {
      world.asked += 1;
      if (world.away) throw new WaybillError("accounts_unavailable");
      return found;
    },
    isRevoked: () => world.revoked,
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
