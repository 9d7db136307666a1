// docs/subjects.md from the tables in libs/wire: subjects, streams, consumers, buckets, headers and who may do what.
import {
  BUCKETS,
  type BusServiceName,
  decisionConsumer,
  EVENT_READER,
  eventConsumer,
  HEADERS,
  inboxPrefix,
  NATS_PERMISSIONS,
  NATS_USERS,
  type NatsPermissions,
  STREAMS,
  type StreamDeclaration,
  SUBJECTS,
  type SubjectEntry,
  usageConsumer,
  WORK_ACK_WAIT_MS,
  workConsumer,
} from "@waybill/wire";
import { code, GENERATED, inBytes, inTime, table } from "./markdown.ts";

const INTRODUCTION = `# Subjects

Everything that is said on NATS. The tables are the code: \`libs/wire/src/subjects.ts\`, \`streams.ts\` and \`permissions.ts\`.

- Payloads are protobuf, package \`waybill.v1\` in \`proto/\`, but for events, which are JSON. Deadlines travel as milliseconds left, never as a time of day.
- In a token anything but letters, digits and \`-\` becomes \`_\` and two hex digits: \`gpt-4.1\` is \`gpt-4_2E1\`.
- **core** means: gone when nobody listens. Everything else lies in the stream named.`;

export interface Tables {
  subjects: Readonly<Record<string, SubjectEntry>>;
  streams: Readonly<Record<string, StreamDeclaration>>;
  permissions: Readonly<Record<BusServiceName, NatsPermissions>>;
}

const OURS: Tables = { subjects: SUBJECTS, streams: STREAMS, permissions: NATS_PERMISSIONS };

export function renderSubjects({ subjects, streams, permissions }: Tables = OURS): string {
  const subjectRows = Object.values(subjects).map((entry) => [
    code(entry.pattern),
    entry.publisher.join(", "),
    entry.listener.join(", ") || "people",
    entry.payload,
    entry.kept,
    entry.why,
  ]);
  return [
    GENERATED,
    INTRODUCTION,
    "",
    table(["subject", "published by", "heard by", "carries", "kept", "why"], subjectRows),
    "",
    "## Streams",
    "",
    "Declared by whoever needs them first, and again after every reconnect: in memory on a single server `WORK` does not survive a",
    "restart of that server. An existing stream is left as an operator has set it. When full, all but `DECISIONS`, `ALERTS` and `EVENTS`",
    "refuse new messages, so no record of money and no work is ever dropped silently.",
    "",
    table(
      ["stream", "subjects", "retention", "storage", "age limit", "size limit", "per subject", "duplicates", "why"],
      Object.values(streams).map(streamRow),
    ),
    "",
    "## Consumers",
    "",
    "Durable pull consumers with explicit acknowledgement, without a delivery limit or backoff.",
    "",
    table(["stream", "durable", "filter", "ack wait", "unacknowledged at most"], consumerRows()),
    "",
    "A worker says `working` every sixth of the ack wait. The stream's creation time in the durable's name keeps an ack from before",
    "a restart from removing the new waybill with the same sequence.",
    "",
    "## Buckets",
    "",
    table(
      ["bucket", "history", "why"],
      Object.values(BUCKETS).map(({ name, history, why }) => [code(name), String(history), why]),
    ),
    "",
    "## Headers",
    "",
    table(
      ["header", "name in code"],
      Object.entries(HEADERS).map(([name, header]) => [code(header), code(name)]),
    ),
    "",
    "`Nats-Msg-Id` is the attempt id on `WORK` and the record id on `USAGE`: within the window of duplicates a repeated publish is",
    "stored once.",
    "",
    "## Who may do what",
    "",
    "One NATS user per service, and one for who reads events. What is not listed is refused; `test/contract/least-privilege-nats.test.ts` tries all of it on a real",
    "server. Answers come to a service's own inbox, which no other may read.",
    ...(Object.entries(permissions) as [BusServiceName, NatsPermissions][]).flatMap(permissionLines),
    ...permissionLines([EVENT_READER, NATS_USERS[EVENT_READER]]),
    "",
    "The reader is a program of somebody else, and no service: [events.md](events.md). It makes no durable: who may make one can have it",
    "deliver to any subject.",
    "",
  ].join("\n");
}

function streamRow(stream: StreamDeclaration): string[] {
  return [
    code(stream.name),
    stream.subjects.map(code).join(", "),
    stream.retention,
    stream.storage,
    inTime(stream.maxAgeMs),
    inBytes(stream.maxBytes),
    stream.maxMessagesPerSubject === undefined ? "–" : `${stream.maxMessagesPerSubject} messages`,
    inTime(stream.duplicateWindowMs),
    stream.why,
  ];
}

function consumerRows(): string[][] {
  const sample = workConsumer({ provider: "p", model: "m" }, "c");
  const perModel = sample.durable.replace("p-m-c", "<provider>-<model>-<stream creation time>");
  const work = { ...sample, durable: perModel, filterSubject: SUBJECTS.work.pattern, ackWaitMs: WORK_ACK_WAIT_MS };
  return [work, usageConsumer("ledger"), usageConsumer("budget"), decisionConsumer(), eventConsumer()].map(
    (consumer) => [
      code(consumer.stream),
      code(consumer.durable),
      code(consumer.filterSubject),
      inTime(consumer.ackWaitMs),
      String(consumer.maxAckPending),
    ],
  );
}

function permissionLines([user, { publish, subscribe }]: [
  BusServiceName | typeof EVENT_READER,
  NatsPermissions,
]): string[] {
  const said = (list: readonly string[]): string => list.map(code).join(", ");
  return [
    "",
    `### ${user}`,
    "",
    `- inbox: ${code(`${inboxPrefix(user)}.>`)}`,
    `- publishes: ${said(publish.filter((subject) => !subject.startsWith("$"))) || "nothing"}`,
    `- subscribes: ${said(subscribe)}`,
    `- asks JetStream: ${said(publish.filter((subject) => subject.startsWith("$")))}`,
  ];
}
