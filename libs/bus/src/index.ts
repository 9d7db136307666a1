// NATS made small: connect, declare, publish durably, pull within capacity, watch buckets.
export { type Answer, type AskOptions, ask } from "./ask.ts";
export { type BucketWatch, openBucket, readBucket, watchBucket } from "./bucket.ts";
export {
  type BusOptions,
  connectBus,
  type Msg,
  type NatsConnection,
  type Subscription,
  serverCaveat,
} from "./connect.ts";
export {
  type ConsumerSight,
  declareConsumer,
  declareStream,
  type StreamSight,
  sightConsumer,
  sightStream,
} from "./declare.ts";
export {
  openPassingObjects,
  openPassingRecords,
  type PassingObjects,
  type PassingRecord,
  type PassingRecords,
  type Storage,
} from "./passing-bucket.ts";
export { type DurablePublish, Publisher, type PublishOutcome, toHeaders } from "./publish.ts";
export { publishNow, publishSoon, type SoonOptions } from "./publish-soon.ts";
export { PulledMessage, Puller, type PullOptions } from "./pull.ts";
