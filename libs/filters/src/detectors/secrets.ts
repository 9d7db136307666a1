// Credentials that can be told by their form. The forms are those their makers document for secret scanning; a key without a form of
// its own (a bare password, 40 characters of base64) is not found.
import { type Detector, detectBy } from "./detector.ts";
import { privateKey } from "./private-key.ts";

/** The characters that all of these are made of, but for the dots of a JWT. */
const PART = /[A-Za-z0-9_-]/;
const BEFORE = "(?<![A-Za-z0-9_-])";

function token(kind: string, form: string, reach: number): Detector {
  return detectBy({ kind, pattern: new RegExp(BEFORE + form, "g"), part: PART, reach });
}

export const secrets: readonly Detector[] = [
  // https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_identifiers.html#identifiers-unique-ids
  token("aws_access_key", "(?:AKIA|ASIA)[A-Z2-7]{16}(?![A-Za-z0-9_-])", 24),
  // https://docs.github.com/en/authentication/keeping-your-account-and-data-secure/about-authentication-to-github#githubs-token-formats
  token("github_token", "(?:gh[pousr]_[A-Za-z0-9]{36,255}|github_pat_[A-Za-z0-9_]{40,255})", 270),
  // Anthropic's first: they begin like OpenAI's.
  token("anthropic_key", "sk-ant-[A-Za-z0-9_-]{20,255}", 270),
  token("openai_key", "sk-(?!ant-)[A-Za-z0-9_-]{20,255}", 270),
  // https://api.slack.com/concepts/token-types
  token("slack_token", "(?:xox[abeoprs]-[A-Za-z0-9-]{10,255}|xapp-[A-Za-z0-9-]{20,255})", 270),
  token("google_api_key", "AIza[A-Za-z0-9_-]{35}", 42),
  // https://docs.stripe.com/keys
  token("stripe_key", "(?:sk|rk)_(?:live|test)_[A-Za-z0-9]{16,255}", 270),
  // RFC 7519: header and payload are JSON objects, so each begins with eyJ in base64url.
  detectBy({
    kind: "jwt",
    pattern: /(?<![A-Za-z0-9_.-])eyJ[A-Za-z0-9_-]{8,2000}\.eyJ[A-Za-z0-9_-]{2,4000}\.[A-Za-z0-9_-]{16,1000}/g,
    part: /[A-Za-z0-9_.-]/,
    reach: 7_100,
  }),
  // Our own virtual keys: libs/domain/src/ids.ts.
  token("waybill_key", "wb_[A-Za-z0-9]{4,64}_[A-Za-z0-9_-]{16,128}", 200),
  privateKey,
];
