// A voice: one provider format in which a plan is spoken. One file per format; waits, faults and sockets are not its business.
import type { CallPlan, ReportedUsage, ScriptedRequest } from "../plan.ts";
import type { Scripts } from "../script.ts";

export interface AnswerIdentity {
  /** Of this answer among all of this provider's. */
  readonly sequence: number;
  readonly createdSeconds: number;
}

export type ParsedRequest =
  | { readonly ok: true; readonly request: ScriptedRequest; readonly scripts: Scripts | undefined }
  | { readonly ok: false; readonly status: number; readonly problem: string };

export interface Voice {
  /** Is a POST to this path (with its query) spoken so? */
  takes(path: string): boolean;
  read(path: string, body: Buffer): ParsedRequest;
  /** The id that the answer carries, and its x-request-id. */
  answerId(identity: AnswerIdentity): string;
  /** A whole body that says no, with this HTTP status. */
  errorBody(message: string, type: string, code: string | null, status: number): string;
  /** What the headers of a refusal say besides; none when left out. */
  errorHeaders?(status: number): Readonly<Record<string, string>>;
  plainBody(plan: CallPlan, request: ScriptedRequest, identity: AnswerIdentity): string;
  /** Content-Type of a stream. */
  readonly streamType: string;
  stream(plan: CallPlan, request: ScriptedRequest, identity: AnswerIdentity, nowNs: () => bigint): VoiceStream;
}

/** Some of an answer: as text, or as bytes where the format is binary. */
export type Piece = string | Uint8Array;

/** The events of one stream, whole; empty where there is none. As text, each is ended by a blank line. */
export interface VoiceStream {
  /** Before any content. */
  begin(): Piece;
  /** Content chunk `index`, for every choice. */
  content(index: number): Piece;
  /** After the last content: the tool calls, event by event. */
  toolCalls(): Piece[];
  /** The rest of a stream that ends well, in order. `usage`: this piece reports it. */
  end(): { text: Piece; usage?: ReportedUsage }[];
  /** `type`: in the format's own words; left out, the provider's own failure. */
  error(message: string, type?: string): Piece;
}
