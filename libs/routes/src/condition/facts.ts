// What the conditions of a route may look at. Sizes, flags, ids and harmless texts; never prompt text.

export interface Facts {
  /** From the body's metadata, the metadata headers, mapped headers and the key. Always text. */
  readonly metadata: Readonly<Record<string, string>>;
  /** Without credentials and cookies; lower-case names. */
  readonly headers: Readonly<Record<string, string>>;
  /** The body's top-level texts, numbers and booleans, and its metadata; at most 4 KiB. */
  readonly body: Readonly<Record<string, unknown>>;
  readonly request: RequestFacts;
  readonly caller: CallerFacts;
  /** The tightest budget that matches; undefined: none does. */
  readonly budget: BudgetFacts | undefined;
  /** By <provider>/<model>. */
  readonly model: Readonly<Record<string, ModelFacts>>;
}

export interface RequestFacts {
  /** As the client wrote it. */
  readonly model: string;
  readonly path: string;
  readonly stream: boolean;
  readonly estimated_input_tokens: number;
  /** 0: the client did not say. */
  readonly max_output_tokens: number;
  /** Estimated input and allowed output together: the context window that is needed. */
  readonly context_tokens: number;
  /** Messages and tools. */
  readonly part_count: number;
  readonly has_tools: boolean;
  readonly has_images: boolean;
  readonly has_json_schema: boolean;
  readonly session_id: string;
  /** UTC, 0 to 23. */
  readonly hour: number;
  /** UTC, 1 (Monday) to 7. */
  readonly weekday: number;
}

export interface CallerFacts {
  readonly organisation_id: string;
  readonly team_id: string;
  readonly user_id: string;
  readonly key_id: string;
  readonly end_user_id: string;
  readonly tags: Readonly<Record<string, string>>;
}

export interface BudgetFacts {
  readonly name: string;
  /** Posted, held and granted as a share of the limit: 0 to 1, and beyond. */
  readonly used_share: number;
  readonly burn_usd_per_hour: number;
  /** Infinity: never, at this burn. */
  readonly hours_to_exhaustion: number;
  readonly remaining_usd: number;
}

export interface ModelFacts {
  readonly live: boolean;
  /** closed, open or half_open */
  readonly circuit: string;
  /** Failed calls of the last ten seconds as a share: 0 to 1. */
  readonly error_share: number;
  /** Mean of the last ten seconds; 0: no call. */
  readonly first_token_ms: number;
}
