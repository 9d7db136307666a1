// Signatures of what webhooks are sent, as Standard Webhooks has them, so that its libraries verify them:
// https://github.com/standard-webhooks/standard-webhooks/blob/main/spec/standard-webhooks.md
import { createHmac } from "node:crypto";

/** One webhook's secret, derived: nothing that signs lies in the database. `whsec_<base64 of 32 bytes>`. */
export function webhookSecret(master: string, webhookId: string, salt: string): string {
  return `whsec_${createHmac("sha256", master).update(`webhook:${webhookId}:${salt}`).digest("base64")}`;
}

/** The three headers of one message. `atMs`: when it is sent, so that an old one cannot be sent again. */
export function signedHeaders(secret: string, id: string, body: string, atMs: number): Record<string, string> {
  const timestamp = String(Math.floor(atMs / 1_000));
  const key = Buffer.from(secret.slice("whsec_".length), "base64");
  const signature = createHmac("sha256", key).update(`${id}.${timestamp}.${body}`).digest("base64");
  return { "webhook-id": id, "webhook-timestamp": timestamp, "webhook-signature": `v1,${signature}` };
}
