// Alerts and webhooks as the admin API shows them.
export interface Alert {
  id: string;
  kind: string;
  at: string;
  organisationId: string;
  budgetId: string | null;
  summary: string;
  data: Record<string, unknown>;
}

export interface Webhook {
  id: string;
  organisationId: string | null;
  url: string;
  kinds: string[];
  createdAt: string;
}

export interface WebhookDetail extends Webhook {
  usage: {
    state: string;
    tries: number;
    lastAnswer: string | null;
    lastTriedAt: string | null;
    nextTryAt: string | null;
    deliveredAt: string | null;
    deliveredEvents: number;
  } | null;
  deliveries: {
    alertId: string;
    kind: string;
    state: string;
    tries: number;
    lastAnswer: string | null;
    lastTriedAt: string | null;
    nextTryAt: string | null;
  }[];
}
