// routes simulate: a request as it might come, and the way it would go. Nothing is sent and nothing is held.
import type { Command } from "commander";
import type { Api } from "../../api/client.ts";
import type { Explanation } from "../../api/shapes.ts";
import { isRouteFile, readRouteFile } from "../../files/route-files.ts";
import { formatExplanation } from "../../print/explanation.ts";
import { addVerb } from "../add-verb.ts";
import { contextOf } from "../context.ts";
import { collectPair, wholeNumber } from "../option-values.ts";
import { importSoundFile } from "./import-file.ts";

interface SimulateOptions {
  metadata: Record<string, string>;
  header: Record<string, string>;
  tag: Record<string, string>;
  team?: string;
  user?: string;
  inputTokens: number;
  outputTokens: number;
  tools?: boolean;
  images?: boolean;
  jsonSchema?: boolean;
  embeddings?: boolean;
  stream?: boolean;
  session?: string;
  mode?: string;
}

const TOKENS_MAX = 100_000_000;
const tokens = wholeNumber(0, TOKENS_MAX);

export function addRoutesSimulate(routes: Command): void {
  addVerb(
    routes,
    "simulate <route-or-file>",
    "which way a request would go through a route in service (support), a version of it (support@2), a file, or with a model's name",
    "routes simulate support --metadata user_plan=paid --team support --input-tokens 2000",
    "routes simulate routes/support.json --tools --mode cost",
  )
    .option("--metadata <name=value>", "repeat for more", collectPair, {})
    .option("--header <name=value>", "repeat for more", collectPair, {})
    .option("--tag <name=value>", "tag of the key; repeat for more", collectPair, {})
    .option("--team <id>", "of this team")
    .option("--user <id>", "of this user")
    .option("--input-tokens <number>", "size of the input", tokens, 100)
    .option("--output-tokens <number>", "most tokens the client asks for; 0: it does not say", tokens, 0)
    .option("--tools", "with tools")
    .option("--images", "with images")
    .option("--json-schema", "asks for an answer by a schema")
    .option("--embeddings", "asks for embeddings instead of an answer")
    .option("--stream", "as a stream")
    .option("--session <id>", "of this session")
    .option("--mode <mode>", "quality, balanced or cost")
    .action(async (target: string, options: SimulateOptions, command: Command) => {
      const { api, print } = contextOf(command);
      const { model, ...what } = await whatIsAsked(api, target);
      const request = { ...requestOf(options), ...(model !== undefined && { model }) };
      const { explanation } = await api.post<{ explanation: Explanation }>("/routes/simulate", { ...what, request });
      print(explanation, () => formatExplanation(explanation));
    });
}

interface Asked {
  route?: string;
  document?: unknown;
  model?: string;
}

async function whatIsAsked(api: Api, target: string): Promise<Asked> {
  if (isRouteFile(target)) {
    const file = await readRouteFile(target);
    const { document } = await importSoundFile(api, file);
    return { route: file.name, document };
  }
  if (target === "auto" || target.includes("/")) return { model: target };
  return target.includes("@") ? { model: `dynamic/${target}` } : { route: target };
}

function requestOf(options: SimulateOptions): Readonly<Record<string, unknown>> {
  const { team, user, tag, session, mode } = options;
  return {
    stream: options.stream ?? false,
    estimatedInputTokens: options.inputTokens,
    maxOutputTokens: options.outputTokens,
    hasTools: options.tools ?? false,
    hasImages: options.images ?? false,
    hasJsonSchema: options.jsonSchema ?? false,
    wantsEmbeddings: options.embeddings ?? false,
    metadata: options.metadata,
    headers: options.header,
    caller: { ...(team !== undefined && { teamId: team }), ...(user !== undefined && { userId: user }), tags: tag },
    ...(session !== undefined && { sessionId: session }),
    ...(mode !== undefined && { routing: { mode } }),
  };
}
