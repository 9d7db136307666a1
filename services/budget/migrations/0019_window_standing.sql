-- What others may be shown of budgets: how each window of a budget of money stands. It is the only thing of this schema that is read from
-- outside, by the function behind finance.budget_against_actual (schema ledger); tables may change as long as this stays.
--   budget_id              of the budget that people made, also for a counter of one value of its `per`
--   organisation_id …      the scope; '' is any
--   limit_pico_usd         with what was carried in, and a raise while it lasts
--   posted, held, granted  spent, held for calls under way, and lent to routers
-- Without rolling windows, whose spend ages with every look, without budgets that count something else than money, and without counters of
-- routes' limit nodes. Windows that have ended are there as long as they are kept.
CREATE VIEW budget.window_standing AS
SELECT w.id AS window_id, r.id AS budget_id, r.name, b.template_value AS value, r.organisation_id,
  CASE WHEN r.per = 'team_id' THEN b.template_value ELSE r.team_id END AS team_id,
  CASE WHEN r.per = 'user_id' THEN b.template_value ELSE r.user_id END AS user_id,
  CASE WHEN r.per = 'key_id' THEN b.template_value ELSE r.key_id END AS key_id,
  CASE WHEN r.per = 'end_user_id' THEN b.template_value ELSE r.end_user_id END AS end_user_id,
  r.route, r.provider, r.model, r.tag_name, r.tag_value,
  r.window_kind, r.enforcement, r.origin = 'deleted' AS is_deleted, r.created_at,
  w.starts_at, w.ends_at,
  w.limit_pico_usd + w.carried_in_pico_usd
    + CASE WHEN r.raise_until > now() AND coalesce(w.ends_at > now(), true) THEN r.raise_by ELSE 0 END AS limit_pico_usd,
  w.posted_pico_usd, w.held_pico_usd, w.granted_pico_usd
FROM budget.budget_window w
JOIN budget.budget b ON b.id = w.budget_id
JOIN budget.budget r ON r.id = coalesce(b.template_id, b.id)
WHERE r.unit = 'usd' AND r.window_kind <> 'rolling' AND b.origin IN ('admin', 'template', 'deleted')
  -- A window that was begun ahead is of no interest yet.
  AND w.starts_at <= now();
