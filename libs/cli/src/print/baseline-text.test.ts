// Each kind is named, and for whom it holds.
import assert from "node:assert/strict";
import { test } from "node:test";
import { baselineText } from "./baseline-text.ts";

const said = {
  ...{
    organisation: null,
    route: null,
    version: 2,
    kind: "model" as const,
    model: "openai/gpt-4o",
    routeVersion: null,
  },
};

test("whose, which and which version", () => {
  assert.equal(baselineText(said), "everyone, all routes: compared with openai/gpt-4o (version 2)");
  const acme = { ...said, organisation: "acme", route: "support", model: null } as const;
  assert.equal(
    baselineText({ ...acme, kind: "costliest_candidate", routeVersion: 3 }),
    "acme, route support: compared with the costliest candidate of route version 3 (version 2)",
  );
  assert.equal(baselineText({ ...acme, kind: "none" }), "acme, route support: compared with nothing (version 2)");
});
