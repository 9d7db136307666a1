// Signatures, verified by the library that receivers use.
import assert from "node:assert/strict";
import { test } from "node:test";
import { Webhook, WebhookVerificationError } from "standardwebhooks";
import { signedHeaders, webhookSecret } from "./sign-webhook.ts";

test("Standard Webhooks' own library verifies what is signed, and nothing else", () => {
  const secret = webhookSecret("master", "id", "salt");
  assert.match(secret, /^whsec_[A-Za-z0-9+/]{43}=$/);
  const body = JSON.stringify({ specversion: "1.0", text: "ü" });
  const headers = signedHeaders(secret, "alert-1", body, Date.now());
  assert.deepEqual(new Webhook(secret).verify(body, headers), JSON.parse(body));
  const refuses = (other: string, text: string, sent: Record<string, string>): void => {
    assert.throws(() => new Webhook(other).verify(text, sent), WebhookVerificationError);
  };
  refuses(webhookSecret("master", "id", "other"), body, headers);
  refuses(webhookSecret("other", "id", "salt"), body, headers);
  refuses(secret, `${body} `, headers);
  refuses(secret, body, { ...headers, "webhook-id": "alert-2" });
  refuses(secret, body, signedHeaders(secret, "alert-1", body, Date.now() - 600_000));
});
