// What a route's conditions may look at, from the features the ingress derived. Never prompt text.
import type { Attribution, Features } from "@waybill/wire";
import type { Facts } from "../core/route/condition.ts";

export function factsOf(features: Features, attribution: Attribution): Facts {
  return {
    metadata: features.metadata,
    headers: features.headers,
    request: {
      model: features.requestedModel,
      stream: features.stream,
      estimated_input_tokens: Number(features.estimatedInputTokens),
      max_output_tokens: Number(features.maxOutputTokens),
      has_tools: features.hasTools,
      has_images: features.hasImages,
      has_json_schema: features.hasJsonSchema,
    },
    caller: {
      organisation_id: attribution.organisationId,
      team_id: attribution.teamId,
      user_id: attribution.userId,
      key_id: attribution.keyId,
      end_user_id: attribution.endUserId,
    },
    tags: attribution.tags,
  };
}
