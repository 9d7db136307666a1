-- Providers' invoices held against the books: what their files said, line by line, the comparison, and the differences that somebody approved.
-- Nothing here changes the books.

-- Invoices -------------------------------------------------------------------------------------------------------------------------

-- An invoice, or a part of one as an export has it: one row for each file that was imported, once by its content.
CREATE TABLE ledger.invoice (
  id uuid PRIMARY KEY,
  -- The provider's id on the books.
  provider text NOT NULL,
  format text NOT NULL,
  file_name text NOT NULL,
  file_sha256 bytea NOT NULL,
  -- The first and last UTC day that it covers.
  from_day date NOT NULL,
  until_day date NOT NULL,
  -- Whether its lines say what was paid, and how much was used; files of usage say the one and not the other.
  has_amounts boolean NOT NULL,
  has_quantities boolean NOT NULL,
  names_accounts boolean NOT NULL,
  names_models boolean NOT NULL,
  lines integer NOT NULL,
  left_out_rows integer NOT NULL,
  rounded_amounts integer NOT NULL,
  -- Most decimal places of its amounts: what the file itself rounds to.
  amount_decimals smallint NOT NULL CHECK (amount_decimals BETWEEN 0 AND 12),
  usage_usd numeric(38, 12) NOT NULL,
  credit_usd numeric(38, 12) NOT NULL,
  tax_usd numeric(38, 12) NOT NULL,
  imported_at timestamptz NOT NULL DEFAULT clock_timestamp(),
  imported_by text NOT NULL,
  reason text NOT NULL,
  UNIQUE (provider, file_sha256),
  CHECK (from_day <= until_day)
);

CREATE TABLE ledger.invoice_line (
  invoice_id uuid NOT NULL REFERENCES ledger.invoice,
  number integer NOT NULL,
  -- Of the file.
  file_line integer NOT NULL,
  day date NOT NULL,
  -- As the file names them; empty: it names none.
  account text NOT NULL,
  model text NOT NULL,
  kind text NOT NULL CHECK (kind IN
    ('input', 'cached_input', 'cache_write_5m', 'cache_write_1h', 'output', 'reasoning', 'requests', 'other')),
  charge text NOT NULL CHECK (charge IN ('usage', 'tax', 'credit')),
  -- NULL: the file does not say, which is never zero.
  quantity bigint,
  amount_usd numeric(43, 12),
  PRIMARY KEY (invoice_id, number)
);
CREATE INDEX invoice_line_by_day ON ledger.invoice_line (day, invoice_id);

-- Invoices that a newer version took the place of. They stay, and are held against nothing.
CREATE TABLE ledger.superseded_invoice (
  invoice_id uuid PRIMARY KEY REFERENCES ledger.invoice,
  by_invoice_id uuid NOT NULL REFERENCES ledger.invoice,
  superseded_at timestamptz NOT NULL DEFAULT clock_timestamp(),
  CHECK (invoice_id <> by_invoice_id)
);

-- What a name of a provider's files is on the books; the latest row of a name holds.
CREATE TABLE ledger.invoice_name (
  id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
  provider text NOT NULL,
  names text NOT NULL CHECK (names IN ('account', 'model')),
  -- As the files have it, and the account's id or the provider's own name of the model on the books.
  invoiced text NOT NULL,
  booked text NOT NULL,
  set_at timestamptz NOT NULL DEFAULT clock_timestamp(),
  set_by text NOT NULL,
  reason text NOT NULL
);

-- True-ups --------------------------------------------------------------------------------------------------------------------------

-- Who approved which differences, and why.
CREATE TABLE ledger.true_up_approval (
  id uuid PRIMARY KEY,
  provider text NOT NULL,
  from_day date NOT NULL,
  until_day date NOT NULL,
  -- Only differences of these causes; NULL: of any.
  causes text[],
  true_ups integer NOT NULL,
  amount_usd numeric(38, 12) NOT NULL,
  approved_at timestamptz NOT NULL DEFAULT clock_timestamp(),
  approved_by text NOT NULL,
  reason text NOT NULL CHECK (reason <> '')
);

