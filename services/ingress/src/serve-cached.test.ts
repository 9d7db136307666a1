// Look, wait for who asks the same, or ask a provider: what each of many equal requests gets, and who pays.
import assert from "node:assert/strict";
import { describe, it } from "node:test";
import type { AskedRequest } from "@waybill/surfaces";
import { Attribution, DecideRequest, Features } from "@waybill/wire";
import type { CachedAnswer } from "./core/cached-answer.ts";
import { Flights } from "./core/flights.ts";
import type { AnswerCache, AnswerHead, CacheAsked, Client, GoneReason } from "./ports.ts";
import { type CacheTurn, cacheable, serveCached } from "./serve-cached.ts";

const HEAD = { model: "m" } as AnswerHead;

class Reader {
  isGone = false;
  readonly hasContent = false;
  answers: { head: AnswerHead; text: string }[] = [];
  #left: (reason: GoneReason) => void = () => {};
  rename(): void {}
  onGone(listener: (reason: GoneReason) => void): void {
    this.#left = listener;
  }
  leave(): void {
    this.isGone = true;
    this.#left("client_gone");
  }
  answer(head: AnswerHead, _status: number, _type: string, body: Buffer[]): void {
    this.answers.push({ head, text: Buffer.concat(body).toString() });
  }
  stream(): void {}
  stoppedEarly(): void {}
  endStream(): void {}
  fail(): void {}
}

/** Requests that are all the same, in one ingress whose store can be looked into. */
function setUp() {
  const kept = new Map<string, CachedAnswer>();
  const calls: { end(text: string | undefined): void }[] = [];
  let given = 0;
  let looking: Promise<void> | undefined;
  /** From now on what was read is told only once the result is called. */
  const slowFind = (): (() => void) => {
    let told = (): void => {};
    looking = new Promise((resolve) => (told = resolve));
    return told;
  };
  const cache: AnswerCache = {
    flights: new Flights(),
    fingerprint: () => assert.fail(),
    async find({ fingerprint }) {
      const found = kept.get(fingerprint);
      await looking;
      return found;
    },
    keep: async ({ fingerprint }, answer) => void kept.set(fingerprint, answer),
  };
  const asked: CacheAsked = { fingerprint: "f", organisationId: "acme", ttlSeconds: 60 };
  const ask = (options: { reads?: boolean; may?: boolean } = {}) => {
    const reader = new Reader();
    const { reads = true, may = true } = options;
    const turn: CacheTurn = {
      ...{ asked, reads, cache, client: reader as Client, requestId: "r", answerBytesMax: 1_000 },
      async give(answer) {
        if (may) {
          given += 1;
          reader.answer(answer.head, 200, "", [answer.body]);
        }
        return may;
      },
      async carry(client, whole) {
        const text = await new Promise<string | undefined>((end) => calls.push({ end }));
        if (text === undefined) throw new Error("the call failed");
        client.answer(HEAD, 200, "application/json", [Buffer.from(text)], "");
        const answer = whole();
        return answer && { ...answer, givenBy: "sim/m", keptAtMs: 0 };
      },
    };
    return {
      reader,
      served: serveCached(turn).then(
        () => "served",
        (error: Error) => error.message,
      ),
    };
  };
  return { ask, calls, kept, slowFind, given: () => given };
}

const turns = async (): Promise<void> => new Promise((resolve) => setImmediate(resolve));

describe("many who ask the same", () => {
  it("share one call, and its answer is kept for those who come later", async () => {
    const { ask, calls, kept, given } = setUp();
    const all = [ask(), ask(), ask()];
    await turns();
    assert.equal(calls.length, 1);
    calls[0]?.end("yes");
    assert.deepEqual(await Promise.all(all.map(({ served }) => served)), ["served", "served", "served"]);
    assert.deepEqual(
      all.map(({ reader }) => reader.answers.map(({ text }) => text)),
      [["yes"], ["yes"], ["yes"]],
    );
    assert.equal(all[0]?.reader.answers[0]?.head.cache, "miss");
    assert.equal(kept.size, 1);
    const late = ask();
    assert.equal(await late.served, "served");
    assert.deepEqual([calls.length, given(), late.reader.answers[0]?.text], [1, 3, "yes"]);
  });

  it("each decide for themselves when the first fails", async () => {
    const { ask, calls, kept } = setUp();
    const all = [ask(), ask(), ask()];
    await turns();
    calls[0]?.end(undefined);
    assert.equal(await all[0]?.served, "the call failed");
    await turns();
    assert.equal(calls.length, 3);
    calls[1]?.end(undefined);
    calls[2]?.end("third");
    assert.deepEqual([await all[1]?.served, await all[2]?.served], ["the call failed", "served"]);
    assert.equal(kept.get("f")?.body.toString(), "third");
  });

  it("do not wait on when their client leaves", async () => {
    const { ask, calls } = setUp();
    const first = ask();
    const second = ask();
    await turns();
    second.reader.leave();
    assert.match(await second.served, /client/);
    calls[0]?.end("yes");
    assert.equal(await first.served, "served");
    assert.equal(calls.length, 1);
  });
});

