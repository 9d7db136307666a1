// The choice as a conversation: the first that can serve and is paid for; limits and budgets lead to the next.
import assert from "node:assert/strict";
import { test } from "node:test";
import { BudgetRefusal, Exhaustion, RateRefusal } from "@waybill/wire";
import type { Itinerary } from "../itinerary.ts";
import { resolve } from "../resolve.ts";
import { END, limitNode, modelNode, sampleRoute, startAt } from "../route/sample-routes.ts";
import { sampleModel } from "../sample-models.ts";
import { drive, SampleWorld, sampleQuestion } from "../sample-question.ts";
import { type ModelEntry, Snapshot } from "../snapshot.ts";
import { askAfter, askFirst } from "./ask.ts";
import { type Choice, choose, type HoldTold } from "./choose.ts";

const question = sampleQuestion();
const IDS = ["a/m", "b/m", "c/m"];

function snapshotWith(nodes: unknown[]): Snapshot {
  const snapshot = new Snapshot();
  for (const id of IDS) snapshot.setModel(sampleModel(id));
  snapshot.setRoute(sampleRoute(nodes));
  return snapshot;
}

function itineraryOf(snapshot: Snapshot, world = new SampleWorld()): Itinerary {
  const resolution = resolve(question, snapshot, world);
  assert.ok("itinerary" in resolution);
  return resolution.itinerary;
}

function chosen(choice: Choice): string {
  return choice.outcome.kind === "chosen" ? choice.outcome.entry.id : choice.outcome.code;
}

const REFUSAL = { ...BudgetRefusal.create({}), budgetName: "team", neededPicoUsd: "5", leftPicoUsd: "1" };
const refused = (limitNode?: string, onExhausted = Exhaustion.FALLBACK as Exhaustion): HoldTold => ({
  ...{ kind: "refused", refusal: REFUSAL, limitNode, onExhausted },
});
const FREE: HoldTold = { kind: "free" };
const failed = (failedAttempt: number, failureCode: string) => ({ failedAttempt, failureCode, retryAfterMs: 0 });

const LINE = [
  startAt("one"),
  modelNode("one", "a/m", "two"),
  modelNode("two", "b/m", "three"),
  modelNode("three", "c/m"),
  END,
];

test("the first that can serve is taken, and why the others were not is said", () => {
  const snapshot = snapshotWith(LINE);
  const world = new SampleWorld();
  world.looks["a/m"] = { live: false };
  const { result, asked } = drive(choose(askFirst(question, itineraryOf(snapshot)), snapshot, world));
  assert.deepEqual([chosen(result), asked], ["b/m", ["b/m"]]);
  assert.deepEqual(
    result.considered.map(({ model, provider, rejectedBecause, node }) => [
      `${provider}/${model}`,
      node,
      rejectedBecause,
    ]),
    [
      ["a/m", "one", "no live worker"],
      ["b/m", "two", ""],
    ],
  );
});

test("an exhausted budget leads to the fallback, and is the answer where there is none", () => {
  const snapshot = snapshotWith(LINE);
  const pay = (id: string): HoldTold => (id === "c/m" ? FREE : refused());
  const asked = askFirst(question, itineraryOf(snapshot));
  assert.equal(chosen(drive(choose(asked, snapshot, new SampleWorld()), pay).result), "c/m");
  const none = drive(choose(asked, snapshot, new SampleWorld()), () => refused()).result;
  assert.equal(chosen(none), "budget_exceeded");
  assert.ok(none.outcome.kind === "refused" && none.outcome.budget === REFUSAL);
});

test("a rate limit of a model leads to the next one; one of the caller is the answer", () => {
  const snapshot = snapshotWith(LINE);
  const asked = askFirst(question, itineraryOf(snapshot));
  const limited = (ofTarget: boolean): HoldTold => ({
    ...{ kind: "limited", rate: RateRefusal.fromPartial({ limitId: "l", ofTarget, waitMs: 5 }) },
  });
  const onlyOne = drive(choose(asked, snapshot, new SampleWorld()), (id) => (id === "a/m" ? limited(true) : FREE));
  assert.equal(chosen(onlyOne.result), "b/m");
  assert.equal(onlyOne.result.considered[0]?.rejectedCode, "rate_limit_exceeded");
  for (const ofTarget of [true, false]) {
    const none = drive(choose(asked, snapshot, new SampleWorld()), () => limited(ofTarget));
    assert.equal(none.asked.length, ofTarget ? 3 : 1);
    assert.ok(none.result.outcome.kind === "refused" && none.result.outcome.rate?.limitId === "l");
    assert.equal(chosen(none.result), "rate_limit_exceeded");
  }
});