-- An approved difference: what is owed to the provider beyond what is booked, or less where it is below zero. Exact, of one day, account
-- and model, in a month that was open then. Its two postings sum to zero by construction: `payable:<provider>` is credited and
-- `true_up:<provider>` debited, so that no team's spend changes.
CREATE TABLE ledger.true_up (
  id uuid PRIMARY KEY,
  approval_id uuid NOT NULL REFERENCES ledger.true_up_approval,
  provider text NOT NULL,
  day date NOT NULL,
  account text NOT NULL,
  model text NOT NULL,
  cause text NOT NULL,
  amount_usd numeric(38, 12) NOT NULL CHECK (amount_usd <> 0),
  -- As they were compared then.
  invoiced_usd numeric(38, 12) NOT NULL,
  booked_usd numeric(38, 12) NOT NULL,
  accounting_month date NOT NULL CHECK (accounting_month = date_trunc('month', accounting_month)::date),
  CHECK (accounting_month >= date_trunc('month', day)::date)
);
CREATE INDEX true_up_by_day ON ledger.true_up (provider, day);

-- The service may add and read, nothing else.
GRANT SELECT, INSERT ON ledger.invoice, ledger.invoice_line, ledger.superseded_invoice, ledger.invoice_name, ledger.true_up_approval,
  ledger.true_up TO waybill_ledger;

-- The comparison ----------------------------------------------------------------------------------------------------------------------

-- A model's name without what differs between a provider's papers and its API: region, maker and version in front and behind, dates of
-- snapshots, dots and blanks. "us.anthropic.claude-sonnet-4-20250514-v1:0" and "Claude Sonnet 4" are the same family.
CREATE FUNCTION ledger.model_family(model text) RETURNS text LANGUAGE sql IMMUTABLE AS $$
  SELECT regexp_replace(
    regexp_replace(
      regexp_replace(
        regexp_replace(lower(model), '^(models/|publishers/[^/]+/models/)', ''),
        '^((us|eu|apac|jp|au|us-gov|global)\.)?((anthropic|amazon|meta|mistral|cohere|ai21|deepseek|openai|google|qwen)[./])?', ''),
      '[^a-z0-9:]+', '-', 'g'),
    '((-v\d+)?:\d+|-latest|-\d{4}-\d{2}-\d{2}|-20\d{6}(-v\d+(:\d+)?)?|-(0[1-9]|1[0-2])(0[1-9]|[12]\d|3[01]))+$', '')
$$;

-- Invoices that hold: those that no newer one took the place of.
CREATE VIEW ledger.invoice_that_holds AS
WITH superseded AS (SELECT invoice_id FROM ledger.superseded_invoice)
SELECT i.* FROM ledger.invoice i WHERE NOT EXISTS (SELECT FROM superseded s WHERE s.invoice_id = i.id);

