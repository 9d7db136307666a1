// What an endpoint of the admin API is: its place, who may use it, the schemas that check what comes in and say what goes out.
// One description serves three times: it validates, it is the OpenAPI document, and it types the handler.
import type { Readable } from "node:stream";
import type { z } from "zod";
import type { Admin, Area } from "../core/access.ts";

type Method = "GET" | "POST" | "PUT" | "PATCH" | "DELETE";
/** `cloudflare`: answers and errors in Cloudflare's envelope. */
export type Dialect = "waybill" | "cloudflare";

export interface Input<Params, Query, Body> {
  admin: Admin;
  params: Params;
  query: Query;
  body: Body;
}

/** Whoever waits for an answer. */
export interface Follower {
  /** Heard by those who asked for it. */
  tell(progress: unknown): void;
  /** Aborted when the client has left. */
  signal: AbortSignal;
}

/** `Params`, `Query` and `Body` are checked before `handle` sees them; what it returns has the shape of `answer`. */
export interface Endpoint<P extends z.ZodType, Q extends z.ZodType, B extends z.ZodType, A extends z.ZodType> {
  method: Method;
  /** With `{name}` for a parameter; `{name...}` at the end takes slashes, too. */
  path: string;
  /** Unique; the name of the operation in the document. */
  id: string;
  /** Where it stands in the document. */
  tag: Area | "cloudflare";
  /** What its roles go by; absent: its tag, and routes for Cloudflare's. */
  area?: Area;
  summary: string;
  description?: string;
  /** True: it changes nothing although it is no GET, so that whoever may look may ask it. */
  isLook?: boolean;
  /** True: only a key for the whole installation may change it. */
  isOfInstallation?: boolean;
  params: P;
  query: Q;
  body: B;
  answer: A;
  /** Set: success is a file of one of these media types, and `handle` returns a FileAnswer instead of `answer`. */
  files?: readonly string[];
  /** Default 200. */
  status?: 200 | 201;
  /** Largest body; absent: the server's own. */
  bodyBytesMax?: number;
  dialect: Dialect;
  /** True: with `Accept: application/x-ndjson` it tells how far it is, and the answer is the last line. */
  tellsProgress?: boolean;
  handle(input: Input<z.output<P>, z.output<Q>, z.output<B>>, follower: Follower): Promise<z.input<A> | FileAnswer>;
}

export function areaOf({ tag, area }: Pick<AnyEndpoint, "tag" | "area">): Area {
  return area ?? (tag === "cloudflare" ? "routes" : tag);
}

/** A file as an answer. What fails while it is read cuts the connection: nobody takes half a file for a whole one. */
export class FileAnswer {
  readonly mediaType: string;
  /** Letters, digits, dots and dashes. */
  readonly name: string;
  readonly content: Readable;
  constructor(mediaType: string, name: string, content: Readable) {
    this.mediaType = mediaType;
    this.name = name;
    this.content = content;
  }
}

export function isChange({ method, isLook }: Pick<AnyEndpoint, "method" | "isLook">): boolean {
  return method !== "GET" && isLook !== true;
}

/** An endpoint whose schemas are of no further interest. */
export type AnyEndpoint = Endpoint<z.ZodType, z.ZodType, z.ZodType, z.ZodType>;

/** Keeps the types together while it is written down. */
export function endpoint<P extends z.ZodType, Q extends z.ZodType, B extends z.ZodType, A extends z.ZodType>(
  described: Endpoint<P, Q, B, A>,
): AnyEndpoint {
  // The handler is only ever called with what these very schemas gave.
  return described as unknown as AnyEndpoint;
}
