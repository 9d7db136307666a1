// Batches of decisions: what can be kept is kept, what never can is parked, and nothing is acknowledged in between.
import assert from "node:assert/strict";
import { test } from "node:test";
import { AnswerFindings, DecisionBatch, DecisionRecord } from "@waybill/wire";
import type { DecisionRow, FindingRow } from "./core/decision-row.ts";
import { sampleRequest } from "./core/sample-fact.test.ts";
import { readDecisions } from "./inbound/read-decisions.ts";
import { BooksRefused, type Delivery } from "./ports.ts";
import { recordDecisions } from "./record-decisions.ts";

function record(index: number, changes: Parameters<typeof DecisionRecord.fromPartial>[0] = {}): DecisionRecord {
  const { requestId } = sampleRequest(index);
  return DecisionRecord.fromPartial({
    ...{ requestId, attempt: 1, decidedAtMs: 1_795_694_400_000n },
    ...{ attribution: { organisationId: "acme" }, inputs: {}, explanation: { reason: `r${index}` } },
    ...changes,
  });
}

function delivery(...records: DecisionRecord[]): Delivery {
  const data = DecisionBatch.encode({ records, answers: [] }).finish();
  return { data, subject: "waybill.decision.acme", traceparent: "" };
}

/** A log of requests that refuses some reasons for ever. */
function makePorts(refused: readonly string[] = []) {
  const kept: DecisionRow[] = [];
  const parked: { reason: string; requestIds: string[] }[] = [];
  const found: FindingRow[] = [];
  return {
    kept,
    found,
    parked,
    readDecisions,
    async keep(rows: readonly DecisionRow[]) {
      if (rows.some(({ reason }) => refused.includes(reason))) throw new BooksRefused("22000");
      const fresh = rows.filter(({ requestId }) => !kept.some((row) => row.requestId === requestId));
      kept.push(...fresh);
      return fresh.length;
    },
    async keepFindings(rows: readonly FindingRow[]) {
      if (rows.some(({ filter }) => refused.includes(filter))) throw new BooksRefused("22000");
      found.push(...rows);
      return rows.length;
    },
    async park({ data }: Delivery, reason: string) {
      parked.push({ reason, requestIds: DecisionBatch.decode(data).records.map(({ requestId }) => requestId) });
    },
  };
}

test("the values of one record are refused: it alone is parked, as a batch that can be replayed", async () => {
  const ports = makePorts(["r7"]);
  const records = Array.from({ length: 20 }, (_, n) => record(n));
  const report = await recordDecisions(ports, [delivery(...records.slice(0, 9)), delivery(...records.slice(9))]);
  assert.deepEqual(report, { kept: 19, repeated: 0, findings: 0, parked: 1 });
  assert.deepEqual(ports.parked, [{ reason: "the books refuse it: 22000", requestIds: [records[7]?.requestId] }]);
});

test("a large delivery is kept in statements of a bounded size", async () => {
  const ports = makePorts();
  const sizes: number[] = [];
  const keep = (rows: readonly DecisionRow[]): Promise<number> => {
    sizes.push(rows.length);
    return ports.keep(rows);
  };
  const records = Array.from({ length: 1_200 }, (_, n) => record(n));
  await recordDecisions({ ...ports, keep }, [delivery(...records), delivery(...records.slice(0, 10))]);
  assert.ok(sizes.every((size) => size <= 500));
  assert.equal(ports.kept.length, 1_200);
});

test("the log cannot be reached: it throws, and the same batch may come again", async () => {
  const ports = makePorts();
  const away = { ...ports, keep: () => Promise.reject(new Error("away")) };
  const batch = [delivery(record(1), record(2))];
  await assert.rejects(recordDecisions(away, batch), /away/);
  assert.deepEqual(await recordDecisions(ports, batch), { kept: 2, repeated: 0, findings: 0, parked: 0 });
  assert.deepEqual(await recordDecisions(ports, batch), { kept: 0, repeated: 2, findings: 0, parked: 0 });
  assert.deepEqual(ports.parked, []);
});

test("what cannot be parked now is not lost: it throws after the good ones are kept", async () => {
  const ports = makePorts();
  const full = { ...ports, park: () => Promise.reject(new Error("DEAD is full")) };
  await assert.rejects(recordDecisions(full, [delivery(record(1, { requestId: "x" }), record(2))]), /DEAD is full/);
  assert.equal(ports.kept.length, 1);
});

test("a record that is none is parked with what is wrong with it", async () => {
  const ports = makePorts();
  await recordDecisions(ports, [
    delivery(
      record(1, { requestId: "x" }),
      record(3, { attempt: 1_001 }),
      record(4, { decidedAtMs: 2n ** 62n }),
      record(5, { decidedAtMs: -1n }),
      record(6, { explanation: undefined }),
      record(7, { requestId: "ffffffff-ffff-7fff-8fff-ffffffffffff" }),
    ),
  ]);
  assert.deepEqual(
    ports.parked.map(({ reason }) => reason),
    [
      "the request id is not one",
      ...["impossible attempt number", "impossible time", "impossible time"],
      "attribution, inputs or explanation is missing",
      "the request id is not one",
    ],
  );
  assert.equal(ports.kept.length, 0);
});

test("a record is kept byte for byte, also what a newer router says in it", async () => {
  const ports = makePorts();
  const unknownField = Uint8Array.from([0xfa, 0x7f, 1, 7]);
  const bytes = Buffer.concat([DecisionRecord.encode(record(1)).finish(), unknownField]);
  const data = Buffer.concat([Uint8Array.from([0x0a, bytes.length]), bytes]);
  await recordDecisions(ports, [{ ...delivery(), data }]);
  assert.deepEqual(Buffer.from(ports.kept[0]?.record ?? []), bytes);
});

test("what was found in answers is kept beside decisions; what is refused of it is parked alone", async () => {
  const ports = makePorts(["broken"]);
  const answer = (index: number, filter: string): AnswerFindings =>
    AnswerFindings.create({
      ...{
        requestId: sampleRequest(index).requestId,
        attempt: 2,
        organisationId: "acme",
        foundAtMs: 1_795_694_400_000n,
      },
      findings: ["email", "iban"].map((kind) => ({ filter, kind, action: "redact", count: 3 })),
    });
  const answers = [answer(1, "pii"), answer(2, "broken"), answer(3, "pii"), { ...answer(4, "pii"), requestId: "x" }];
  const data = DecisionBatch.encode({ records: [record(1)], answers }).finish();
  const report = await recordDecisions(ports, [{ ...delivery(), data }]);
  assert.deepEqual(report, { kept: 1, repeated: 0, findings: 4, parked: 2 });
  assert.deepEqual(
    ports.found.map(({ requestId, attempt, kind, findings }) => [requestId, attempt, kind, findings]),
    [1, 3].flatMap((index) => ["email", "iban"].map((kind) => [sampleRequest(index).requestId, 2, kind, 3])),
  );
  assert.deepEqual(ports.parked.map(({ reason }) => reason).sort(), [
    "the books refuse it: 22000",
    "the request id is not one",
  ]);
});
