// Every problem at once, with its field; and limits at their edges.
import assert from "node:assert/strict";
import { test } from "node:test";
import { WaybillError } from "@waybill/domain";
import { AdminFields, PAGE_MAX } from "./admin-fields.ts";

function messageOf(ask: (fields: AdminFields) => void): string {
  const fields = new AdminFields();
  ask(fields);
  try {
    fields.done();
  } catch (error) {
    assert.ok(error instanceof WaybillError && error.code === "invalid_value");
    return error.publicMessage;
  }
  return "";
}

test("all problems are said at once, each with its field", () => {
  const message = messageOf((fields) => {
    fields.by(undefined, "r".repeat(1_001));
    fields.organisation("a\u0000b");
    fields.routeName("a@1");
    fields.source({ shape: "yaml", text: "", warnings: [] });
    fields.limit(PAGE_MAX + 1);
    fields.auditId("x");
  });
  for (const field of ["actor.admin_key_id", "actor.name", "reason", "organisation_id", "name", "source.shape"]) {
    assert.match(message, new RegExp(`(^|; )${field.replace(".", "\\.")} `));
  }
  assert.match(message, /limit must be at most/);
  assert.match(message, /before_id is the id of no entry/);
});

test("a route's name is what can stand between dynamic/ and @", () => {
  const isGood = (name: string) => messageOf((fields) => fields.routeName(name)) === "";
  for (const name of ["a", "Support.v2_x-1", "a".repeat(64)]) assert.ok(isGood(name), name);
  for (const name of ["", "-a", ".a", "a b", "a/b", "a@1", "ä", "a".repeat(65), "a\n"]) assert.ok(!isGood(name), name);
});

test("an alias never takes a reserved name", () => {
  assert.equal(
    messageOf((fields) => fields.aliasName("gpt-4o:free")),
    "",
  );
  for (const name of ["auto", "dynamic", "a/b"])
    assert.notEqual(
      messageOf((fields) => fields.aliasName(name)),
      "",
      name,
    );
});

test("what is good passes as it is; no limit means the default one", () => {
  const fields = new AdminFields();
  const source = { shape: "terraform", text: "{}", warnings: ["w"] };
  assert.deepEqual(fields.by({ adminKeyId: "k", name: "Ada" }, "why"), {
    ...{ actorId: "k", actorName: "Ada", reason: "why" },
  });
  assert.deepEqual([fields.source(source), fields.source(undefined)], [source, undefined]);
  assert.deepEqual([fields.limit(0), fields.limit(7)], [100, 7]);
  assert.deepEqual([fields.auditId(""), fields.auditId("12")], [undefined, 12n]);
  assert.equal(fields.version("version", 3), 3);
  fields.done();
});
