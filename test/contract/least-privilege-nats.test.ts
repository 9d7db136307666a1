// Least privilege on NATS: every service against everything there is to say or hear, on a real server with our accounts.
// What is expected is written here a second time, from the point of view of the design, and not taken from permissions.ts.
import assert from "node:assert/strict";
import { after, before, describe, it } from "node:test";
import { connectBus, type NatsConnection } from "@waybill/bus";
import { eventually, startTestNats, type TestNats, type TestNatsOptions } from "@waybill/testing";
import { BUCKETS, type BusServiceName, EVENT_READER, inboxPrefix, NATS_USERS, STREAMS, SUBJECTS } from "@waybill/wire";

const SERVICES: readonly BusServiceName[] = ["ingress", "router", "budget", "worker", "ledger"];
const KV_CONFIG = `KV_${BUCKETS.config.name}`;
const KV_KEYS = `KV_${BUCKETS.keys.name}`;
const { WORK, USAGE, DEAD } = { WORK: STREAMS.work.name, USAGE: STREAMS.usage.name, DEAD: STREAMS.dead.name };
const [DECISIONS, EVENTS] = [STREAMS.decisions.name, STREAMS.events.name];
const ALL_STREAMS = [WORK, USAGE, DECISIONS, EVENTS, DEAD, KV_CONFIG, KV_KEYS];

/** Services, and the program of somebody else that reads events. */
type User = BusServiceName | typeof EVENT_READER;
const USERS: readonly User[] = [...SERVICES, EVENT_READER];

/** Something a client can try, and the users that may. */
interface Attempt {
  verb: "publish" | "subscribe";
  subject: string;
  allowed: readonly User[];
}

const NOBODY: readonly User[] = [];
const publish = (subject: string, ...allowed: readonly User[]): Attempt => ({
  verb: "publish",
  subject,
  allowed,
});
const subscribe = (subject: string, ...allowed: readonly User[]): Attempt => ({
  verb: "subscribe",
  subject,
  allowed,
});

/** Each declared subject: only its publishers say it; only its listeners hear it, and stored ones nobody hears past its stream. */
function declaredSubjects(): Attempt[] {
  return Object.values(SUBJECTS).flatMap((entry): Attempt[] => {
    if (entry.pattern === SUBJECTS.dead.pattern) return deadLetters();
    const concrete = entry.pattern.replace(/<[a-z]+>/g, "x1");
    const wide = entry.pattern.replace(/<[a-z]+>/g, "*");
    const readers = entry.kept === "EVENTS" ? ([EVENT_READER] as const) : NOBODY;
    const hears = entry.kept === "core" ? entry.listener : readers;
    return [publish(concrete, ...entry.publisher), subscribe(concrete, ...hears), subscribe(wide, ...hears)];
  });
}

function deadLetters(): Attempt[] {
  const authors = SUBJECTS.dead.publisher;
  return SERVICES.flatMap((service) => [
    publish(`waybill.dead.${service}`, ...authors.filter((author) => author === service)),
    subscribe(`waybill.dead.${service}`),
  ]);
}

/** Undeclared subjects, and wildcards that would hear everything. */
const UNDECLARED: readonly Attempt[] = [
  ...[
    "waybill.gossip",
    "waybill.job.openai.gpt-4_2E1",
    "waybill.decision.acme.support",
    "elsewhere",
    "$SYS.REQ.SERVER.PING",
  ].map((subject) => publish(subject)),
  ...[">", "*", "waybill.>", "waybill.*.*", "$JS.>", "$JS.API.>", "$KV.>", "$SYS.>", "_INBOX.>", "$JS.EVENT.>"].map(
    (subject) => subscribe(subject),
  ),
];

/** Answers are read by the service that asked; only the ingress writes into another's inbox: answers to claims and bodies. */
const INBOXES: readonly Attempt[] = USERS.flatMap((owner) => [
  subscribe(`${inboxPrefix(owner)}.x1`, owner),
  subscribe(`${inboxPrefix(owner)}.>`, owner),
  publish(`${inboxPrefix(owner)}.x1`, ...(owner === "worker" ? (["ingress"] as const) : NOBODY)),
]);

type Allowed = Readonly<Record<string, readonly User[]>>;
const MAKES: Allowed = {
  [WORK]: ["ingress", "worker"],
  [USAGE]: ["ingress", "budget", "worker", "ledger"],
  [DECISIONS]: ["router", "ledger"],
  [EVENTS]: ["ledger"],
  [DEAD]: ["budget", "worker", "ledger"],
  [KV_CONFIG]: ["router"],
  [KV_KEYS]: ["budget"],
};
const LOOKS_AT: Allowed = {
  ...MAKES,
  [EVENTS]: ["ledger", EVENT_READER],
  // To reap a hold the budget service must know that no waybill is left.
  [WORK]: ["ingress", "budget", "worker"],
  [KV_CONFIG]: ["ingress", "router", "worker", "ledger"],
  [KV_KEYS]: ["ingress", "budget"],
};
const WRITES_BUCKET: Allowed = { [KV_CONFIG]: ["router"], [KV_KEYS]: ["budget"] };
const WATCHES_BUCKET: Allowed = {
  [KV_CONFIG]: ["ingress", "router", "worker", "ledger"],
  [KV_KEYS]: ["ingress", "budget"],
};