-- What was invoiced beside what is booked: one row for each UTC day that an invoice of the provider covers, account and model, with the likely
-- cause of a difference by the first rule that fits; docs/invoices.md explains them one by one. An account or a model that no invoice of the
-- day names is not compared by: its column is empty, and what is booked is summed over it.
--
-- A name is what was said of it (`invoices map`), else itself where the books know it, else the one model of its family that was used in the
-- days of the invoice; else it stays what it is. A function and not a view, so that a month costs what the month has, however many there
-- are; it looks at a month before and behind, because differences may cancel out over its ends.
CREATE FUNCTION ledger.reconcile(of_provider text, first_day date, last_day date) RETURNS TABLE (
  day date, account text, model text, simulated boolean, invoice_lines bigint,
  invoiced_usd numeric, booked_usd numeric, trued_up_usd numeric, difference_usd numeric, cause text, explanation text,
  invoiced_input_tokens bigint, booked_input_tokens bigint, invoiced_cached_input_tokens bigint, booked_cached_input_tokens bigint,
  invoiced_output_tokens bigint, booked_output_tokens bigint, attempts bigint, unpriced_attempts bigint, credit_usd numeric, tax_usd numeric
) LANGUAGE sql STABLE SECURITY DEFINER SET search_path = '' AS $$
WITH invoice AS MATERIALIZED (
  SELECT * FROM ledger.invoice_that_holds i
  WHERE i.provider = of_provider AND i.from_day <= last_day + 31 AND i.until_day >= first_day - 31
),
covered AS MATERIALIZED (
  SELECT i.provider, d.day::date AS day, bool_or(i.has_amounts) AS has_amounts, bool_or(i.has_quantities) AS has_quantities,
    bool_and(i.names_accounts) AS names_accounts, bool_and(i.names_models) AS names_models,
    min(i.imported_at) FILTER (WHERE i.has_amounts) AS imported_at
  FROM invoice i
  CROSS JOIN LATERAL generate_series(
    greatest(i.from_day, first_day - 31)::timestamp, least(i.until_day, last_day + 31)::timestamp, interval '1 day') AS d (day)
  GROUP BY 1, 2
),
used AS MATERIALIZED (
  SELECT r.provider, r.provider_account AS account, coalesce(r.upstream_model, r.model) AS model, r.simulated, d.day, d.price_id, d.outcome,
    d.token_source, d.attempts, d.unpriced_attempts, d.cost_usd, d.input_tokens, d.cached_input_tokens, d.output_tokens
  FROM ledger.usage_day d JOIN ledger.routing r ON r.id = d.routing_id AND r.provider = of_provider
  WHERE d.day BETWEEN first_day - 31 AND last_day + 31
),
used_model AS MATERIALIZED (
  SELECT DISTINCT i.id AS invoice_id, u.model
  FROM invoice i JOIN (SELECT DISTINCT used.day, used.model FROM used) u ON u.day BETWEEN i.from_day AND i.until_day
),
family AS MATERIALIZED (
  SELECT invoice_id, ledger.model_family(u.model) AS family, min(u.model) AS model
  FROM used_model u GROUP BY 1, 2 HAVING count(*) = 1
),
said AS MATERIALIZED (
  SELECT DISTINCT ON (names, invoiced) names, invoiced, booked
  FROM ledger.invoice_name WHERE provider = of_provider ORDER BY names, invoiced, id DESC
),
file_line AS MATERIALIZED (
  SELECT l.*, i.provider, i.has_quantities, i.amount_decimals FROM invoice i JOIN ledger.invoice_line l ON l.invoice_id = i.id
  WHERE l.day BETWEEN first_day - 31 AND last_day + 31
),
named AS MATERIALIZED (
  SELECT l.invoice_id, l.model, coalesce(s.booked, u.model, f.model, l.model) AS booked
  FROM (SELECT DISTINCT file_line.invoice_id, file_line.model, ledger.model_family(file_line.model) AS family
    FROM file_line WHERE file_line.model <> '') l
  LEFT JOIN said s ON s.names = 'model' AND s.invoiced = l.model
  LEFT JOIN used_model u ON u.invoice_id = l.invoice_id AND u.model = l.model
  LEFT JOIN family f ON f.invoice_id = l.invoice_id AND f.family = l.family
),
line AS (
  SELECT l.provider, l.day, coalesce(s.booked, l.account) AS account, coalesce(n.booked, '') AS model,
    l.kind, l.charge, l.quantity, l.amount_usd, l.has_quantities, l.amount_decimals
  FROM file_line l
  LEFT JOIN said s ON s.names = 'account' AND s.invoiced = l.account
  LEFT JOIN named n ON n.invoice_id = l.invoice_id AND n.model = l.model
),
invoiced AS (
  SELECT l.provider, l.day, CASE WHEN c.names_accounts THEN l.account ELSE '' END AS account,
    CASE WHEN c.names_models THEN l.model ELSE '' END AS model,
    count(*) FILTER (WHERE l.charge = 'usage') AS lines,
    coalesce(sum(l.amount_usd) FILTER (WHERE l.charge = 'usage'), 0) AS usd,
    coalesce(sum(l.amount_usd) FILTER (WHERE l.charge = 'credit'), 0) AS credit_usd,
    coalesce(sum(l.amount_usd) FILTER (WHERE l.charge = 'tax'), 0) AS tax_usd,
    -- Each amount may be off by one of its last decimal place, at most by a cent.
    coalesce(sum(least(power(10::numeric, -l.amount_decimals), 0.01))
      FILTER (WHERE l.charge = 'usage' AND l.amount_usd IS NOT NULL), 0) AS rounding_usd,
    coalesce(bool_and(l.quantity IS NOT NULL) FILTER (WHERE l.has_quantities AND l.charge = 'usage' AND l.kind NOT IN ('requests', 'other')),
      true) AS has_all_quantities,
    coalesce(sum(l.quantity) FILTER (WHERE l.charge = 'usage'
      AND l.kind IN ('input', 'cached_input', 'cache_write_5m', 'cache_write_1h')), 0) AS input_tokens,
    coalesce(sum(l.quantity) FILTER (WHERE l.charge = 'usage' AND l.kind = 'cached_input'), 0) AS cached_input_tokens,
    coalesce(sum(l.quantity) FILTER (WHERE l.charge = 'usage' AND l.kind IN ('output', 'reasoning')), 0) AS output_tokens
  FROM line l JOIN covered c ON c.provider = l.provider AND c.day = l.day
  GROUP BY 1, 2, 3, 4
),
booked AS (
  SELECT c.provider, c.day, CASE WHEN c.names_accounts THEN coalesce(r.account, '') ELSE '' END AS account,
    CASE WHEN c.names_models THEN r.model ELSE '' END AS model,
    bool_or(r.simulated) AS simulated,
    sum(r.attempts)::bigint AS attempts,
    sum(r.unpriced_attempts)::bigint AS unpriced_attempts,
    sum(r.cost_usd) AS usd,
    coalesce(sum(r.cost_usd) FILTER (WHERE r.token_source = 'worst_case'), 0) AS worst_case_usd,
    coalesce(sum(r.cost_usd) FILTER (WHERE r.token_source NOT IN ('provider', 'worst_case')), 0) AS estimated_usd,
    coalesce(sum(r.cost_usd) FILTER (WHERE r.outcome IN ('failed_billed', 'unknown', 'partial')), 0) AS unfinished_usd,
    coalesce(sum(r.cached_input_tokens * (p.input_usd_per_million - p.cached_input_usd_per_million)), 0) * 0.000001 AS cached_discount_usd,
    sum(r.input_tokens)::bigint AS input_tokens,
    sum(r.cached_input_tokens)::bigint AS cached_input_tokens,
    sum(r.output_tokens)::bigint AS output_tokens
  FROM used r
  JOIN covered c ON c.provider = r.provider AND c.day = r.day
  JOIN ledger.price p ON p.id = r.price_id
  GROUP BY 1, 2, 3, 4
  -- What never reached the provider, and what came out of our own cache.
  HAVING sum(r.cost_usd) <> 0 OR sum(r.unpriced_attempts) <> 0 OR sum(r.input_tokens) <> 0 OR sum(r.output_tokens) <> 0
),
trued_up AS (
  SELECT t.provider, t.day, t.account, t.model, sum(t.amount_usd) AS usd FROM ledger.true_up t WHERE t.provider = of_provider GROUP BY 1, 2, 3, 4
),
compared AS (
  SELECT c.provider, c.day, account, model, coalesce(b.simulated, false) AS simulated,
    coalesce(i.lines, 0) AS invoice_lines,
    CASE WHEN c.has_amounts THEN coalesce(i.usd, 0) END AS invoiced_usd,
    coalesce(b.usd, 0) AS booked_usd,
    coalesce(t.usd, 0) AS trued_up_usd,
    CASE WHEN c.has_amounts THEN coalesce(i.usd, 0) - coalesce(b.usd, 0) END AS gap_usd,
    coalesce(i.credit_usd, 0) AS credit_usd, coalesce(i.tax_usd, 0) AS tax_usd, coalesce(i.rounding_usd, 0) AS rounding_usd,
    CASE WHEN c.has_quantities AND coalesce(i.has_all_quantities, true) THEN coalesce(i.input_tokens, 0) END AS invoiced_input_tokens,
    CASE WHEN c.has_quantities AND coalesce(i.has_all_quantities, true) THEN coalesce(i.cached_input_tokens, 0) END
      AS invoiced_cached_input_tokens,
    CASE WHEN c.has_quantities AND coalesce(i.has_all_quantities, true) THEN coalesce(i.output_tokens, 0) END AS invoiced_output_tokens,
    coalesce(b.input_tokens, 0) AS booked_input_tokens, coalesce(b.cached_input_tokens, 0) AS booked_cached_input_tokens,
    coalesce(b.output_tokens, 0) AS booked_output_tokens,
    b.provider IS NOT NULL AS is_booked,
    coalesce(b.attempts, 0) AS attempts, coalesce(b.unpriced_attempts, 0) AS unpriced_attempts,
    coalesce(b.worst_case_usd, 0) AS worst_case_usd, coalesce(b.estimated_usd, 0) AS estimated_usd,
    coalesce(b.unfinished_usd, 0) AS unfinished_usd, coalesce(b.cached_discount_usd, 0) AS cached_discount_usd,
    c.imported_at < (c.day + 3)::timestamp AT TIME ZONE 'UTC' AS may_be_incomplete
  FROM invoiced i
  FULL JOIN booked b USING (provider, day, account, model)
  FULL JOIN trued_up t USING (provider, day, account, model)
  JOIN covered c USING (provider, day)
),
big AS MATERIALIZED (
  SELECT *, abs(gap_usd) > rounding_usd AS is_big FROM compared
),
-- Days in a row with differences that cancel out: to 5 %, because the first and the last of them are cut at the other hour, too.
islands AS (
  SELECT provider, account, model, day, gap_usd,
    day - (row_number() OVER (PARTITION BY provider, account, model ORDER BY day))::integer AS island
  FROM big WHERE is_big
),
shifted AS (
  SELECT provider, account, model, island, min(day) AS from_day, max(day) AS until_day
  FROM islands GROUP BY 1, 2, 3, 4
  HAVING count(*) >= 2 AND min(gap_usd) < 0 AND max(gap_usd) > 0 AND abs(sum(gap_usd)) <= 0.05 * sum(abs(gap_usd))
),
shifted_day AS (
  SELECT i.provider, i.account, i.model, i.day, s.from_day, s.until_day
  FROM islands i JOIN shifted s USING (provider, account, model, island)
),
-- One name for two things: what is invoiced under one account, or model, and booked under another. Two rows of a day that cancel out, of
-- which one is not booked and the other not invoiced; or all accounts of a day and model together.
pairs AS (
  SELECT x.provider, x.day, x.account, x.model, y.model = x.model AS is_other_account,
    count(*) OVER (PARTITION BY x.provider, x.day, x.account, x.model) AS of_this,
    count(*) OVER (PARTITION BY x.provider, x.day, y.account, y.model) AS of_that
  FROM big x
  JOIN big y ON y.provider = x.provider AND y.day = x.day AND (y.account = x.account) <> (y.model = x.model)
    AND ((NOT x.is_booked AND y.invoice_lines = 0) OR (NOT y.is_booked AND x.invoice_lines = 0))
    AND abs(x.gap_usd + y.gap_usd) <= greatest(x.rounding_usd + y.rounding_usd, 0.001 * abs(x.gap_usd))
  WHERE x.is_big AND y.is_big
),
-- Only where neither could be another's.
paired AS (
  SELECT provider, day, account, model, is_other_account FROM pairs WHERE of_this = 1 AND of_that = 1
),
crossed AS (
  SELECT provider, day, model FROM big WHERE is_big
  GROUP BY 1, 2, 3
  HAVING count(*) >= 2 AND min(gap_usd) < 0 AND max(gap_usd) > 0
    AND abs(sum(gap_usd)) <= greatest(sum(rounding_usd), 0.001 * sum(abs(gap_usd)))
),
judged AS (
  SELECT b.*, s.from_day AS shift_from, s.until_day AS shift_until,
    b.is_big AND (x.model IS NOT NULL OR coalesce(p.is_other_account, false)) AS is_other_account,
    coalesce(NOT p.is_other_account, false) AS is_other_model,
    (b.invoiced_input_tokens, b.invoiced_output_tokens) = (b.booked_input_tokens, b.booked_output_tokens) AS has_same_tokens,
    coalesce(b.invoiced_cached_input_tokens <> b.booked_cached_input_tokens, false) AS has_other_cached,
    greatest(b.rounding_usd, 0.001 * abs(b.gap_usd)) AS near_usd
  FROM big b
  LEFT JOIN shifted_day s USING (provider, account, model, day)
  LEFT JOIN paired p USING (provider, account, model, day)
  LEFT JOIN crossed x ON x.provider = b.provider AND x.day = b.day AND x.model = b.model
),
caused AS (
  SELECT *, CASE
    WHEN gap_usd IS NULL THEN CASE
      WHEN has_same_tokens AND NOT has_other_cached THEN NULL
      WHEN invoiced_input_tokens > booked_input_tokens OR invoiced_output_tokens > booked_output_tokens THEN 'not_through_waybill'
      ELSE 'unexplained' END
    WHEN gap_usd = 0 THEN CASE WHEN credit_usd <> 0 OR tax_usd <> 0 THEN 'credit_or_tax' END
    WHEN NOT is_big THEN 'rounding'
    WHEN is_other_account THEN 'other_account'
    WHEN is_other_model THEN 'other_model'
    WHEN shift_from IS NOT NULL THEN 'day_shift'
    WHEN unpriced_attempts > 0 AND gap_usd > 0 THEN 'unpriced'
    WHEN NOT is_booked THEN 'not_through_waybill'
    WHEN invoice_lines = 0 AND may_be_incomplete THEN 'incomplete'
    WHEN worst_case_usd > 0 AND gap_usd < 0 AND -gap_usd <= worst_case_usd + near_usd THEN 'worst_case'
    WHEN unfinished_usd > 0 AND gap_usd < 0 AND -gap_usd <= unfinished_usd + near_usd THEN 'failed_attempts'
    WHEN invoice_lines = 0 THEN 'not_invoiced'
    WHEN cached_discount_usd > 0 AND abs(gap_usd - cached_discount_usd) <= near_usd THEN 'cached_discount'
    WHEN has_same_tokens AND has_other_cached THEN 'cached_discount'
    WHEN has_same_tokens THEN 'price'
    WHEN estimated_usd > 0 AND abs(gap_usd) <= estimated_usd + near_usd THEN 'estimated'
    WHEN may_be_incomplete AND gap_usd < 0 THEN 'incomplete'
    WHEN gap_usd > 0 AND (invoiced_input_tokens IS NULL
      OR invoiced_input_tokens > booked_input_tokens OR invoiced_output_tokens > booked_output_tokens) THEN 'not_through_waybill'
    ELSE 'unexplained' END AS cause
  FROM judged
)
SELECT day, account, model, simulated, invoice_lines::bigint,
  trim_scale(invoiced_usd) AS invoiced_usd, trim_scale(booked_usd) AS booked_usd, trim_scale(trued_up_usd) AS trued_up_usd,
  trim_scale(gap_usd - trued_up_usd) AS difference_usd, cause,
  CASE cause
    WHEN 'credit_or_tax' THEN 'credits and taxes stand apart and are no usage'
    WHEN 'rounding' THEN format('less than the last decimal place of its lines: %s', invoice_lines)
    WHEN 'other_account' THEN 'accounts of this day and model cancel out: map the account of the invoice to the one on the books'
    WHEN 'other_model' THEN 'models of this day and account cancel out: map the model of the invoice to the one on the books'
    WHEN 'day_shift' THEN format('%s to %s cancel out: their days begin at another hour than 0:00 UTC', shift_from, shift_until)
    WHEN 'unpriced' THEN format('attempts that have no price on the books yet: %s', unpriced_attempts)
    WHEN 'worst_case' THEN format('%s USD are booked as the worst case of attempts whose end nobody saw', trim_scale(worst_case_usd))
    WHEN 'failed_attempts' THEN format('%s USD are booked for attempts that failed, broke off or were lost', trim_scale(unfinished_usd))
    WHEN 'incomplete' THEN 'the file was imported less than two days after the end of this day: import a newer one'
    WHEN 'not_invoiced' THEN format('the invoice has no line for it; attempts on the books: %s', attempts)
    WHEN 'cached_discount' THEN CASE
      WHEN invoiced_cached_input_tokens IS NULL THEN format('exactly the discount of %s cached tokens', booked_cached_input_tokens)
      ELSE format('%s cached tokens are invoiced, %s are booked', invoiced_cached_input_tokens, booked_cached_input_tokens) END
    WHEN 'price' THEN CASE WHEN booked_usd = 0 THEN 'the same tokens, which cost nothing on the books'
      ELSE format('the same tokens at %s times the price on the books', trim_scale(round(invoiced_usd / booked_usd, 6))) END
    WHEN 'estimated' THEN format('%s USD are booked for tokens that the provider did not count', trim_scale(estimated_usd))
    WHEN 'not_through_waybill' THEN CASE
      WHEN invoiced_input_tokens IS NULL THEN 'more is invoiced than is booked'
      ELSE format('%s input and %s output tokens are invoiced that are not on the books',
        invoiced_input_tokens - booked_input_tokens, invoiced_output_tokens - booked_output_tokens) END
    WHEN 'unexplained' THEN 'no rule fits'
  END AS explanation,
  invoiced_input_tokens::bigint, booked_input_tokens::bigint, invoiced_cached_input_tokens::bigint, booked_cached_input_tokens::bigint,
  invoiced_output_tokens::bigint, booked_output_tokens::bigint, attempts::bigint, unpriced_attempts::bigint,
  trim_scale(credit_usd) AS credit_usd, trim_scale(tax_usd) AS tax_usd
