// Names of NATS message headers. Few and short: they are parsed as text for every message.

export const HEADERS = {
  /** W3C trace context, https://www.w3.org/TR/trace-context/ */
  traceparent: "traceparent",
  /** Why a message was parked in DEAD. */
  reason: "Waybill-Reason",
  /** Where a message in DEAD was published first, so that it can be replayed. */
  subject: "Waybill-Subject",
} as const;
