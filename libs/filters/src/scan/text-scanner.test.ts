import assert from "node:assert/strict";
import { describe, it } from "node:test";
import fc from "fast-check";
import { compileFilter, type FilterDefinition } from "../filter.ts";
import { type Found, type Rule, scanText, TextScanner } from "./text-scanner.ts";

const EVERYTHING: FilterDefinition = {
  ...{ id: "all", where: ["input", "output"], action: "redact", always: true, onError: "closed", replacement: "" },
  pii: ["email", "phone", "credit_card", "iban", "ip_address", "us_ssn"],
  secrets: true,
  keywords: ["acme", "project falcon", "straße"],
  pattern: "(?i)\\b[a-f]{2}-\\d{1,4}\\b|x{2,5}y",
};

/** What looks like a key stands nowhere in one piece. */
const KEY = "PRIVATE KEY-----";

function rulesOf(definition: Partial<FilterDefinition> = {}): readonly Rule[] {
  const { rules, problems } = compileFilter({ ...EVERYTHING, ...definition });
  assert.deepEqual(problems, []);
  return rules;
}

/** Pieces of what is looked for, whole and broken, so that they meet in every way. */
const fragments = fc.constantFrom(
  ..."jane.doe@mail.example.com|@|.com|4242 4242 4242 4242|4242424242424242|-4242|DE89 3704 0044 0532 0130 00".split(
    "|",
  ),
  ..."DE8937040044053201300|GB29NWBK60161331926819|123-45-6789|123|-45-|+1 415 555 2671|(415) 555-|192.168.0.1|2001:db8::1:2".split(
    "|",
  ),
  ..."acme|ACME|project|falcon|STRASSE|Straße|ab-12|xxxy|xx|yyy|AKIAIOSFODNN7EXAMPLE|ghp_aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa".split(
    "|",
  ),
  ...`-----BEGIN ${KEY}|-----END ${KEY}|-----|MIIEvQIBADANBgkqhkiG9w0|eyJhbGciOiJIUzI1NiJ9|eyJzdWIiOiIxIn0`.split("|"),
  ...' | |.|,|\n|-|"|\\|\u{1f600}|ä|e\u0301|word|The parcel is on its way'.split("|"),
);
const texts = fc.array(fragments, { maxLength: 40 }).map((parts) => parts.join(""));

/** What is shown and found when the text is cut at these shares of what is left. */
function inPieces(text: string, cuts: readonly number[], rules: readonly Rule[], isJson = false) {
  const found: Found[] = [];
  const scanner = new TextScanner({ rules, isJson, onFound: (one) => found.push(one) });
  let shown = "";
  let rest = text;
  for (const cut of cuts) {
    const length = Math.floor(cut * Math.min(rest.length, 60));
    shown += scanner.push(rest.slice(0, length));
    rest = rest.slice(length);
  }
  for (const character of rest.split("")) shown += scanner.push(character);
  shown += scanner.end();
  return { shown, isBlocked: scanner.isBlocked, found: found.map(({ kind }) => kind).sort() };
}

function whole(text: string, rules: readonly Rule[], isJson = false) {
  const found: Found[] = [];
  const shown = scanText(text, { rules, isJson, onFound: (one) => found.push(one) });
  return { shown, isBlocked: shown === undefined, found: found.map(({ kind }) => kind).sort() };
}

const cuts = fc.array(fc.double({ min: 0, max: 1, noNaN: true }), { maxLength: 30 });

describe("a text in pieces", () => {
  it("is redacted as the whole is, however it is cut", () => {
    const rules = rulesOf();
    fc.assert(
      fc.property(texts, cuts, fc.boolean(), (text, at, isJson) => {
        assert.deepEqual(inPieces(text, at, rules, isJson), whole(text, rules, isJson));
      }),
      { numRuns: 1_500 },
    );
  });

  it("is redacted as the whole is by each detector alone", () => {
    for (const rule of rulesOf()) {
      fc.assert(
        fc.property(texts, cuts, (text, at) => assert.deepEqual(inPieces(text, at, [rule]), whole(text, [rule]))),
        { numRuns: 150 },
      );
    }
  });

  it("is blocked as the whole is, and what was shown before stood before the finding", () => {
    const rules = rulesOf({ action: "block" });
    fc.assert(
      fc.property(texts, cuts, (text, at) => {
        const { shown, isBlocked } = inPieces(text, at, rules);
        assert.equal(isBlocked, whole(text, rules).isBlocked);
        assert.ok(text.startsWith(shown));
        const firsts = rules.map(({ detector }) => detector.find(text, 0)?.start ?? text.length);
        assert.ok(shown.length <= Math.min(...firsts));
        if (!isBlocked) assert.equal(shown, text);
      }),
      { numRuns: 500 },
    );
  });

  it("is handed on unchanged where filters only look", () => {
    const rules = rulesOf({ action: "flag" });
    fc.assert(fc.property(texts, cuts, (text, at) => assert.equal(inPieces(text, at, rules).shown, text)));
  });
});

describe("a text scanner", () => {
  it("holds back the last word of prose and no more, where no phrase of the operator's own is looked for", () => {
    const scanner = new TextScanner({ rules: rulesOf({ keywords: [], pattern: "" }), onFound: () => {} });
    assert.equal(scanner.push("Your parcel will be with you on Monday"), "Your parcel will be with you on ");
    assert.equal(scanner.push(" at ten."), "Monday at ");
  });

  it("holds back a private key until its end, however long", () => {
    const scanner = new TextScanner({ rules: rulesOf({ keywords: [], pattern: "" }), onFound: () => {} });
    assert.equal(scanner.push(`a -----BEGIN ${KEY}\n`), "a ");
    for (let line = 0; line < 30; line += 1) assert.equal(scanner.push(`${"M".repeat(64)}\n`), "");
    assert.equal(scanner.push(`-----END ${KEY} then more`), "[private_key] then ");
  });

  it("makes one of findings that overlap, named for the first", () => {
    const rules = rulesOf({ pii: ["email"], keywords: ["acme"], pattern: "", secrets: false });
    assert.equal(whole("jane@acme.com acme", rules).shown, "[email] [keyword]");
  });

  it("keeps JSON readable: a text for a number, an escaped text inside of one", () => {
    const rules = rulesOf({ replacement: '"gone"' });
    const json = '{"card":4242424242424242,"to":"jane@example.com","n":[378282246310005, 1]}';
    const shown = inPieces(json, [0.4, 0.1, 0.7], rules, true).shown;
    assert.deepEqual(JSON.parse(shown), { card: '"gone"', to: '"gone"', n: ['"gone"', 1] });
  });

  it("takes time in proportion to a long text full of findings", () => {
    const rules = rulesOf();
    const text = "jane@example.com 4242424242424242 ab-12 acme ".repeat(10_000);
    const started = performance.now();
    assert.equal(whole(text, rules).found.length, 40_000);
    assert.ok(performance.now() - started < 5_000);
  });
});
