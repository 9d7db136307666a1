// Request bodies: nothing of one is read before the story asks for it, and all of them together stay within a bound.
import type { IncomingMessage } from "node:http";
import type { Socket } from "node:net";
import { WaybillError } from "@waybill/domain";

export interface BodyLimits {
  WAYBILL_BODY_BYTES_MAX: number;
  WAYBILL_OPEN_BODIES_BYTES_MAX: number;
}

/** The body of one request. */
export interface Upload {
  /** Once. Throws WaybillError: body_too_large, overloaded, client_gone, or what `failReading` was given. */
  read(): Promise<Buffer>;
  /** Gives back what was reserved; the body is used no more. */
  release(): void;
}

export class Bodies {
  readonly #limits: BodyLimits;
  readonly #reading = new Map<Socket, (error: WaybillError) => void>();
  readonly #broken = new WeakMap<Socket, WaybillError>();
  #openBytes = 0;

  constructor(limits: BodyLimits) {
    this.#limits = limits;
  }

  /** In memory, or promised by a client that was told to come in. */
  get openBytes(): number {
    return this.#openBytes;
  }

  upload(request: IncomingMessage): Upload {
    let reservedBytes = 0;
    /** Reserves up to `bytes` in all; says why not. */
    const reserve = (bytes: number): WaybillError | undefined => {
      const more = bytes - reservedBytes;
      if (bytes > this.#limits.WAYBILL_BODY_BYTES_MAX) return new WaybillError("body_too_large");
      if (this.#openBytes + more > this.#limits.WAYBILL_OPEN_BODIES_BYTES_MAX) return new WaybillError("overloaded");
      reservedBytes = bytes;
      this.#openBytes += more;
      return undefined;
    };
    return {
      read: () => this.#read(request, reserve),
      release: () => {
        this.#openBytes -= reservedBytes;
        reservedBytes = 0;
      },
    };
  }

  /** The body that comes in on this connection will never be whole; whoever reads it, now or later, hears why. */
  failReading(socket: Socket, error: WaybillError): void {
    const fail = this.#reading.get(socket);
    if (fail) fail(error);
    else this.#broken.set(socket, error);
  }

  #read(request: IncomingMessage, reserve: (bytes: number) => WaybillError | undefined): Promise<Buffer> {
    const { socket } = request;
    const promisedBytes = Number(request.headers["content-length"] ?? 0);
    const gone = request.destroyed ? new WaybillError("client_gone") : this.#broken.get(socket);
    const refusal = gone ?? reserve(promisedBytes);
    if (refusal) return Promise.reject(refusal);
    return new Promise((resolve, reject) => {
      const pieces: Buffer[] = [];
      let receivedBytes = 0;
      const leave = (): void => {
        request.off("data", onData).off("end", onEnd).off("close", onClose);
        this.#reading.delete(socket);
      };
      const fail = (error: WaybillError): void => {
        leave();
        reject(error);
      };
      const onData = (piece: Buffer): void => {
        receivedBytes += piece.length;
        // Only a body in chunks, which promises no length, can come to more than was reserved.
        const late = receivedBytes > promisedBytes ? reserve(receivedBytes) : undefined;
        if (late) fail(late);
        else pieces.push(piece);
      };
      const onEnd = (): void => {
        leave();
        resolve(Buffer.concat(pieces, receivedBytes));
      };
      const onClose = (): void => fail(new WaybillError("client_gone"));
      this.#reading.set(socket, fail);
      request.on("data", onData).on("end", onEnd).on("close", onClose);
    });
  }
}
