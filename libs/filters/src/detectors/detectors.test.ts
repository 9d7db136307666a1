// Every detector by tables: what it finds, and what it must not take for it.
import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { scanText } from "../scan/text-scanner.ts";
import { creditCard, passesLuhn } from "./credit-card.ts";
import type { Detector } from "./detector.ts";
import { email } from "./email.ts";
import { iban } from "./iban.ts";
import { ipAddress } from "./ip-address.ts";
import { detectKeywords } from "./keywords.ts";
import { detectPattern } from "./pattern.ts";
import { phone } from "./phone.ts";
import { secrets } from "./secrets.ts";
import { usSsn } from "./us-ssn.ts";

/** The text with every finding in its place replaced. */
function redacted(text: string, ...detectors: Detector[]): string | undefined {
  const rules = detectors.map((detector) => ({
    ...{ filter: "f", action: "redact" as const, detector },
    replacement: undefined,
  }));
  return scanText(text, { rules, onFound: () => {} });
}

function finds(name: string, detectors: readonly Detector[], table: Record<string, string>): void {
  describe(name, () => {
    for (const [text, expected] of Object.entries(table)) {
      it(`${JSON.stringify(text.slice(0, 60))} becomes ${JSON.stringify(expected.slice(0, 60))}`, () =>
        assert.equal(redacted(text, ...detectors), expected));
    }
  });
}

/** Nothing is found in these. */
const untouched = (...texts: string[]): Record<string, string> => Object.fromEntries(texts.map((text) => [text, text]));

finds("email", [email], {
  "write to jane.doe+x@mail.example.co.uk, please": "write to [email], please",
  "<mailto:a@b.de>": "<mailto:[email]>",
  "user=bob@example.com&x": "user=[email]&x",
  "'o'brien@example.com'": "'o'[email]'",
  "a@b.com@c.de": "[email]@c.de",
  "...jane@example.com.": "...[email].",
  [`${"x".repeat(64)}@example.com`]: "[email]",
  ...untouched("@here", "a@b", "a @b.com", "a@-b.com", "a..b@example.com", "a.@example.com", "x@y.c0m", "git@host:"),
  ...untouched(`${"x".repeat(65)}@example.com`, `a@${"d".repeat(64)}.com`),
});

// The numbers are the makers' own for tests: https://docs.stripe.com/testing, https://docs.adyen.com/development-resources/testing
finds("credit_card", [creditCard], {
  "4242424242424242": "[credit_card]",
  "card 4242 4242 4242 4242 12/26": "card [credit_card] 12/26",
  "4242-4242-4242-4242.": "[credit_card].",
  "5555555555554444 2223003122003222": "[credit_card] [credit_card]",
  "378282246310005, 6011111111111117, 3056930009020004": "[credit_card], [credit_card], [credit_card]",
  "36227206271667 3566002020360505 6200000000000005": "[credit_card] [credit_card] [credit_card]",
  "4222222222222": "[credit_card]",
  "order 12 4242 4242 4242 4242": "order 12 [credit_card]",
  ...untouched("4242424242424241", "1234567812345670", "4242  4242  4242  4242", "x4242424242424242"),
  ...untouched("4242424242424242a", "42424242424242424242424242", "0000000000000000", "2026-11-27 10:00:00"),
});

it("Luhn's check fails for every single wrong digit", () => {
  const card = "4242424242424242";
  for (let at = 0; at < card.length; at += 1) {
    for (const digit of "0123456789") {
      if (digit === card[at]) continue;
      assert.equal(passesLuhn(card.slice(0, at) + digit + card.slice(at + 1)), false);
    }
  }
});

// The registry's own examples: SWIFT, IBAN Registry.
finds("iban", [iban], {
  DE89370400440532013000: "[iban]",
  "pay to GB29 NWBK 6016 1331 9268 19 today": "pay to [iban] today",
  fr1420041010050500013m02606: "[iban]",
  "NO9386011117947, MT84MALT011000012345MTLCAST001S": "[iban], [iban]",
  "ES9121000418450200051332.": "[iban].",
  "NL91ABNA0417164300 BE68539007547034": "[iban] [iban]",
  ...untouched("DE89370400440532013001", "XX89370400440532013000", "DE8937040044053201300", "aDE89370400440532013000"),
  ...untouched("DE893704004405320130001", "DE89 3704  0044 0532 0130 00", "AB12"),
});

finds("us_ssn", [usSsn], {
  "my number is 123-45-6789.": "my number is [us_ssn].",
  "123 45 6789": "[us_ssn]",
  ...untouched("000-12-3456", "666-12-3456", "900-12-3456", "123-00-4567", "123-45-0000", "123456789"),
  ...untouched("1123-45-6789", "123-45-67890", "123-45 6789", "123-45-6789-1"),
});

finds("phone", [phone], {
  "call +49 30 901820, now": "call [phone], now",
  "+4930901820": "[phone]",
  "+1 (415) 555-2671": "[phone]",
  "(415) 555-2671": "[phone]",
  "415-555-2671 or 1-415-555-2671": "[phone] or [phone]",
  "+33 1 42 68 53 00": "[phone]",
  ...untouched("4155552671", "2 + 2 = 4", "+12", "2026-11-27", "1.2.3.4", "115-555-2671", "415-155-2671"),
  ...untouched("+1234567890123456789", "a415-555-2671", "12-345-678-90"),
});

