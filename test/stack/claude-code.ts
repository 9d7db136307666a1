// Claude Code as a gateway sees it: its requests, headers and all, two turns long with one call of a tool between them. The form is
// that of its 2.x: a list of betas, the system in marked blocks, some twenty tools, thinking, context management, JSON in `user_id`.
import assert from "node:assert/strict";
import { createHash } from "node:crypto";
import type { CallEntry, Script } from "@waybill/testing";
import type { TestStack } from "./start-stack.ts";

export const CLAUDE_CODE_BETAS =
  "claude-code-20250219,interleaved-thinking-2025-05-14,context-management-2025-06-27,prompt-caching-scope-2026-01-05";

const mark = { cache_control: { type: "ephemeral" } };
const NAMES = [
  ...[
    "Task",
    "TaskOutput",
    "Bash",
    "Glob",
    "Grep",
    "ExitPlanMode",
    "Read",
    "Edit",
    "Write",
    "NotebookEdit",
    "WebFetch",
  ],
  ...["TodoWrite", "WebSearch", "TaskStop", "AskUserQuestion", "Skill", "EnterPlanMode", "LSP", "ToolSearch"],
  "mcp__github__get_issue",
];
const TOOLS = NAMES.map((name, index) => ({
  name,
  description: `${name} does what its name says.\n\nUsage notes: …`,
  input_schema: {
    $schema: "https://json-schema.org/draft/2020-12/schema",
    type: "object",
    properties: {
      command: { description: "What to run", type: "string" },
      timeout: { type: "number", exclusiveMinimum: 0 },
    },
    required: ["command"],
    additionalProperties: false,
  },
  ...(index === NAMES.length - 1 && mark),
}));

export type Thinking = { type: "adaptive" } | { type: "enabled"; budget_tokens: number };

const settingsOf = (model: string, thinking: Thinking) => ({
  model,
  system: [
    { type: "text", text: "You are Claude Code, Anthropic's official CLI for Claude.", ...mark },
    { type: "text", text: "You are an interactive agent.\n# Environment\n…", ...mark },
  ],
  tools: TOOLS,
  // Longer than the 64 characters that OpenAI takes as a user.
  metadata: { user_id: JSON.stringify({ device_id: "d".repeat(64), account_uuid: "", session_id: "0199-session" }) },
  max_tokens: 3_000,
  thinking,
  context_management: { edits: [{ type: "clear_thinking_20251015", keep: "all" }] },
  ...(thinking.type === "adaptive" && { output_config: { effort: "medium" } }),
  stream: true,
});

interface Block {
  type: string;
  id?: string;
  text?: string;
  name?: string;
  input?: unknown;
  thinking?: string;
  signature?: string;
}

/** One turn: what was sent, what the provider received, and what came back. */
interface Turn {
  body: string;
  call: CallEntry;
  blocks: Block[];
  stopReason: string;
  /** Names in `x-waybill-dropped`. */
  dropped: string | null;
}

function post(stack: TestStack, path: string, body: string): Promise<Response> {
  return fetch(`${stack.url}${path}?beta=true`, {
    method: "POST",
    headers: {
      ...{ authorization: `Bearer ${stack.keys.support_1}`, "content-type": "application/json" },
      ...{ "anthropic-version": "2023-06-01", "anthropic-beta": CLAUDE_CODE_BETAS },
      ...{ "anthropic-dangerous-direct-browser-access": "true", "x-app": "cli" },
      ...{ "user-agent": "claude-cli/2.1.0 (external, cli)", "x-stainless-lang": "js", "x-stainless-retry-count": "0" },
    },
    body,
  });
}

