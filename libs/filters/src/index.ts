// Content filters, pure: detectors of personal data, secrets, words and patterns, and the scanner that runs them over a text, whole or
// as it comes in.
export {
  compileFilter,
  FILTER_ACTIONS,
  FILTER_PLACES,
  FILTERS_MAX,
  type FilterDefinition,
  type FilterPlace,
  type FilterProblem,
  type FilterWebhook,
  PII_KINDS,
  REPLACEMENT_CHARACTERS_MAX,
  WEBHOOK_TIMEOUT_MS_MAX,
} from "./filter.ts";
export { type FilterAction, type Found, type Rule, scanText, TextScanner } from "./scan/text-scanner.ts";
