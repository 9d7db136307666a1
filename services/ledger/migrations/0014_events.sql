-- What others hear of the books: entries in the order of booking, and how far the bus was told.

-- In the order of booking and not only near it, so that whoever follows the books finds the next entry however many there are. The
-- entries of a batch have one time, which the index keeps once.
CREATE INDEX entry_in_order_of_booking ON ledger.entry (posted_at);
DROP INDEX ledger.entry_by_posting_time;

-- The time at which a batch is booked: after every other, also where the clock was set back. Asked under the lock of begin_booking, so
-- whoever has seen an entry has seen, or can see, every one that was booked before it.
CREATE FUNCTION ledger.booking_time() RETURNS timestamptz LANGUAGE plpgsql SET search_path = '' AS $$
BEGIN
  RETURN greatest(clock_timestamp(), (SELECT max(posted_at) + interval '1 microsecond' FROM ledger.entry));
END
$$;

-- Up to which entry somebody was told, as core/event-position.ts writes it. Whoever has the row locked tells the next ones.
CREATE TABLE ledger.event_position (
  reader text PRIMARY KEY,
  place text NOT NULL,
  moved_at timestamptz NOT NULL
);
-- The bus begins with what is booked from now on; `waybill events replay` gives what was booked before.
INSERT INTO ledger.event_position
SELECT 'bus', (extract(epoch FROM now_at) * 1000000)::bigint || '_00000000-0000-0000-0000-000000000000_0_0', now_at
FROM clock_timestamp() AS now_at;
GRANT SELECT, UPDATE (place, moved_at) ON ledger.event_position TO waybill_ledger;
