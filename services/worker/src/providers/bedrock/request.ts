// How Bedrock's runtime is called: the model stands in the path; the call is signed for a region, or carries an API key of Bedrock's
// own. https://docs.aws.amazon.com/bedrock/latest/userguide/api-keys.html
import type { Waybill } from "@waybill/wire";
import type { Credentials, ProviderSettings } from "../provider.ts";
import { type AwsKeys, escapeUri, signV4 } from "../sigv4.ts";

/** Keys for some hours, and keys for as long as they are wanted. */
const API_KEY = /^(?:bedrock-api-key-|ABSK)/;
const AWS_KEYS = /^([A-Z0-9]{16,128}):([^:]+)(?::([^:]+))?$/;
/** bedrock-runtime.<region>.amazonaws.com, its FIPS and VPC endpoints, and those of other partitions. */
const REGION_IN_HOST = /(?:^|\.)bedrock-runtime(?:-fips)?\.([a-z]{2,}(?:-[a-z]+)+-\d+)\./;
const SERVICE = "bedrock";

/** The model's id, the id of an inference profile, or an ARN. */
export function conversePath({ stream, target }: Waybill): string {
  return `/model/${escapeUri(target?.upstreamModel ?? "")}/${stream ? "converse-stream" : "converse"}`;
}

/**
 * The secret is ACCESS_KEY_ID:SECRET_ACCESS_KEY, with :SESSION_TOKEN where the keys are temporary, or an API key of Bedrock's.
 * Throws Error with a sentence for the log, without the secret, for another form, or where no region is known.
 */
export function awsCredentials(secret: string, settings?: ProviderSettings): Credentials {
  if (secret === "") return { headers: () => [], secrets: [] };
  if (API_KEY.test(secret)) {
    const headers = ["authorization", `Bearer ${secret}`];
    return { headers: () => headers, secrets: [secret] };
  }
  const [, accessKeyId, secretAccessKey, sessionToken = ""] = AWS_KEYS.exec(secret) ?? [];
  if (accessKeyId === undefined || secretAccessKey === undefined) {
    throw new Error("its key must be ACCESS_KEY_ID:SECRET_ACCESS_KEY[:SESSION_TOKEN] or an API key of Bedrock");
  }
  const region = settings?.region || REGION_IN_HOST.exec(settings?.host ?? "")?.[1];
  if (region === undefined) throw new Error("its host does not say the region; set region in waybill.yaml");
  const keys: AwsKeys = { accessKeyId, secretAccessKey, sessionToken };
  return {
    headers: (call) => signV4(call, keys, { region, service: SERVICE }),
    secrets: Object.values(keys).filter((part) => part !== ""),
  };
}
