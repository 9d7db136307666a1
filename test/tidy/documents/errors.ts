// docs/errors.md from the catalogue in libs/domain.
import { ERRORS, type ErrorEntry } from "@waybill/domain";
import { code, GENERATED, table } from "./markdown.ts";

const GRPC_NAMES = [
  "OK",
  "CANCELLED",
  "UNKNOWN",
  "INVALID_ARGUMENT",
  "DEADLINE_EXCEEDED",
  "NOT_FOUND",
  "ALREADY_EXISTS",
  "PERMISSION_DENIED",
  "RESOURCE_EXHAUSTED",
  "FAILED_PRECONDITION",
  "ABORTED",
  "OUT_OF_RANGE",
  "UNIMPLEMENTED",
  "INTERNAL",
  "UNAVAILABLE",
  "DATA_LOSS",
  "UNAUTHENTICATED",
] as const;

const INTRODUCTION = `# Errors

Every error is one of these codes, told in the form of whoever asks, with its id in \`x-request-id\` and \`request-id\`: OpenAI's (chat
completions, responses, completions, embeddings), Anthropic's (\`/v1/messages\`, and wherever \`anthropic-version\` is sent to a path of no
surface), and the admin API's, with \`param\` and \`problems\` where there are any. \`type\` is OpenAI's below; Anthropic's follows from the
status.

\`\`\`json
{ "error": { "message": "The budget is used up.", "type": "insufficient_quota", "param": null, "code": "budget_exceeded" } }
{ "type": "error", "error": { "type": "billing_error", "message": "The budget is used up.", "details": { "error_code": "budget_exceeded" } }, "request_id": "01…" }
{ "error": { "code": "invalid_value", "message": "A field of the request has an invalid value.", "param": "name" } }
\`\`\`

- **Retry** says who may try the same request again: \`same\`: the same model, after a moment; \`next\`: the gateway itself asks
  the router for the next model before any content has reached the client; \`never\`: nobody, it would fail again.
- 503 and 429 carry \`Retry-After\` (1 to 30 s) and \`retry-after-ms\`. A used-up budget is 402 and carries
  \`x-should-retry: false\`: official SDKs repeat a 429, and repeating does not refill a budget.
- After the first byte of a stream the status is sent already. Then the stream ends with one last event and without its end mark:

  | stream | last event | missing |
  | --- | --- | --- |
  | chat completions, completions | \`data:\` with the same \`error\` object | \`[DONE]\` |
  | Messages | \`event: error\`, its data as above | \`message_stop\` |
  | responses | \`event: response.failed\`: \`response.status\` is \`failed\`, the code in \`response.error\`, the \`error\` object beside it | \`response.completed\` |

- The sentence may be replaced by a more exact one (which budget, which field). It never names another tenant, a host or a secret.
- gRPC between our services uses the status beside it; \`code\` travels as a field of the message where callers decide by it.
- \`client_gone\`, \`slow_reader\` and \`not_sent\` stand in records and logs; a client that has left sees nothing.`;

export function renderErrors(errors: Readonly<Record<string, ErrorEntry>> = ERRORS): string {
  const rows = Object.entries(errors).map(([name, entry]) => [
    code(name),
    String(entry.httpStatus),
    GRPC_NAMES[entry.grpcStatus] ?? String(entry.grpcStatus),
    code(entry.type),
    entry.retry,
    entry.sentence,
  ]);
  return `${GENERATED}\n${INTRODUCTION}\n\n${table(["code", "HTTP", "gRPC", "type", "retry", "sentence"], rows)}\n`;
}
