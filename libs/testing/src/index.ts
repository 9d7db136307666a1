// What tests and benchmarks of every package share: a provider that plays scripts, real parts to run against, and
// ways to wait and to break connections.

export { type EventuallyOptions, eventually } from "./eventually.ts";
export { freePort } from "./free-port.ts";
export { fuzzParameters } from "./fuzz/config.ts";
export { startTestNats, type TestNats, type TestNatsOptions } from "./nats-server.ts";
export { endCluster } from "./postgres/cluster.ts";
export {
  migrationsOf,
  startTestDatabase,
  type TestDatabase,
  type TestDatabaseOptions,
} from "./postgres/test-database.ts";
export {
  type CallEnd,
  type CallEntry,
  CallRecord,
  OracleLog,
  type OracleSummary,
} from "./scripted-provider/oracle-log.ts";
export { type ReportedUsage, type ScriptedRequest, scriptedText } from "./scripted-provider/plan.ts";
export { type Fault, parseScripts, type Script, type Scripts } from "./scripted-provider/script.ts";
export {
  type ScriptedProvider,
  type ScriptedProviderOptions,
  startScriptedProvider,
} from "./scripted-provider/server.ts";
export { scriptedVector } from "./scripted-provider/voices/openai-embeddings.ts";
export { seededRandom } from "./seeded-random.ts";
export { startTcpProxy, type TcpCounts, type TcpProxy, type TcpProxyOptions } from "./tcp-proxy.ts";
export { makeTestFolder, type TestFolder } from "./test-folder.ts";
export { findTinyModel, type TinyModel, tinyModelMissing } from "./tiny-model/find-tiny-model.ts";
export { startTinyModelServer, TINY_MODEL_NAME, type TinyModelServer } from "./tiny-model/server.ts";
export { twentyNodeRoute } from "./twenty-node-route.ts";
export { startWebhookReceiver, type WebhookReceiver } from "./webhook-receiver.ts";
