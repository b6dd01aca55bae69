-- The event store: what happened, for ever.

CREATE TYPE event_kind AS ENUM ('Claim', 'Correction', 'Validation');

CREATE TABLE event (
  position bigint PRIMARY KEY CHECK (position > 0),
  id uuid NOT NULL UNIQUE,
  created_at timestamptz NOT NULL UNIQUE,
  occurred_at timestamptz NOT NULL,
  object_ids uuid[] NOT NULL CHECK (cardinality(object_ids) > 0),
  event_type text NOT NULL,
  event_version text NOT NULL,
  event_kind event_kind NOT NULL,
  event_source_id uuid NOT NULL,
  event_source_type text NOT NULL,
  event_reference uuid[] NOT NULL,
  event_data json NOT NULL,
  CONSTRAINT event_reference_of_kind CHECK (event_kind = 'Claim' OR cardinality(event_reference) = 1)
);

COMMENT ON TABLE event IS 'Immutable records of claims, corrections and validations, in commit order.';
COMMENT ON COLUMN event.position IS 'The place in commit order, without holes, given from the head row.';
COMMENT ON COLUMN event.created_at IS 'When the store recorded it: strictly increasing with position. The formal line.';
COMMENT ON COLUMN event.occurred_at IS
  'When it took effect in reality, as first stated. Never filter by it: corrections decide when a fact begins.';
COMMENT ON COLUMN event.object_ids IS 'The objects that it is about; event_object holds one row for each.';
COMMENT ON COLUMN event.event_reference IS
  'A claim: the events that it is based on. A correction or validation: exactly its target.';
COMMENT ON COLUMN event.event_data IS
  'json and not jsonb: kept as it was written, numbers and order included, and cheaper to hand on.';

-- No foreign key to event: the append writes both in one statement, and the guard below lets no event vanish.
CREATE TABLE event_object (
  object_id uuid NOT NULL,
  position bigint NOT NULL,
  PRIMARY KEY (object_id, position)
);

COMMENT ON TABLE event_object IS 'Which events bear on an object: one row per object of an event.';

-- The row is rewritten by every commit: the room left in its page keeps those updates within the page.
CREATE TABLE head (
  singleton boolean PRIMARY KEY DEFAULT true CHECK (singleton),
  position bigint NOT NULL,
  created_at timestamptz NOT NULL
) WITH (fillfactor = 10);

COMMENT ON TABLE head IS
  'One row: the position and moment of the newest event. Its lock gives positions in commit order, without holes.';

INSERT INTO head (position, created_at) VALUES (0, '0001-01-01T00:00:00Z');
-- One row is too little for autovacuum to look at, and the planner would take an unknown table for a large one.
ANALYZE head;

CREATE OR REPLACE FUNCTION refuse_change() RETURNS trigger LANGUAGE plpgsql SET search_path = '' AS $refuse$
BEGIN
  RAISE EXCEPTION 'events are never changed: % on % is refused', TG_OP, TG_TABLE_NAME
    USING ERRCODE = 'restrict_violation', HINT = 'Append a correction: an amend, or an annul.';
END
$refuse$;

COMMENT ON FUNCTION refuse_change() IS 'Refuses UPDATE, DELETE and TRUNCATE of events, to superusers as well.';

CREATE TRIGGER append_only BEFORE UPDATE OR DELETE OR TRUNCATE ON event
  FOR EACH STATEMENT EXECUTE FUNCTION refuse_change();
CREATE TRIGGER append_only BEFORE UPDATE OR DELETE OR TRUNCATE ON event_object
  FOR EACH STATEMENT EXECUTE FUNCTION refuse_change();

-- ALWAYS: setting session_replication_role does not switch the guard off.
ALTER TABLE event ENABLE ALWAYS TRIGGER append_only;
ALTER TABLE event_object ENABLE ALWAYS TRIGGER append_only;

GRANT SELECT, INSERT ON event, event_object TO f6_write;
GRANT SELECT, UPDATE ON head TO f6_write;
GRANT SELECT ON event, event_object, head TO f6_query;

-- Both servers look, before they say that they are ready, whether every migration was applied.
COMMENT ON TABLE seaql_migrations IS 'The migrations that were applied.';
GRANT SELECT ON seaql_migrations TO f6_write, f6_query;
