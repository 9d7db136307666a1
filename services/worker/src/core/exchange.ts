// A surface at a provider, put together from wires: bytes pass where the wire is the surface's own format; otherwise the request
// goes by the internal form, and the answer comes back by it.
import { type ReportedUsage, WaybillError } from "@waybill/domain";
import { type AnswerEvent, assembleAnswer, type SurfaceTranslation, surfaceNamed } from "@waybill/surfaces";
import type { Waybill } from "@waybill/wire";
import type { Exchange, FailedAnswer, PlainAnswer } from "../providers/provider.ts";
import type { PassThrough, Translation, Wire } from "../wires/wire.ts";
import { bookedReason, evidencedTokensOf, factsOf, failureOf, TranslatedStream } from "./translated-stream.ts";

/** One wire at one provider. */
export interface Line {
  wire: Wire;
  /** Behind the base URL, with a slash in front. */
  path(waybill: Waybill): string;
  /** Names and values in turn; none when left out. */
  headers?(waybill: Waybill): readonly string[];
}

/**
 * How a provider of these lines serves a surface: by the line that speaks it, else by the first that can be translated to, else
 * not at all.
 */
export function exchangeOf(lines: readonly Line[], surfaceName: string): Exchange | undefined {
  const surface = surfaceNamed(surfaceName);
  if (!surface) return undefined;
  const own = lines.find(({ wire }) => wire.surface === surface.name && wire.pass);
  if (own?.wire.pass) return passing(own, own.wire.pass);
  const { translation } = surface;
  const other = lines.find(({ wire }) => wire.translation);
  return translation && other?.wire.translation ? translating(other, other.wire.translation, translation) : undefined;
}

function passing({ wire, path, headers = () => [] }: Line, pass: PassThrough): Exchange {
  return {
    request: (waybill, body) => ({
      path: path(waybill),
      body: pass.patch(waybill, body),
      headers: headers(waybill),
      droppedFields: [],
    }),
    readStream: ({ choiceCount }) => pass.readStream(choiceCount),
    readAnswer: (body) => pass.readAnswer(body),
    readRefusal: wire.readRefusal,
    abortedCall: wire.abortedCall,
  };
}

function translating(
  { wire, path, headers = () => [] }: Line,
  provider: Translation,
  client: SurfaceTranslation,
): Exchange {
  return {
    request(waybill, body) {
      const conversation = client.readConversation(parse(body));
      const written = provider.write(conversation, waybill);
      return {
        path: path(waybill),
        body: Buffer.from(JSON.stringify(written.body)),
        headers: headers(waybill),
        droppedFields: [...new Set([...conversation.unplaced, ...written.dropped])],
      };
    },
    readStream: (waybill, nowUnixMs) =>
      new TranslatedStream(provider.readStream(), client.writeStream(factsOf(waybill, nowUnixMs))),
    readAnswer: (body, waybill, nowUnixMs) => translateAnswer(body, provider, client, waybill, nowUnixMs),
    readRefusal: wire.readRefusal,
    abortedCall: wire.abortedCall,
  };
}

/** The ingress has parsed it already; this is for the rare bytes that changed on their way. */
function parse(body: Uint8Array): Record<string, unknown> {
  try {
    return JSON.parse(Buffer.from(body.buffer, body.byteOffset, body.length).toString("utf8"));
  } catch (error) {
    throw new WaybillError("invalid_json", { cause: error });
  }
}

function translateAnswer(
  body: Uint8Array,
  provider: Translation,
  client: SurfaceTranslation,
  waybill: Waybill,
  nowUnixMs: number,
): PlainAnswer | FailedAnswer {
  const events = provider.readAnswer(body);
  const answer = assembleAnswer(events);
  const evidencedTokens = events.reduce((sum, event) => sum + evidencedTokensOf(event), 0);
  if ("kind" in answer) {
    const said = events.find((event) => event.kind === "broken")?.said;
    return {
      ...{ failure: failureOf(answer), usage: usageAmong(events) },
      // A truncated answer was made, even where nothing of it can be counted.
      ...((evidencedTokens > 0 || answer.code === "upstream_truncated") && { evidencedTokens }),
      ...(said !== undefined && { finishReason: said }),
    };
  }
  if (answer.choices.length === 0) {
    throw new WaybillError("upstream_malformed", { detail: "the answer has no choice" });
  }
  return {
    bytes: Buffer.from(JSON.stringify(client.writeAnswer(answer, factsOf(waybill, nowUnixMs)))),
    usage: answer.usage,
    finishReason: answer.choices.reduce((before, { finish }) => bookedReason(before, finish), ""),
    evidencedTokens: answer.usage ? 0 : evidencedTokens,
  };
}

function usageAmong(events: readonly AnswerEvent[]): ReportedUsage | undefined {
  return events.findLast((event) => event.kind === "usage")?.usage;
}
