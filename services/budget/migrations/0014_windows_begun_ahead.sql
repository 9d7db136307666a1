-- Windows of counters in use are begun a little before the ones they follow end. Otherwise, when all windows end at one moment, as those of
-- every day and month do, every counter's first request after it would have to wait for its own to be made.

-- Of a counter that carries over nothing is begun ahead: what is left is known at the end. Returns how many were begun.
CREATE FUNCTION budget.begin_next_windows(lead interval, at_most int) RETURNS bigint
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog AS $$
DECLARE
  at timestamptz := budget.clock();
  ids text[];
  begun bigint;
BEGIN
  ids := ARRAY(
    SELECT w.budget_id FROM budget.budget_window w
    JOIN budget.budget b ON b.id = w.budget_id JOIN budget.budget r ON r.id = coalesce(b.template_id, b.id)
    WHERE w.ends_at > at AND w.ends_at <= at + lead AND w.changed_at >= w.starts_at
      AND b.origin <> 'deleted' AND r.origin <> 'deleted' AND NOT r.carry_over
      AND NOT EXISTS (SELECT FROM budget.budget_window n WHERE n.budget_id = w.budget_id AND n.starts_at = w.ends_at)
    LIMIT at_most);
  IF cardinality(ids) = 0 THEN
    RETURN 0;
  END IF;
  PERFORM FROM budget.budget
    WHERE id = ANY (ids || ARRAY(SELECT template_id FROM budget.budget WHERE id = ANY (ids) AND template_id IS NOT NULL))
    ORDER BY id FOR SHARE;
  INSERT INTO budget.budget_window (budget_id, starts_at, ends_at, limit_pico_usd, carried_in_pico_usd, changed_at)
  SELECT w.budget_id, w.ends_at, budget.window_end(r, w.ends_at), r.limit_pico_usd, 0, at
  FROM budget.budget_window w
  JOIN budget.budget b ON b.id = w.budget_id JOIN budget.budget r ON r.id = coalesce(b.template_id, b.id)
  WHERE b.id = ANY (ids) AND w.ends_at > at AND w.ends_at <= at + lead
    -- What the rule says now; a rule may have changed since this window was begun.
    AND w.ends_at = budget.window_end(r, w.starts_at) AND NOT r.carry_over AND r.origin <> 'deleted'
  ORDER BY w.budget_id ON CONFLICT DO NOTHING;
  GET DIAGNOSTICS begun = ROW_COUNT;
  RETURN begun;
END $$;

REVOKE ALL ON FUNCTION budget.begin_next_windows FROM PUBLIC;
GRANT EXECUTE ON FUNCTION budget.begin_next_windows TO waybill_budget;
