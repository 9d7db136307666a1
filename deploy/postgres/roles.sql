-- One role per service that keeps data, and one that only reads the finance views.
-- Run by `npm start`; by hand: psql "$ADMIN_URL" -v waybill_router_password=... (one -v per role) -f deploy/postgres/roles.sql
-- Safe to run again. Each owner's migrations make its schema and grant what its role may do there; this file gives no tables.
-- Only LOGIN and PASSWORD are set: a new role is no superuser and may create neither roles nor databases.

DO $$
DECLARE
  wanted text;
BEGIN
  FOREACH wanted IN ARRAY ARRAY['waybill_router', 'waybill_budget', 'waybill_ledger', 'finance_reader'] LOOP
    IF NOT EXISTS (SELECT FROM pg_roles WHERE rolname = wanted) THEN
      EXECUTE format('CREATE ROLE %I', wanted);
    END IF;
  END LOOP;
END
$$;

ALTER ROLE waybill_router LOGIN PASSWORD :'waybill_router_password';
ALTER ROLE waybill_budget LOGIN PASSWORD :'waybill_budget_password';
ALTER ROLE waybill_ledger LOGIN PASSWORD :'waybill_ledger_password';
ALTER ROLE finance_reader LOGIN PASSWORD :'finance_reader_password';

-- A long question by finance must not hold anything up.
ALTER ROLE finance_reader SET default_transaction_read_only = on;
ALTER ROLE finance_reader SET statement_timeout = '60s';
ALTER ROLE finance_reader CONNECTION LIMIT 20;

-- Whoever has no role of ours has no business here; nobody makes temporary or public tables.
DO $$
BEGIN
  EXECUTE format('REVOKE ALL ON DATABASE %I FROM PUBLIC', current_database());
  EXECUTE format(
    'GRANT CONNECT ON DATABASE %I TO waybill_router, waybill_budget, waybill_ledger, finance_reader',
    current_database());
END
$$;
REVOKE ALL ON SCHEMA public FROM PUBLIC;