/** The blocks of a stream, put together as Claude Code does; fails where the stream has another order or no end. */
function readBlocks(text: string): { blocks: Block[]; stopReason: string } {
  const events = text
    .split("\n\n")
    .filter((event) => event.startsWith("event: "))
    .map((event) => JSON.parse(event.slice(event.indexOf("data: ") + "data: ".length)))
    .filter(({ type }) => type !== "ping");
  assert.deepEqual(
    [events[0]?.type, events.at(-2)?.type, events.at(-1)?.type],
    ["message_start", "message_delta", "message_stop"],
  );
  const blocks: Block[] = [];
  const json: string[] = [];
  for (const { type, index, content_block: begun, delta } of events) {
    if (type === "content_block_start") {
      assert.equal(index, blocks.length, "blocks are numbered one by one");
      blocks.push({ ...begun });
      json.push("");
    } else if (type === "content_block_delta") {
      const block = blocks[index] ?? assert.fail(`a delta of block ${index}, which has not begun`);
      if (delta.type === "text_delta") block.text += delta.text;
      else if (delta.type === "thinking_delta") block.thinking += delta.thinking;
      else if (delta.type === "signature_delta") block.signature = delta.signature;
      else json[index] += delta.partial_json;
    } else if (type === "content_block_stop") {
      const block = blocks[index];
      if (block?.type === "tool_use") block.input = JSON.parse(json[index] || "{}");
    }
  }
  return { blocks, stopReason: events.at(-2)?.delta.stop_reason };
}

export const sha256 = (text: string): string => createHash("sha256").update(text).digest("hex");

/**
 * Two turns at `model`, with a call of Bash between them, then a count of their tokens. `play` scripts the model's next answer.
 * Fails where Claude Code would notice something.
 */
export async function claudeCodeTwoTurns(
  stack: TestStack,
  model: string,
  thinking: Thinking,
  play: (script: Script) => void,
): Promise<[Turn, Turn]> {
  const settings = settingsOf(model, thinking);
  const reminder = { type: "text", text: "<system-reminder>\nAs you answer, …\n</system-reminder>" };
  const messages: object[] = [
    { role: "user", content: [reminder, { type: "text", text: "List the files.", ...mark }] },
  ];
  const turn = async (): Promise<Turn> => {
    const body = JSON.stringify({ ...settings, messages });
    const answer = await post(stack, "/v1/messages", body);
    const text = await answer.text();
    assert.equal(answer.status, 200, text);
    const call = stack.provider.log.forRequest(answer.headers.get("request-id") ?? "").at(-1);
    assert.ok(call, "the provider was called");
    return { body, call, ...readBlocks(text), dropped: answer.headers.get("x-waybill-dropped") };
  };

  const toolCalls = [{ name: "Bash", arguments: '{"command":"ls"}' }];
  play({ text: "I look.", chunks: 2, toolCalls, reasoningTokens: 4, bytesPerWrite: 23 });
  const first = await turn();
  assert.equal(first.stopReason, "tool_use");
  assert.equal(textOf(first.blocks), "I look.");
  const used = first.blocks.find(({ type }) => type === "tool_use");
  assert.deepEqual([used?.name, used?.input], ["Bash", { command: "ls" }]);

  // Claude Code gives everything back as it came, and the tool's output as blocks.
  const result = { tool_use_id: used?.id, type: "tool_result", is_error: false, ...mark };
  messages.push({ role: "assistant", content: first.blocks });
  messages.push({ role: "user", content: [{ ...result, content: [{ type: "text", text: "README.md\n" }] }, reminder] });
  play({ text: "README.md is all.", chunks: 3 });
  const second = await turn();
  assert.deepEqual([textOf(second.blocks), second.stopReason], ["README.md is all.", "end_turn"]);

  const calls = stack.provider.log.entries().length;
  const { model: counted, system, tools } = settings;
  const count = await post(
    stack,
    "/v1/messages/count_tokens",
    JSON.stringify({ model: counted, system, tools, thinking, messages }),
  );
  const { input_tokens: tokens } = (await count.json()) as { input_tokens: number };
  assert.ok(count.status === 200 && tokens > 500 && tokens < 2_000, `${count.status}: ${tokens} tokens`);
  assert.equal(stack.provider.log.entries().length, calls, "nobody is asked to count");
  return [first, second];
}

const textOf = (blocks: readonly Block[]): string => blocks.map(({ text = "" }) => text).join("");
