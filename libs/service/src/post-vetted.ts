// A POST to an address that somebody gave us: in time, to no private address unless that is allowed, and no redirect is followed.
import { type IncomingMessage, type RequestOptions, request as requestHttp } from "node:http";
import { request as requestHttps } from "node:https";
import { isRefusedHost, vettedLookup } from "./vetted-lookup.ts";

export interface VettedPost {
  /** http: or https:. */
  url: string;
  headers: Readonly<Record<string, string>>;
  body: string;
  /** From the beginning to the end of the answer. */
  timeoutMs: number;
  allowPrivateAddress: boolean;
  /** Of an answer with status 200; 0: its body is not read. */
  answerBytesMax: number;
}

export interface PostAnswer {
  status: number;
  /** Empty unless it was read. */
  body: string;
}

/** There is no answer; the message is one word. */
export class NoAnswer extends Error {
  readonly reason: "address_refused" | "timeout" | "too_large" | "unreachable";
  constructor(reason: NoAnswer["reason"], cause?: unknown) {
    super(reason, { cause });
    this.name = "NoAnswer";
    this.reason = reason;
  }
}

/** Throws NoAnswer. */
export function postVetted(post: VettedPost): Promise<PostAnswer> {
  const { url, headers, body, timeoutMs, allowPrivateAddress, answerBytesMax } = post;
  return new Promise((resolve, reject) => {
    if (!allowPrivateAddress && isRefusedHost(url)) {
      reject(new NoAnswer("address_refused"));
      return;
    }
    const options: RequestOptions = {
      method: "POST",
      headers: { ...headers, "content-length": Buffer.byteLength(body), "user-agent": "waybill" },
      signal: AbortSignal.timeout(timeoutMs),
      ...(!allowPrivateAddress && { lookup: vettedLookup() }),
    };
    const request = url.startsWith("https:") ? requestHttps : requestHttp;
    const asking = request(url, options, (answer) => {
      const status = answer.statusCode ?? 0;
      if (status === 200 && answerBytesMax > 0) {
        collect(answer, answerBytesMax).then((text) => resolve({ status, body: text }), fail);
        return;
      }
      resolve({ status, body: "" });
      // Nothing of it is wanted, and nobody waits for its end.
      asking.destroy();
    });
    const fail = (error: Error & { code?: string }): void => {
      reject(error instanceof NoAnswer ? error : new NoAnswer(reasonOf(error), error));
      asking.destroy();
    };
    asking.on("error", fail);
    asking.end(body);
  });
}

function reasonOf({ name, code }: Error & { code?: string }): NoAnswer["reason"] {
  if (name === "TimeoutError" || name === "AbortError") return "timeout";
  return code === "EADDRREFUSED" ? "address_refused" : "unreachable";
}

async function collect(answer: IncomingMessage, bytesMax: number): Promise<string> {
  const pieces: Buffer[] = [];
  let bytes = 0;
  for await (const piece of answer as AsyncIterable<Buffer>) {
    bytes += piece.length;
    if (bytes > bytesMax) throw new NoAnswer("too_large");
    pieces.push(piece);
  }
  return Buffer.concat(pieces).toString("utf8");
}
