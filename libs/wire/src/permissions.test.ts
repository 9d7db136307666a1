import assert from "node:assert/strict";
import { test } from "node:test";
import { inboxPrefix, NATS_PERMISSIONS } from "./permissions.ts";
import { type BusServiceName, SUBJECTS, type SubjectEntry } from "./subjects.ts";

const services = Object.keys(NATS_PERMISSIONS) as BusServiceName[];

/** Does a permission cover a subject pattern (whose `<name>` tokens are wildcards)? */
function covers(permission: string, pattern: string): boolean {
  const allowed = permission.split(".");
  const wanted = pattern.replace(/<[^>]+>/g, "*").split(".");
  for (const [index, token] of allowed.entries()) {
    if (token === ">") return wanted.length > index;
    if (token !== "*" && token !== wanted[index]) return false;
  }
  return allowed.length === wanted.length;
}

test("who publishes a subject may publish it, and nobody else may", () => {
  for (const { pattern, publisher } of Object.values(SUBJECTS) as SubjectEntry[]) {
    // waybill.dead.<service> is one subject per service.
    if (pattern.startsWith("waybill.dead.")) continue;
    for (const service of services) {
      const may = NATS_PERMISSIONS[service].publish.some((permission) => covers(permission, pattern));
      assert.equal(may, publisher.includes(service), `${service} publishes ${pattern}`);
    }
  }
});

test("who listens to a core subject may subscribe to it, and nobody else may", () => {
  for (const { pattern, listener, kept } of Object.values(SUBJECTS) as SubjectEntry[]) {
    if (kept !== "core") continue;
    for (const service of services) {
      const may = NATS_PERMISSIONS[service].subscribe.some((permission) => covers(permission, pattern));
      assert.equal(may, listener.includes(service), `${service} listens to ${pattern}`);
    }
  }
});

test("each service parks only under its own name", () => {
  for (const service of services) {
    const dead = NATS_PERMISSIONS[service].publish.filter((permission) => permission.startsWith("waybill.dead"));
    assert.ok(
      dead.every((permission) => permission === `waybill.dead.${service}`),
      service,
    );
  }
});

test("an inbox is read by its owner alone", () => {
  for (const service of services) {
    for (const other of services) {
      const reads = NATS_PERMISSIONS[service].subscribe.some((permission) => permission.startsWith(inboxPrefix(other)));
      assert.equal(reads, service === other, `${service} reads ${inboxPrefix(other)}`);
    }
  }
});

test("nobody may do everything, or rule JetStream", () => {
  for (const service of services) {
    const { publish, subscribe } = NATS_PERMISSIONS[service];
    for (const permission of [...publish, ...subscribe]) {
      assert.ok(!/^(>|\*|\$JS\.>|\$JS\.API\.>|waybill\.>|_INBOX\.>)/.test(permission), `${service}: ${permission}`);
      assert.ok(!/^\$JS\.API\.STREAM\.(DELETE|RESTORE)/.test(permission), `${service}: ${permission}`);
    }
  }
});
