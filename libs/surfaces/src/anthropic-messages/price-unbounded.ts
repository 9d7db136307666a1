// Whether a Messages request asks for something whose price is not that of its tokens, so that a hold could not cover it.

/** Tools that the client runs itself, as Anthropic names them before their date. Any other typed tool runs at the provider. */
const CLIENT_TOOLS = /^(?:custom$|bash_|text_editor_|computer_|computer_toolset_|browser_toolset_|memory_)/;
/** A faster lane, a region and things that run at the provider are charged beside the tokens or dearer than they. */
const CHARGED_FIELDS = ["speed", "inference_geo", "container", "mcp_servers"];

/** What is unknown here counts as dear: a tool of next year must not slip past a hard budget. */
export function isPriceUnbounded(value: Record<string, unknown>, tools: readonly unknown[]): boolean {
  return CHARGED_FIELDS.some((name) => isCharged(name, value[name])) || tools.some((tool) => !isClientTool(tool));
}

function isCharged(name: string, given: unknown): boolean {
  if (given === undefined || given === null) return false;
  return !(name === "speed" && given === "standard");
}

function isClientTool(tool: unknown): boolean {
  if (typeof tool !== "object" || tool === null) return false;
  const { type } = tool as { type?: unknown };
  return type === undefined || type === null || (typeof type === "string" && CLIENT_TOOLS.test(type));
}
