import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { cacheWish } from "./cache-wish.ts";

const route = { ttlSeconds: 300, scope: "organisation" };

describe("whether an answer is kept for others", () => {
  it("is what the route says, and nobody's wish otherwise", () => {
    assert.deepEqual(cacheWish(route, {}), { ttlSeconds: 300, scope: "organisation", reads: true });
    assert.equal(cacheWish(undefined, {}), undefined);
  });

  it("is said by a header for one request, with or without a route that says so", () => {
    assert.deepEqual(cacheWish(undefined, { "x-waybill-cache-ttl": "60" }), {
      ...{ ttlSeconds: 60, scope: "team", reads: true },
    });
    assert.deepEqual(cacheWish(route, { "x-waybill-cache-ttl": "60" }), {
      ...{ ttlSeconds: 60, scope: "organisation", reads: true },
    });
    assert.equal(cacheWish(route, { "x-waybill-cache": "refresh" })?.reads, false);
    assert.equal(cacheWish(route, { "x-waybill-cache": "bypass" }), undefined);
  });

  it("understands Cloudflare's headers", () => {
    assert.equal(cacheWish(undefined, { "cf-aig-cache-ttl": "2592000" })?.ttlSeconds, 86_400);
    assert.equal(cacheWish(route, { "cf-aig-cache-ttl": "0" })?.ttlSeconds, 300);
    assert.equal(cacheWish(route, { "cf-aig-skip-cache": "true" }), undefined);
    assert.equal(cacheWish(route, { "cf-aig-skip-cache": "false" })?.ttlSeconds, 300);
  });

  it("names the header at fault", () => {
    for (const [name, value] of [
      ["x-waybill-cache", "on"],
      ["x-waybill-cache-ttl", "0"],
      ["x-waybill-cache-ttl", "86401"],
      ["x-waybill-cache-ttl", "1.5"],
      ["x-waybill-cache-ttl", "soon"],
    ] as const) {
      assert.throws(
        () => cacheWish(route, { [name]: value }),
        { code: "invalid_value", param: name },
        `${name} ${value}`,
      );
    }
  });
});