/** a/m is dear, b/m and c/m are as the samples; d/m costs nothing. */
function pricedSnapshot(nodes: unknown[]): Snapshot {
  const snapshot = snapshotWith(nodes);
  const dear = sampleModel("a/m");
  const times = (factor: bigint): ModelEntry["price"] =>
    dear.price && {
      ...dear.price,
      perRequestPicoUsd: dear.price.perRequestPicoUsd * factor,
      tiers: dear.price.tiers.map(({ aboveInputTokens, rates: { input, output } }) => ({
        aboveInputTokens,
        rates: {
          ...{ input: input * factor, cachedInput: input * factor, cacheWrite5m: input * factor },
          ...{ cacheWrite1h: input * factor, output: output * factor, reasoningOutput: output * factor },
        },
      })),
    };
  snapshot.setModel({ ...dear, price: times(10n) });
  snapshot.setModel({ ...sampleModel("d/m"), price: times(0n) });
  return snapshot;
}

test("a budget that refuses lets pass only what is free, wherever it stands in the route", () => {
  const snapshot = pricedSnapshot([
    ...LINE.slice(0, 3),
    modelNode("three", "c/m", "four"),
    modelNode("four", "d/m"),
    END,
  ]);
  const pay = (id: string): HoldTold => (id === "d/m" ? FREE : refused(undefined, Exhaustion.UNSPECIFIED));
  const { result, asked } = drive(choose(askFirst(question, itineraryOf(snapshot)), snapshot, new SampleWorld()), pay);
  assert.deepEqual([chosen(result), asked], ["d/m", ["a/m", "d/m"]]);
  assert.deepEqual(
    result.considered.map(({ rejectedCode }) => rejectedCode),
    ["budget_exceeded", "budget_exceeded", "budget_exceeded", ""],
  );
  const none = drive(
    choose(askFirst(question, itineraryOf(snapshotWith(LINE))), snapshotWith(LINE), new SampleWorld()),
    pay,
  );
  assert.deepEqual([chosen(none.result), none.asked], ["budget_exceeded", ["a/m"]]);
});

test("a budget that downgrades leads to the cheapest that it has room for, before the route's own fallbacks, and only once", () => {
  const snapshot = pricedSnapshot([startAt("one"), modelNode("one", "a/m", "two"), modelNode("two", "b/m"), END]);
  const pay = (id: string): HoldTold => (id === "c/m" ? FREE : refused(undefined, Exhaustion.DOWNGRADE));
  const { result, asked } = drive(choose(askFirst(question, itineraryOf(snapshot)), snapshot, new SampleWorld()), pay);
  assert.deepEqual([chosen(result), asked], ["c/m", ["a/m", "d/m", "b/m", "c/m"]]);
  assert.ok(result.outcome.kind === "chosen");
  assert.deepEqual(result.outcome.item.path, ["start", "one", "downgrade"]);
  const refusal = drive(choose(askFirst(question, itineraryOf(snapshot)), snapshot, new SampleWorld()), () =>
    refused(undefined, Exhaustion.DOWNGRADE),
  );
  assert.equal(chosen(refusal.result), "budget_exceeded");
  assert.deepEqual(refusal.asked, ["a/m", "d/m", "b/m", "c/m", "b/m"]);
});

test("while a budget cannot be asked that lets pass what is free, only that is sent", () => {
  const snapshot = pricedSnapshot([startAt("one"), modelNode("one", "a/m", "two"), modelNode("two", "d/m"), END]);
  const away = (mayBeFree: boolean) => (id: string) =>
    id === "d/m" ? FREE : { kind: "unavailable" as const, mayBeFree };
  const choice = (mayBeFree: boolean) =>
    drive(choose(askFirst(question, itineraryOf(snapshot)), snapshot, new SampleWorld()), away(mayBeFree)).result;
  assert.deepEqual([chosen(choice(true)), chosen(choice(false))], ["d/m", "budget_unavailable"]);
});

const LIMITED = [
  startAt("l"),
  limitNode("l", "one", "three"),
  modelNode("one", "a/m", "two"),
  modelNode("two", "b/m"),
  modelNode("three", "c/m"),
  END,
];

test("within a limit nothing leads beyond it, not even a failure", () => {
  const snapshot = snapshotWith(LIMITED);
  const first = drive(choose(askFirst(question, itineraryOf(snapshot)), snapshot, new SampleWorld())).result;
  assert.ok(first.outcome.kind === "chosen");
  const second = askAfter(question, first.outcome.itinerary, failed(1, "upstream_error"), snapshot);
  assert.ok(second);
  const then = drive(choose(second, snapshot, new SampleWorld())).result;
  assert.equal(chosen(then), "b/m");
  assert.ok(then.outcome.kind === "chosen");
  const third = askAfter(question, then.outcome.itinerary, failed(2, "upstream_error"), snapshot);
  assert.ok(third);
  assert.equal(chosen(drive(choose(third, snapshot, new SampleWorld())).result), "route_without_model");
});