finds("ip_address", ipAddress, {
  "from 192.168.1.254.": "from [ip_address].",
  "10.0.0.1:8080": "[ip_address]:8080",
  "2001:db8::8a2e:370:7334": "[ip_address]",
  "2001:0db8:85a3:0000:0000:8a2e:0370:7334/64": "[ip_address]/64",
  "[fe80::1:2:3]": "[[ip_address]]",
  ...untouched("256.1.1.1", "1.2.3", "1.2.3.4.5", "01.2.3.4", "v1.2.3.4", "12:30:45", "std::vector", "a::b"),
  ...untouched("aa:bb:cc:dd:ee:ff", "1:2:3:4:5:6:7", "1::2::3:4"),
});

const letters = "AbCdEfGhIjKlMnOpQrStUvWxYz0123456789";
const pem = (name: string, body: string): string => `-----BEGIN ${name}-----\n${body}\n-----END ${name}-----`;
finds("secrets", secrets, {
  "id AKIAIOSFODNN7EXAMPLE": "id [aws_access_key]",
  [`ghp_${letters}`]: "[github_token]",
  [`github_pat_${letters}_${letters}`]: "[github_token]",
  [`sk-ant-api03-${letters}`]: "[anthropic_key]",
  [`key=sk-proj-${letters}`]: "key=[openai_key]",
  "xoxb-123456789012-abcdef": "[slack_token]",
  [`AIza${letters.slice(0, 35)}`]: "[google_api_key]",
  [`sk_live_${letters}`]: "[stripe_key]",
  "eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiIxIn0.c2lnbmF0dXJlLW9mLWl0": "[jwt]",
  [`wb_abcdefgh_${letters}`]: "[waybill_key]",
  [`a ${pem("PRIVATE KEY", "MIIE")} b`]: "a [private_key] b",
  [pem("RSA PRIVATE KEY", "x\n".repeat(3_000))]: "[private_key]",
  [pem("PGP PRIVATE KEY BLOCK", "x")]: "[private_key]",
  [`-----BEGIN EC ${"PRIVATE KEY-----"}\nMHcCAQ`]: "[private_key]",
  ...untouched(
    "AKIAIOSFODNN7EXAMPL",
    "xAKIAIOSFODNN7EXAMPLE",
    "sk-short",
    "ghp_short",
    "task-force-of-the-very-long-name",
  ),
  ...untouched(pem("PUBLIC KEY", "x"), pem("CERTIFICATE", "x"), "eyJhbGciOiJIUzI1NiJ9", "wb_a_b"),
});

finds("keywords", [detectKeywords(["Project Falcon", "project falcon two", "straße", "acme", "Ω-1"])], {
  "PROJECT  falcon!": "[keyword]!",
  "project\nFalcon": "[keyword]",
  "project falcon two": "[keyword]",
  "project falcon twofold": "[keyword] twofold",
  "STRASSE and Straße": "[keyword] and [keyword]",
  "Acme's acme": "[keyword]'s [keyword]",
  "ω/1": "[keyword]",
  ...untouched("projects falcon", "acmes", "_acme", "project the falcon", "project     falcon", "projectfalcon"),
});

describe("pattern", () => {
  const of = (source: string): Detector => {
    const detector = detectPattern(source);
    assert.ok(typeof detector !== "string", String(detector));
    return detector;
  };
  it("matches as RE2 does, from where the last match ended", () => {
    assert.equal(redacted("EMP-1234, emp-99 EMP-12345", of("\\bEMP-\\d{4}\\b")), "[pattern], emp-99 EMP-12345");
    assert.equal(redacted("aaaa", of("aa")), "[pattern][pattern]");
    assert.equal(redacted("x ÄB y", of("(?i)äb")), "x [pattern] y");
  });

  const problems: Record<string, string> = {
    "a+": "must have an end: write {0,50} or {1,50} instead of +",
    "(ab)*": "must have an end: write {0,50} or {1,50} instead of *",
    "a{3,}": "must have an end: {3,} has none",
    "^a": "must not have ^: a text may come in pieces",
    a$: "must not have $: a text may come in pieces",
    "\\Aa": "must not have \\A",
    "(?:ab{1,100}){1,3}": "may match 303 characters, and 256 are the most",
    "a?": "must not match an empty text",
    "\\b": "must not match an empty text",
    "\\": "is no RE2 pattern",
    "(?=a)b": "is no RE2 pattern",
    "(a)\\1": "is no RE2 pattern",
  };
  for (const [source, problem] of Object.entries(problems)) {
    it(`refuses ${source}: it ${problem}`, () => {
      const said = detectPattern(source);
      assert.ok(typeof said === "string" && said.startsWith(problem), String(said));
    });
  }
  it("takes what looks unbounded and is not", () => {
    for (const source of [
      "[+*$^]{1,3}",
      "a\\+\\*\\$",
      "[\\]+]",
      "[]a*]",
      "(?i)x",
      "(?P<n>x|yy)z?",
      "\\p{Greek}{2}",
      "\\x{1F600}",
    ]) {
      assert.ok(typeof detectPattern(source) !== "string", `${source}: ${detectPattern(source)}`);
    }
  });
});