/** Streams: nobody deletes one, nobody takes a message out of one, only a bucket's writer changes it. */
const STREAM_API: readonly Attempt[] = ALL_STREAMS.flatMap((stream) => {
  const of = (table: Allowed): readonly User[] => table[stream] ?? NOBODY;
  return [
    publish(`$JS.API.STREAM.CREATE.${stream}`, ...of(MAKES)),
    publish(`$JS.API.STREAM.INFO.${stream}`, ...of(LOOKS_AT)),
    publish(`$JS.API.STREAM.UPDATE.${stream}`, ...of(WRITES_BUCKET)),
    publish(`$JS.API.STREAM.PURGE.${stream}`, ...of(WRITES_BUCKET)),
    publish(`$JS.API.STREAM.DELETE.${stream}`),
    publish(`$JS.API.STREAM.MSG.DELETE.${stream}`),
    publish(`$JS.API.STREAM.MSG.GET.${stream}`, ...of(WATCHES_BUCKET)),
    publish(`$JS.API.DIRECT.GET.${stream}.$KV.x.y`, ...of(WATCHES_BUCKET)),
    publish(`$JS.API.DIRECT.GET.${stream}`),
    publish(`$JS.API.STREAM.SNAPSHOT.${stream}`),
    publish(`$JS.API.STREAM.RESTORE.${stream}`),
    publish(`$JS.API.STREAM.PEER.REMOVE.${stream}`),
    publish(`$JS.API.STREAM.LEADER.STEPDOWN.${stream}`),
    publish(`$JS.API.CONSUMER.LIST.${stream}`),
    publish(`$JS.API.CONSUMER.NAMES.${stream}`),
  ];
});

/** Consumers: a service reads through its own durable and leaves the others' alone. */
const CONSUMER_API: readonly Attempt[] = [
  ...(["budget", "ledger"] as const).flatMap((owner) => durable(USAGE, owner, owner)),
  ...durable(USAGE, "stranger"),
  ...durable(DECISIONS, "ledger", "ledger"),
  ...durable(DECISIONS, "stranger"),
  ...durable(WORK, "openai-gpt-4_2E1-now", "worker"),
  ...durable(DEAD, "stranger"),
  ...eventDurables(),
  ...[WORK, USAGE, DECISIONS, EVENTS, DEAD].flatMap((stream) => [
    // An ephemeral consumer would read everything past the durables.
    publish(`$JS.API.CONSUMER.CREATE.${stream}`),
    publish(`$JS.API.CONSUMER.DELETE.${stream}.x1`),
    publish(`$JS.API.CONSUMER.PAUSE.${stream}.x1`),
  ]),
  ...[KV_CONFIG, KV_KEYS].flatMap((stream) => [
    publish(`$JS.API.CONSUMER.CREATE.${stream}`, ...(WATCHES_BUCKET[stream] ?? NOBODY)),
    publish(`$JS.API.CONSUMER.CREATE.${stream}.x1.$KV.x.>`, ...(WATCHES_BUCKET[stream] ?? NOBODY)),
    publish(`$JS.API.CONSUMER.DURABLE.CREATE.${stream}.x1`),
  ]),
];

/** The ledger makes the reader's durable and does not read it; the reader reads any that was made, and makes none. */
function eventDurables(): Attempt[] {
  const made = "reader";
  return [
    publish(`$JS.API.CONSUMER.CREATE.${EVENTS}.${made}.waybill.event.>`, "ledger"),
    publish(`$JS.API.CONSUMER.DURABLE.CREATE.${EVENTS}.${made}`, "ledger"),
    publish(`$JS.API.CONSUMER.CREATE.${EVENTS}.another.waybill.event.>`),
    publish(`$JS.API.CONSUMER.DURABLE.CREATE.${EVENTS}.another`),
    ...[made, "another"].flatMap((name) => [
      publish(`$JS.API.CONSUMER.INFO.${EVENTS}.${name}`, EVENT_READER),
      publish(`$JS.API.CONSUMER.MSG.NEXT.${EVENTS}.${name}`, EVENT_READER),
      publish(`$JS.ACK.${EVENTS}.${name}.1.2.3.4.5`, EVENT_READER),
    ]),
  ];
}

function durable(stream: string, name: string, ...readers: readonly User[]): Attempt[] {
  return [
    publish(`$JS.API.CONSUMER.CREATE.${stream}.${name}.waybill.>`, ...readers),
    publish(`$JS.API.CONSUMER.DURABLE.CREATE.${stream}.${name}`, ...readers),
    publish(`$JS.API.CONSUMER.INFO.${stream}.${name}`, ...readers),
    publish(`$JS.API.CONSUMER.MSG.NEXT.${stream}.${name}`, ...readers),
    publish(`$JS.ACK.${stream}.${name}.1.2.3.4.5`, ...readers),
  ];
}

