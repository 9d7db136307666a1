// grpc.health.v1 (https://github.com/grpc/grpc/blob/master/doc/health-checking.md), check only, by hand: two tiny messages.
import type { ServiceDefinition, UntypedServiceImplementation } from "@grpc/grpc-js";

const SERVING = 1;
const NOT_SERVING = 2;

export const healthService: ServiceDefinition = {
  check: {
    path: "/grpc.health.v1.Health/Check",
    requestStream: false,
    responseStream: false,
    requestSerialize: (value: Buffer) => value,
    requestDeserialize: (bytes: Buffer) => bytes,
    // HealthCheckResponse { ServingStatus status = 1; }
    responseSerialize: (servingStatus: number) => Buffer.from([0x08, servingStatus]),
    responseDeserialize: (bytes: Buffer) => bytes[1] ?? 0,
  },
};

/** What the health service answers; not serving until told otherwise. */
export class HealthState {
  #serving = false;

  set(serving: boolean): void {
    this.#serving = serving;
  }

  handlers(): UntypedServiceImplementation {
    return {
      check: (_call: unknown, callback: (error: null, servingStatus: number) => void) =>
        callback(null, this.#serving ? SERVING : NOT_SERVING),
    };
  }
}