describe("a kept answer", () => {
  it("is found although it comes to its store while that is looked at", async () => {
    const { ask, calls, slowFind } = setUp();
    const first = ask();
    await turns();
    const looked = slowFind();
    const second = ask();
    await turns();
    calls[0]?.end("yes");
    await first.served;
    await turns();
    looked();
    assert.equal(await second.served, "served");
    assert.deepEqual([calls.length, second.reader.answers[0]?.text], [1, "yes"]);
  });

  it("that the caller may not have is asked for anew", async () => {
    const { ask, calls, given } = setUp();
    const first = ask();
    await turns();
    calls[0]?.end("yes");
    await first.served;
    const other = ask({ may: false });
    await turns();
    calls[1]?.end("own");
    assert.equal(await other.served, "served");
    assert.deepEqual([other.reader.answers[0]?.text, given()], ["own", 0]);
  });

  it("is not looked at by who wants a new one, and is replaced by it", async () => {
    const { ask, calls, kept } = setUp();
    const first = ask();
    await turns();
    calls[0]?.end("old");
    await first.served;
    const fresh = ask({ reads: false });
    await turns();
    calls[1]?.end("new");
    await fresh.served;
    await turns();
    assert.deepEqual([fresh.reader.answers[0]?.head.cache, kept.get("f")?.body.toString()], ["refresh", "new"]);
  });

  it("that is too large is kept for nobody", async () => {
    const { ask, calls, kept } = setUp();
    const first = ask();
    await turns();
    calls[0]?.end("x".repeat(1_001));
    await first.served;
    assert.equal(kept.size, 0);
  });
});

describe("what makes two requests the same", () => {
  const cache: AnswerCache = {
    flights: new Flights(),
    fingerprint: (parts: readonly unknown[], body: Uint8Array) => JSON.stringify([parts, Buffer.from(body).toString()]),
    find: () => assert.fail(),
    keep: () => assert.fail(),
  };
  const base = {
    scope: "team",
    team: "support",
    key: "k1",
    organisation: "acme",
    meaning: "dynamic//r@1",
    plan: "paid",
  };
  const printOf = (
    changes: Partial<typeof base> & {
      body?: string;
      allowed?: string[];
      beta?: string;
      filter?: string;
      byDefault?: number;
      sender?: string[];
      headers?: Record<string, string>;
    } = {},
  ): string => {
    const {
      scope,
      team,
      key,
      organisation,
      meaning,
      plan,
      body = "{}",
      allowed = [],
      beta = "",
      filter = "",
      byDefault = 0,
      sender = [],
      headers = {},
    } = { ...base, ...changes };
    const attribution = Attribution.create({ organisationId: organisation, teamId: team, keyId: key });
    const features = Features.create({ metadata: { plan }, headers });
    const request = DecideRequest.create({ attribution, features, allowedModels: allowed });
    const limit = { maxOutputTokens: byDefault, isDefaultLimit: byDefault > 0 };
    const sent = { model: "dynamic/r", surface: "openai-chat", body: Buffer.from(body) };
    const asked = { ...sent, ...limit } as unknown as AskedRequest;
    const policies = {
      of: () => ({ meaning, version: 1, cache: { ttlSeconds: 60, scope }, filters: [], senderFacts: sender }),
    };
    const set = { rules: [], unchecked: [], unready: [], webhooks: [], identity: [filter] };
    const selectFilters = () => (filter === "" ? undefined : set);
    return (
      cacheable(request, asked, {}, { "anthropic-beta": beta }, { cache, policies, selectFilters })?.asked
        .fingerprint ?? ""
    );
  };

  it("is all that a route, a provider or a tenant may tell apart", () => {
    assert.equal(printOf(), printOf());
    const others = [
      printOf({ body: "{ }" }),
      printOf({ team: "sales" }),
      printOf({ organisation: "globex" }),
      printOf({ meaning: "dynamic//r@2" }),
      printOf({ plan: "free" }),
      printOf({ allowed: ["dynamic/r"] }),
      printOf({ beta: "tools" }),
      printOf({ filter: "pii" }),
      printOf({ filter: "pii, changed" }),
      printOf({ byDefault: 7 }),
      printOf({ byDefault: 8 }),
    ];
    assert.equal(new Set([printOf(), ...others]).size, others.length + 1);
  });

  it("is shared as far as the scope says, and never by two organisations", () => {
    assert.equal(printOf({ key: "k2" }), printOf());
    assert.notEqual(printOf({ scope: "key", key: "k2" }), printOf({ scope: "key" }));
    assert.equal(printOf({ scope: "organisation", team: "sales" }), printOf({ scope: "organisation" }));
    assert.notEqual(printOf({ scope: "organisation", organisation: "globex" }), printOf({ scope: "organisation" }));
  });

  it("is what the route looks at of who sends, and nothing else of that", () => {
    const gold = { headers: { "x-plan": "gold" } };
    assert.equal(printOf(gold), printOf());
    assert.notEqual(printOf({ ...gold, sender: ["headers.x-plan"] }), printOf({ sender: ["headers.x-plan"] }));
    assert.notEqual(printOf({ key: "k2", sender: ["caller.key_id"] }), printOf({ sender: ["caller.key_id"] }));
    assert.equal(printOf({ key: "k2", sender: ["caller.team_id"] }), printOf({ sender: ["caller.team_id"] }));
  });

  it("is a key's own where it has no team", () => {
    assert.notEqual(printOf({ team: "", key: "k2" }), printOf({ team: "" }));
    assert.equal(printOf({ team: "" }), printOf({ team: "" }));
  });

  it("is not asked of a body so large that it hardly comes twice", () => {
    assert.equal(printOf({ body: " ".repeat(4 * 1024 * 1024 + 1) }), "");
  });
});