const BUCKET_ENTRIES: readonly Attempt[] = [
  publish(`$KV.${BUCKETS.config.name}.model.x`, "router"),
  publish(`$KV.${BUCKETS.keys.name}.x1`, "budget"),
  publish("$KV.another.x1"),
];

const ACCOUNT_API: readonly Attempt[] = [
  publish("$JS.API.INFO", ...USERS),
  ...["STREAM.LIST", "STREAM.NAMES", "STREAM.TEMPLATE.NAMES", "SERVER.REMOVE", "META.LEADER.STEPDOWN"].map((call) =>
    publish(`$JS.API.${call}`),
  ),
  publish("$JS.API.STREAM.CREATE.MINE"),
  publish("$JS.API.ACCOUNT.PURGE.WAYBILL"),
];

const TABLE: readonly Attempt[] = [
  ...declaredSubjects(),
  ...UNDECLARED,
  ...INBOXES,
  ...STREAM_API,
  ...CONSUMER_API,
  ...BUCKET_ENTRIES,
  ...ACCOUNT_API,
];

const name = ({ verb, subject }: Attempt): string => `${verb} ${subject}`;

/** Nobody may; its refusal says that everything before it was decided. */
const LAST: Attempt = publish("the.end");

/** Tries the whole table as one user on its own connection. */
async function refusedFor(nats: TestNats, who: User): Promise<Set<string>> {
  const { user, password } = nats.credentials(who);
  const refused = new Set<string>();
  const onProblem = (detail: string): void => {
    const [, verb, subject] = /^permissions violation for (publish|subscription) (?:to )?"([^"]+)"/i.exec(detail) ?? [];
    if (verb !== undefined) refused.add(`${verb.toLowerCase() === "publish" ? "publish" : "subscribe"} ${subject}`);
  };
  // The reader is no service; all that is made of it here is the name of its inbox.
  const service = who as BusServiceName;
  const nc = await connectBus({ url: nats.url, user, password, service, name: "least privilege", onProblem });
  try {
    for (const attempt of [...TABLE, LAST]) tryOut(nc, attempt);
    await eventually(() => refused.has(name(LAST)), { timeoutMs: 10_000, intervalMs: 5, reason: "all is decided" });
  } finally {
    await nc.close();
  }
  return refused;
}

function tryOut(nc: NatsConnection, { verb, subject }: Attempt): void {
  if (verb === "publish") nc.publish(subject, "{}");
  else nc.subscribe(subject, { callback: () => {} });
}

/** Where the server decides otherwise than the table: one sentence each. */
async function differences(options: TestNatsOptions): Promise<string[]> {
  await using nats = await startTestNats(options);
  const found: string[] = [];
  for (const user of USERS) {
    const refused = await refusedFor(nats, user);
    for (const attempt of TABLE) {
      const may = attempt.allowed.includes(user);
      if (may === refused.has(name(attempt))) {
        found.push(`${user} ${may ? "may not" : "may"} ${name(attempt)}`);
      }
    }
  }
  return found;
}

describe("on NATS every user may do exactly its part", () => {
  it(`holds for ${USERS.length} users and ${TABLE.length} things to try`, async () => {
    assert.deepEqual(await differences({}), []);
  });

  it("would report a right too many and a right too few", async () => {
    const { ledger, worker } = NATS_USERS;
    const permissions = {
      ...NATS_USERS,
      ledger: { ...ledger, publish: [...ledger.publish, "$JS.API.STREAM.DELETE.USAGE"] },
      worker: { ...worker, subscribe: worker.subscribe.filter((subject) => subject !== "waybill.cancel.*") },
    };
    assert.deepEqual(await differences({ permissions }), [
      "worker may not subscribe waybill.cancel.x1",
      "worker may not subscribe waybill.cancel.*",
      "ledger may publish $JS.API.STREAM.DELETE.USAGE",
    ]);
  });
});

describe("NATS asks everybody who they are", () => {
  let nats: TestNats;
  before(async () => {
    nats = await startTestNats();
  });
  after(() => nats.stop());

  const strangers: Readonly<Record<string, (nats: TestNats) => { user: string; password: string }>> = {
    "nobody in particular": () => ({ user: "", password: "" }),
    "a user that does not exist": () => ({ user: "console", password: "x" }),
    "a service with another's password": () => ({ user: "ledger", password: nats.credentials("worker").password }),
  };
  for (const [who, credentials] of Object.entries(strangers)) {
    it(`refuses ${who}`, async () => {
      const connecting = connectBus({ url: nats.url, ...credentials(nats), service: "ledger", name: who });
      await assert.rejects(connecting, /authorization/i);
    });
  }
});
