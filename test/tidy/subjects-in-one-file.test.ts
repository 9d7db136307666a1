// Every subject is written in one file, every stream in another: whoever wants to know who says what reads two files.
import { SUBJECTS } from "@waybill/wire";
import { literalsOf } from "./read-code.ts";
import { houseRule, type Rule, sample } from "./repository.ts";

const HOMES = new Set(["libs/wire/src/subjects.ts", "libs/wire/src/streams.ts", "libs/wire/src/permissions.ts"]);
/** Texts that begin like a subject and are none. */
const NO_SUBJECT = /^waybill\.(example\.)?yaml/;
const API = /^\$(JS|KV|SYS)\./;
/** Speaks the JetStream protocol, which has subjects of its own. */
const SPEAKS_THE_API = /^libs\/bus\/src\//;

const subjectsAreDeclared: Rule = (files) =>
  files
    .filter(({ path }) => path.endsWith(".ts") && !path.endsWith(".test.ts") && !HOMES.has(path))
    .filter(({ path, text }) => /^(services|libs|deploy)\//.test(path) && /waybill\.|\$(JS|KV|SYS)/.test(text))
    .flatMap((file) =>
      literalsOf(file)
        .filter(({ text }) => (text.startsWith("waybill.") && !NO_SUBJECT.test(text)) || API.test(text))
        .filter(({ text }) => !(SPEAKS_THE_API.test(file.path) && API.test(text)))
        .map(({ text, line }) => `${file.path}:${line} writes the subject ${text}; use libs/wire/src/subjects.ts`),
    );

const kinds = new Set(Object.values(SUBJECTS).map(({ pattern }) => pattern.split(".")[1]));

/** Streams and permissions speak of declared subjects only. */
const streamsAndPermissionsAgree: Rule = (files) =>
  files
    .filter(({ path }) => HOMES.has(path))
    .flatMap((file) =>
      literalsOf(file)
        .filter(({ text }) => text.startsWith("waybill.") && !kinds.has(text.split(".")[1]))
        .map(({ text, line }) => `${file.path}:${line} names ${text}, which SUBJECTS does not declare`),
    );

const inWorker = (text: string) => [sample("services/worker/src/outbound/x.ts", text)];

houseRule("subjects are written in one file", subjectsAreDeclared, {
  breaks: {
    "a subject by hand": inWorker('nc.publish("waybill.usage.acme", data);'),
    "a template": inWorker("nc.publish(`waybill.reply.$" + "{id}`, data);"),
    "a new kind": inWorker('nc.subscribe("waybill.gossip.>");'),
    "JetStream by hand": inWorker('nc.request("$JS.API.STREAM.INFO.WORK");'),
  },
  passes: {
    "the file of providers": inWorker('const file = "waybill.yaml";'),
    "names of span attributes": inWorker('span.end({ "waybill.code": "ok" });'),
    "the bus's own protocol": [sample("libs/bus/src/pull.ts", 'nc.publish("$JS.API.CONSUMER.MSG.NEXT.A.b");')],
  },
});

houseRule("streams and permissions name declared subjects", streamsAndPermissionsAgree, {
  breaks: { "a stray subject": [sample("libs/wire/src/streams.ts", 'export const s = "waybill.gossip.>";')] },
});
