// Pages as one list.
import assert from "node:assert/strict";
import { test } from "node:test";
import type { Api } from "./client.ts";
import { allRoutes, newest } from "./pages.ts";

/** Answers with these pages in turn, and notes what was asked. */
function apiOf(pages: readonly unknown[]): { api: Api; asked: unknown[] } {
  const asked: unknown[] = [];
  const never = (): never => {
    throw new Error("only looks");
  };
  const get: Api["get"] = async <T>(_path: string, query?: unknown) => {
    asked.push(query);
    return pages[asked.length - 1] as T;
  };
  const others = { post: never, put: never, patch: never, delete: never, file: never, follow: never };
  return { api: { get, ...others }, asked };
}

test("every page is read, also behind one that is empty", async () => {
  const { api, asked } = apiOf([
    { routes: [{ name: "a" }], nextAfter: "a" },
    { routes: [], nextAfter: "b" },
    { routes: [{ name: "c" }], nextAfter: null },
  ]);
  assert.deepEqual(
    (await allRoutes(api)).map(({ name }) => name),
    ["a", "c"],
  );
  assert.deepEqual(asked, [{ limit: 1_000 }, { after: "a", limit: 1_000 }, { after: "b", limit: 1_000 }]);
});

test("no more are asked for than wanted", async () => {
  const { api, asked } = apiOf([
    { entries: [1, 2], nextCursor: "x" },
    { entries: [3], nextCursor: "y" },
  ]);
  assert.deepEqual(await newest<number>(api, "/audit", "entries", {}, 3), [1, 2, 3]);
  assert.deepEqual(asked, [{ limit: 3 }, { cursor: "x", limit: 1 }]);
});
