import assert from "node:assert/strict";
import { test } from "node:test";
import { importCloudflareElements } from "@waybill/routes";
import { Route, RouteVersion } from "@waybill/wire";
import { elementsOf, routeObject } from "./to-cloudflare.ts";

const ELEMENTS = [
  { id: "start", type: "start", outputs: { next: { elementId: "m" } } },
  {
    id: "m",
    type: "model",
    properties: { provider: "openai", model: "gpt-4.1", retries: 2, timeout: 1_000 },
    outputs: { success: { elementId: "end" }, fallback: { elementId: "end" } },
  },
  { id: "end", type: "end", outputs: {} },
];
const documentJson = JSON.stringify(importCloudflareElements(ELEMENTS).document);
const version = RouteVersion.create({ version: 3, documentJson, createdAtMs: 1_000n });

test("elements that were sent come back as they were sent", () => {
  const source = { shape: "cloudflare", text: JSON.stringify({ elements: ELEMENTS }), warnings: [] };
  assert.deepEqual(elementsOf({ ...version, source }), ELEMENTS);
});

test("a route of another origin is written in Cloudflare's words, also where its own text has comments", () => {
  assert.deepEqual(
    elementsOf(version).map(({ id, type }) => [id, type]),
    [
      ["start", "start"],
      ["m", "model"],
      ["end", "end"],
    ],
  );
  const source = { shape: "cloudflare", text: "{ // a comment\n }", warnings: [] };
  assert.deepEqual(elementsOf({ ...version, source }), elementsOf(version));
});

test("ids and versions are text, active is text, and what is not deployed has no deployment", () => {
  const route = Route.create({ id: "r", organisationId: "acme", name: "n", latestVersion: 3 });
  const draft = routeObject(route, version);
  assert.deepEqual([draft.version.version_id, draft.version.active, draft.deployment], ["3", "false", null]);
  const live = routeObject(
    { ...route, deployedVersion: 3, deploymentId: "d", deployedAtMs: 2_000n },
    { ...version, deployed: true },
  );
  assert.deepEqual(live.deployment, { deployment_id: "d", version_id: "3", created_at: "1970-01-01T00:00:02.000Z" });
  assert.deepEqual([live.version.active, live.account_tag, live.gateway_id], ["true", "acme", "default"]);
});