FROM caused WHERE day BETWEEN first_day AND last_day
$$;
REVOKE EXECUTE ON FUNCTION ledger.reconcile(text, date, date) FROM PUBLIC;
GRANT EXECUTE ON FUNCTION ledger.reconcile(text, date, date) TO waybill_ledger, finance_reader;
GRANT SELECT ON ledger.invoice_that_holds TO waybill_ledger;

-- What finance reads. docs/invoices.md explains the columns ---------------------------------------------------------------------------

-- One row for each day that an invoice covers, account and model. Ask for a provider and a month: only that is compared then.
CREATE VIEW finance.reconciliation AS
WITH months AS (
  SELECT DISTINCT i.provider, m::date AS month
  FROM ledger.invoice_that_holds i
  CROSS JOIN LATERAL generate_series(date_trunc('month', i.from_day)::timestamp, i.until_day::timestamp, interval '1 month') AS m
)
SELECT m.provider, m.month, r.*
FROM months m CROSS JOIN LATERAL ledger.reconcile(m.provider, m.month, (m.month + interval '1 month' - interval '1 day')::date) r;

-- Lines of the invoices that hold, as their files have them.
CREATE VIEW finance.invoice_lines AS
WITH holding AS (SELECT id, provider, file_name FROM ledger.invoice_that_holds)
SELECT i.provider, l.day, l.account, l.model, l.kind, l.charge, l.quantity, trim_scale(l.amount_usd) AS amount_usd, i.file_name, l.file_line,
  l.invoice_id
FROM ledger.invoice_line l JOIN holding i ON i.id = l.invoice_id;

-- Approved differences, each with the two accounts between which it moves; they are in no other view of finance.
CREATE VIEW finance.true_ups AS
WITH approved AS (
  SELECT t.*, a.approved_at, a.approved_by, a.reason FROM ledger.true_up t JOIN ledger.true_up_approval a ON a.id = t.approval_id
)
SELECT accounting_month, provider, day, account, model, cause, trim_scale(amount_usd) AS amount_usd,
  'true_up:' || provider AS debit_account, 'payable:' || provider AS credit_account,
  trim_scale(invoiced_usd) AS invoiced_usd, trim_scale(booked_usd) AS booked_usd, approved_at, approved_by, reason,
  id AS true_up_id, approval_id
FROM approved;
GRANT SELECT ON finance.reconciliation, finance.invoice_lines, finance.true_ups TO finance_reader;
