// A content filter as an operator defines it, and what it becomes: rules for texts, and the questions it asks of others.
import { creditCard } from "./detectors/credit-card.ts";
import type { Detector } from "./detectors/detector.ts";
import { email } from "./detectors/email.ts";
import { iban } from "./detectors/iban.ts";
import { ipAddress } from "./detectors/ip-address.ts";
import { detectKeywords, KEYWORD_CHARACTERS_MAX, KEYWORDS_MAX, wordsOf } from "./detectors/keywords.ts";
import { detectPattern } from "./detectors/pattern.ts";
import { phone } from "./detectors/phone.ts";
import { secrets } from "./detectors/secrets.ts";
import { usSsn } from "./detectors/us-ssn.ts";
import type { FilterAction, Rule } from "./scan/text-scanner.ts";

/** What goes to a model, and what comes back. */
export const FILTER_PLACES = ["input", "output"] as const;
export type FilterPlace = (typeof FILTER_PLACES)[number];
export const FILTER_ACTIONS = ["block", "redact", "flag"] as const satisfies readonly FilterAction[];
export const PII_KINDS = ["email", "phone", "credit_card", "iban", "ip_address", "us_ssn"] as const;
type PiiKind = (typeof PII_KINDS)[number];

/** A service of the operator's own that is shown whole texts. */
export interface FilterWebhook {
  url: string;
  /** For the question and its answer. */
  timeoutMs: number;
  /** Private and loopback addresses are refused unless this is set. */
  allowPrivateAddress: boolean;
  /** Streams wait until they are whole; without it a webhook cannot be asked about answers. */
  buffer: boolean;
}

export const WEBHOOK_TIMEOUT_MS_MAX = 30_000;

/** Of an installation. */
export const FILTERS_MAX = 100;
export const REPLACEMENT_CHARACTERS_MAX = 64;

export interface FilterDefinition {
  /** 1 to 64 lower-case letters, digits, dashes and underscores. */
  id: string;
  where: readonly FilterPlace[];
  action: FilterAction;
  pii: readonly string[];
  secrets: boolean;
  keywords: readonly string[];
  /** An RE2 pattern; empty: none. */
  pattern: string;
  webhook?: FilterWebhook | undefined;
  /** It applies to every request, not only on routes that name it. */
  always: boolean;
  /** What a filter that cannot do its work means: the request goes on, or it does not. */
  onError: "open" | "closed";
  /** What stands for a finding; empty: its kind in brackets. */
  replacement: string;
}

/** A problem of a definition; `field` as an operator wrote it. */
export interface FilterProblem {
  field: string;
  problem: string;
}

const PII: Readonly<Record<PiiKind, readonly Detector[]>> = {
  email: [email],
  phone: [phone],
  credit_card: [creditCard],
  iban: [iban],
  ip_address: ipAddress,
  us_ssn: [usSsn],
};

/** The rules of a filter, or every problem of its definition. */
export function compileFilter(definition: FilterDefinition): { rules: readonly Rule[]; problems: FilterProblem[] } {
  const { id, action, replacement } = definition;
  const problems: FilterProblem[] = [];
  const report = (field: string, problem: string): void => void problems.push({ field, problem });
  const detectors = [
    ...definition.pii.flatMap((kind) => piiDetectors(kind, report)),
    ...(definition.secrets ? secrets : []),
    ...keywordDetectors(definition.keywords, report),
    ...patternDetectors(definition.pattern, report),
  ];
  if (definition.webhook) checkWebhook(definition, definition.webhook, report);
  else if (detectors.length === 0 && problems.length === 0) report("detect", "looks for nothing");
  if (replacement !== "" && action !== "redact") report("replacement", "is only for the action redact");
  const rules = detectors.map((detector) => ({
    ...{ filter: id, action, detector },
    replacement: replacement === "" ? undefined : replacement,
  }));
  return { rules, problems };
}

type Report = (field: string, problem: string) => void;

function piiDetectors(kind: string, report: Report): readonly Detector[] {
  const known = PII_KINDS.find((each) => each === kind);
  if (known) return PII[known];
  report("detect.pii", `${kind} is none of ${PII_KINDS.join(", ")}`);
  return [];
}

function checkWebhook({ where, action }: FilterDefinition, { url, buffer }: FilterWebhook, report: Report): void {
  if (!/^https?:\/\/[^@\s]+$/.test(url) || !URL.canParse(url)) {
    report("detect.webhook.url", "must be a URL without credentials that begins with https:// or http://");
  }
  if (action === "redact") report("detect.webhook", "says whether, not where, so it cannot redact");
  if (where.includes("output") && !buffer) {
    report(
      "detect.webhook.buffer",
      "must be true for output: a stream waits until it is whole, and is then asked about",
    );
  }
}

function keywordDetectors(keywords: readonly string[], report: Report): readonly Detector[] {
  if (keywords.length === 0) return [];
  if (keywords.length > KEYWORDS_MAX) report("detect.keywords", `are more than ${KEYWORDS_MAX}`);
  keywords.forEach((keyword, index) => {
    if (keyword.length > KEYWORD_CHARACTERS_MAX)
      report(`detect.keywords[${index}]`, `is longer than ${KEYWORD_CHARACTERS_MAX} characters`);
    if (wordsOf(keyword).length === 0) report(`detect.keywords[${index}]`, "has no letter and no digit");
  });
  return [detectKeywords(keywords)];
}

function patternDetectors(pattern: string, report: Report): readonly Detector[] {
  if (pattern === "") return [];
  const detector = detectPattern(pattern);
  if (typeof detector !== "string") return [detector];
  report("detect.pattern", detector);
  return [];
}
