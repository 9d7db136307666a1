// A surface: one API that clients speak. Ingress reads its requests and answers its errors; workers translate it where the
// provider speaks something else.
import type { WaybillError } from "@waybill/domain";
import type { AnswerTexts } from "./answer-texts.ts";
import type { AskedRequest } from "./asked-request.ts";
import type { Answer } from "./conversation/answer.ts";
import type { AnswerEvent } from "./conversation/answer-event.ts";
import type { Conversation } from "./conversation/conversation.ts";
import type { StreamStop } from "./stream-stop.ts";
import type { SurfaceName } from "./surface-name.ts";

export interface Surface {
  readonly name: SurfaceName;
  /** Behind the origin, e.g. /v1/chat/completions. */
  readonly path: string;
  /** Request headers that belong to the body and go to a provider of this dialect with it; lower-case, never credentials. */
  readonly forwardedHeaders: readonly string[];
  /**
   * Reads and checks a body as far as the gateway needs it. `maxOutputTokensDefault` holds where the body says no limit of its own;
   * 0 or undefined: there is no default. Throws WaybillError (invalid_json, invalid_value with `param`) that names the first field
   * at fault.
   */
  readRequest(body: Buffer, maxOutputTokensDefault?: number): AskedRequest;
  /** An error answer's body as JSON text. */
  errorBody(error: WaybillError, requestId: string): string;
  /**
   * An error inside a stream that has begun, as a whole event. No end marker follows it. `shown`: the last bytes of it that the
   * client was shown, for dialects that number their events.
   */
  errorEvent(error: WaybillError, requestId: string, shown?: Uint8Array): string;
  /** Says nothing, inside a stream that has begun, but that it is alive. */
  readonly heartbeat: string;
  /** Where its answers hold texts. Undefined: they hold none, so that content filters have nothing to look at. */
  readonly answerTexts: AnswerTexts | undefined;
  /** Ends a stream of its own early. Undefined: it has no streams. */
  readonly stopStream: (() => StreamStop) | undefined;
  /** Undefined: only providers of this very dialect can serve it. */
  readonly translation: SurfaceTranslation | undefined;
}

/** Between a surface and the internal form. */
export interface SurfaceTranslation {
  /** Of a body that readRequest took. Throws WaybillError invalid_value for what the internal form has no place for. */
  readConversation(body: Record<string, unknown>): Conversation;
  /** A whole answer's body. `note`: JSON text that goes in as `waybill`, where the surface has a place for it. */
  writeAnswer(answer: Answer, facts: AnswerFacts): object;
  writeStream(facts: AnswerFacts): AnswerWriter;
}

/** What a written answer says of itself. */
export interface AnswerFacts {
  /** Used where the provider gave no id; unique per attempt, without a prefix. */
  attemptId: string;
  /** Used where the provider named no model. */
  model: string;
  createdUnixSeconds: number;
}

/** Writes one streamed answer as server-sent events. */
export interface AnswerWriter {
  /** Whole events, or an empty text. Never called with `end` or `failure`. */
  write(event: AnswerEvent): string;
  /** The last events of a complete stream. `note`: JSON text that the usage carries as `waybill`; undefined: nobody asked for usage. */
  end(note: string | undefined): string;
}