test("an exceeded limit leads beyond it, past everything else within", () => {
  const snapshot = snapshotWith(LIMITED);
  const pay = (id: string): HoldTold => (id === "c/m" ? FREE : refused("l"));
  const { result, asked } = drive(choose(askFirst(question, itineraryOf(snapshot)), snapshot, new SampleWorld()), pay);
  assert.deepEqual([chosen(result), asked], ["c/m", ["a/m", "c/m"]]);
  assert.ok(result.outcome.kind === "chosen");
  assert.deepEqual(result.outcome.itinerary.exceeded, ["l"]);
  assert.deepEqual(result.outcome.item.path, ["start", "l:exceeded", "three"]);
});

test("a limit with no way beyond refuses with its own code", () => {
  const snapshot = snapshotWith([startAt("l"), limitNode("l", "one", "end"), modelNode("one", "a/m"), END]);
  const { result } = drive(choose(askFirst(question, itineraryOf(snapshot)), snapshot, new SampleWorld()), () =>
    refused("l"),
  );
  assert.equal(chosen(result), "limit_exceeded");
});

test("nothing is sent while the money cannot be asked for", () => {
  const snapshot = snapshotWith(LINE);
  const { result, asked } = drive(
    choose(askFirst(question, itineraryOf(snapshot)), snapshot, new SampleWorld()),
    () => ({
      kind: "unavailable",
    }),
  );
  assert.deepEqual([chosen(result), asked], ["budget_unavailable", ["a/m"]]);
});

test("a retry asks the same model first and goes on where it cannot serve any more", () => {
  const snapshot = snapshotWith([
    startAt("one"),
    { ...modelNode("one", "a/m", "two"), retries: 1 },
    modelNode("two", "b/m"),
    END,
  ]);
  const first = drive(choose(askFirst(question, itineraryOf(snapshot)), snapshot, new SampleWorld())).result;
  assert.ok(first.outcome.kind === "chosen");
  const again = askAfter(question, first.outcome.itinerary, failed(1, "upstream_error"), snapshot);
  assert.ok(again);
  const world = new SampleWorld();
  const second = drive(choose(again, snapshot, world)).result;
  assert.equal(chosen(second), "a/m");
  world.looks["a/m"] = { circuit: "open" };
  assert.equal(chosen(drive(choose(again, snapshot, world)).result), "b/m");
});

test("a model whose provider says when to come again is tried again only when nobody else can serve", () => {
  const snapshot = snapshotWith([
    startAt("one"),
    { ...modelNode("one", "a/m", "two"), retries: 1 },
    modelNode("two", "b/m"),
    END,
  ]);
  const first = drive(choose(askFirst(question, itineraryOf(snapshot)), snapshot, new SampleWorld())).result;
  assert.ok(first.outcome.kind === "chosen");
  const limited = { ...failed(1, "upstream_rate_limited"), retryAfterMs: 2_000 };
  const again = askAfter(question, first.outcome.itinerary, limited, snapshot);
  assert.ok(again);
  const world = new SampleWorld();
  world.looks["a/m"] = { circuit: "rate_limited" };
  assert.equal(chosen(drive(choose(again, snapshot, world)).result), "b/m");
  world.looks["b/m"] = { live: false };
  assert.equal(chosen(drive(choose(again, snapshot, world)).result), "a/m");
  world.looks["a/m"] = { circuit: "open" };
  assert.equal(chosen(drive(choose(again, snapshot, world)).result), "no_workers");
});

test("too long a context leads to a larger window only", () => {
  const snapshot = snapshotWith(LINE);
  snapshot.setModel(sampleModel("a/m", { contextWindowTokens: 8_000n }));
  snapshot.setModel(sampleModel("b/m", { contextWindowTokens: 8_000n }));
  snapshot.setModel(sampleModel("c/m", { contextWindowTokens: 100_000n }));
  const first = drive(choose(askFirst(question, itineraryOf(snapshot)), snapshot, new SampleWorld())).result;
  assert.ok(first.outcome.kind === "chosen");
  const then = askAfter(question, first.outcome.itinerary, failed(1, "context_length_exceeded"), snapshot);
  assert.ok(then);
  assert.equal(chosen(drive(choose(then, snapshot, new SampleWorld())).result), "c/m");
});

test("a half-open circuit that has its probe lets nobody else through", () => {
  const snapshot = snapshotWith(LINE);
  const world = new SampleWorld();
  world.notAdmitted.add("a/m");
  assert.equal(chosen(drive(choose(askFirst(question, itineraryOf(snapshot)), snapshot, world)).result), "b/m");
});

test("a model that has failed this request is not tried again by another node", () => {
  const snapshot = snapshotWith([
    startAt("one"),
    modelNode("one", "a/m", "two"),
    modelNode("two", "a/m", "three"),
    modelNode("three", "b/m"),
    END,
  ]);
  const first = drive(choose(askFirst(question, itineraryOf(snapshot)), snapshot, new SampleWorld())).result;
  assert.ok(first.outcome.kind === "chosen");
  const then = askAfter(question, first.outcome.itinerary, failed(1, "upstream_error"), snapshot);
  assert.ok(then);
  assert.equal(chosen(drive(choose(then, snapshot, new SampleWorld())).result), "b/m");
});
