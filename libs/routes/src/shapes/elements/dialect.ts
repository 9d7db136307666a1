// What the three shapes made of elements call the same things.
export interface ElementDialect {
  readonly shape: "cloudflare" | "cloudflare_docs" | "terraform";
  readonly edge: "elementId" | "element_id";
  readonly limitKind: "rate" | "rate_limit";
  readonly limitType: "limitType" | "limit_type";
  readonly window: "window" | "interval";
  readonly provider: "provider" | "ai_gateway_dynamic_routing_provider";
  readonly condition: "condition" | "conditions";
  /** Conditions are the text of a JSON object. */
  readonly hasConditionsAsText: boolean;
  /** `else` in percentages, `technique` in limits; fallbacks and the outputs of an end may be left out. */
  readonly isAsDocumented: boolean;
}

export const LIVE: ElementDialect = {
  shape: "cloudflare",
  edge: "elementId",
  limitKind: "rate",
  limitType: "limitType",
  window: "window",
  provider: "provider",
  condition: "conditions",
  hasConditionsAsText: false,
  isAsDocumented: false,
};

export const DOCS: ElementDialect = {
  ...LIVE,
  shape: "cloudflare_docs",
  limitKind: "rate_limit",
  window: "interval",
  condition: "condition",
  isAsDocumented: true,
};

export const TERRAFORM: ElementDialect = {
  ...LIVE,
  shape: "terraform",
  edge: "element_id",
  limitType: "limit_type",
  provider: "ai_gateway_dynamic_routing_provider",
  hasConditionsAsText: true,
};
