// Are DATABASE_URL and NATS_URL somebody else's stores, or the launcher's own from a dev.env that was loaded? No I/O.

import { portsFromBase } from "./ports.ts";

const loopbackNames = new Set(["127.0.0.1", "localhost", "[::1]"]);

/**
 * The environment without the stores that are a launcher's own. A shell that has loaded dev.env, as README says, has their
 * addresses; taken for somebody else's they would stop the next `npm start` and `npm run reset` there. They are known by
 * their ports on loopback and not by what dev.env says: the file is gone while no stack runs, and it names a given store too.
 */
export function withoutOwnStores(environment: NodeJS.ProcessEnv, portBase: number): NodeJS.ProcessEnv {
  // WAYBILL_URL says where the stack is whose dev.env was loaded; it may have another port base than the one asked for now.
  const bases = [portBase, loopbackPort(environment.WAYBILL_URL)].filter((base) => base !== undefined);
  const ownPorts = bases.map(portsFromBase);
  const rest = { ...environment };
  const databasePort = loopbackPort(environment.DATABASE_URL);
  if (ownPorts.some(({ postgres }) => postgres === databasePort)) delete rest.DATABASE_URL;
  const natsPort = loopbackPort(environment.NATS_URL);
  if (ownPorts.some(({ nats }) => nats === natsPort)) {
    delete rest.NATS_URL;
    delete rest.NATS_USER;
    delete rest.NATS_PASSWORD;
  }
  return rest;
}

/** The port that a URL names on this machine; undefined where it is elsewhere, names none, or is no URL. */
function loopbackPort(text: string | undefined): number | undefined {
  if (text === undefined || !URL.canParse(text)) return undefined;
  const { hostname, port } = new URL(text);
  return loopbackNames.has(hostname) && port !== "" ? Number(port) : undefined;
}
