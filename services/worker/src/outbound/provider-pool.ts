// A pool of connections in which a call that was ended leaves nothing behind. undici alone opens a new connection for a request that
// was aborted, and only then looks whether it is still wanted: a handshake at the provider for every client that leaves.
import { buildConnector, Pool } from "undici";

type ConnectOptions = buildConnector.BuildOptions;
type PoolOptions = Omit<Pool.Options, "connect" | "pipelining"> & { connect: ConnectOptions };

/**
 * A pool with one request at a time on each connection, which is what the refusal relies on: an aborted request has no other behind
 * it that wants the connection. A refused connection leaves the pool as one that could not be made does.
 */
export function makeProviderPool(origin: string, { connect, ...options }: PoolOptions): Pool {
  const connector = buildConnector(connect);
  let isUnwanted = false;
  const pool = new Pool(origin, {
    ...options,
    pipelining: 1,
    connect(target, callback) {
      if (!isUnwanted) return connector(target, callback);
      isUnwanted = false;
      // Not in this turn: while it connects, it does not hear that there is room for who waits.
      process.nextTick(callback, new Error("nobody wants this connection"), null);
    },
  });
  pool.on("disconnect", (_origin, _targets, error) => {
    // Its own error for a connection whose request was aborted; it tries to connect again in the same turn, or not at all.
    if (!("code" in error) || error.code !== "UND_ERR_INFO" || error.message !== "aborted") return;
    isUnwanted = true;
    queueMicrotask(() => {
      isUnwanted = false;
    });
  });
  return pool;
}
