-- Who has events delivered, how far they are, and what is on its way to them.

CREATE TABLE subscription (
  id uuid PRIMARY KEY,
  name text NOT NULL UNIQUE,
  source_id uuid NOT NULL,
  source_type text NOT NULL,
  sink text NOT NULL,
  mode text NOT NULL CHECK (mode IN ('STRUCTURED', 'BINARY')),
  with_data boolean NOT NULL,
  secret text NOT NULL,
  object_id uuid,
  event_types text[],
  event_kinds text[],
  source_types text[],
  trust text[],
  created_at timestamptz NOT NULL DEFAULT now(),
  paused boolean NOT NULL DEFAULT false,
  position bigint NOT NULL CHECK (position >= 0),
  failures int NOT NULL DEFAULT 0,
  last_error text,
  last_failed_at timestamptz,
  last_delivered_at timestamptz
);

COMMENT ON TABLE subscription IS 'Who has events delivered, and how far they are; made and managed by the write API.';
COMMENT ON COLUMN subscription.source_id IS 'Whose it is: the id of the token that it was made with.';
COMMENT ON COLUMN subscription.source_type IS 'Their type of authority.';
COMMENT ON COLUMN subscription.sink IS 'Where deliveries go.';
COMMENT ON COLUMN subscription.mode IS 'How a CloudEvent is written into a request.';
COMMENT ON COLUMN subscription.with_data IS 'Whether deliveries hold what the events say.';
COMMENT ON COLUMN subscription.secret IS 'What deliveries are signed with.';
COMMENT ON COLUMN subscription.trust IS 'Statuses that events come to have or no longer have; none: events as they are registered.';
COMMENT ON COLUMN subscription.position IS 'What was registered up to here is delivered, or stands in delivery.';
COMMENT ON COLUMN subscription.failures IS 'How many deliveries in a row have failed.';

CREATE TABLE delivery (
  subscription_id uuid NOT NULL REFERENCES subscription ON DELETE CASCADE,
  through bigint NOT NULL,
  position bigint NOT NULL,
  object_ids uuid[] NOT NULL,
  status text,
  previous_status text,
  attempts int NOT NULL DEFAULT 0,
  due_at timestamptz NOT NULL DEFAULT now(),
  lease uuid,
  leased_until timestamptz,
  parked_at timestamptz,
  last_error text,
  PRIMARY KEY (subscription_id, through, position)
);

COMMENT ON TABLE delivery IS 'What is still to be delivered, or was given up for now; it goes when it is delivered.';
COMMENT ON COLUMN delivery.through IS 'The event with which it came to be told.';
COMMENT ON COLUMN delivery.position IS 'The event that it tells of.';
COMMENT ON COLUMN delivery.object_ids IS 'Whom that event bears on: what bears on one of them as well waits for it.';
COMMENT ON COLUMN delivery.status IS 'What the event came to be worth, where that is what is told.';
COMMENT ON COLUMN delivery.lease IS 'Which worker delivers it.';
COMMENT ON COLUMN delivery.parked_at IS 'When it was given up, until somebody says otherwise.';

-- What was given up, as whoever manages subscriptions looks for it.
CREATE INDEX delivery_parked ON delivery (subscription_id, through, position) WHERE parked_at IS NOT NULL;

-- Workers deliver, and keep the checkpoint; they cannot append, nor make a subscription.
GRANT USAGE ON SCHEMA public TO f6_delivery;
GRANT SELECT ON event, event_object, event_basis, head TO f6_delivery;
GRANT SELECT ON subscription TO f6_delivery;
GRANT UPDATE (position, failures, last_error, last_failed_at, last_delivered_at) ON subscription TO f6_delivery;
GRANT SELECT, INSERT, UPDATE, DELETE ON delivery TO f6_delivery;

GRANT INSERT, DELETE ON subscription TO f6_write;
GRANT SELECT (id, name, source_id, source_type, sink, mode, with_data, object_id, event_types, event_kinds, source_types, trust,
              created_at, paused, position, failures, last_error, last_failed_at, last_delivered_at)
  ON subscription TO f6_write, f6_query;
GRANT UPDATE (paused, position, failures, last_error) ON subscription TO f6_write;
GRANT SELECT, UPDATE, DELETE ON delivery TO f6_write;
GRANT SELECT ON delivery TO f6_query;
