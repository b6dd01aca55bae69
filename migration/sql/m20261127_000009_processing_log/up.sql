-- The processing log (Logboek Dataverwerkingen): who did what with whose data, one row for each person concerned.

CREATE TABLE processing_record (
  number bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
  trace_id bytea NOT NULL CHECK (length(trace_id) = 16),
  span_id bytea NOT NULL CHECK (length(span_id) = 8),
  parent_span_id bytea NOT NULL CHECK (length(parent_span_id) = 8),
  foreign_span_id bytea CHECK (length(foreign_span_id) = 8),
  name text NOT NULL,
  status text NOT NULL CHECK (status IN ('OK', 'REFUSED', 'DENIED', 'ERROR')),
  started_at timestamptz NOT NULL,
  ended_at timestamptz NOT NULL,
  resource text NOT NULL,
  processing_activity_id text NOT NULL,
  data_subject_id bytea NOT NULL,
  data_subject_id_type text NOT NULL,
  key_id text NOT NULL,
  source_id uuid NOT NULL,
  source_type text NOT NULL,
  organisation text NOT NULL
);

COMMENT ON TABLE processing_record IS
  'Logboek Dataverwerkingen: what was done with the data of a person, by whom, and as part of which processing activity.';
COMMENT ON COLUMN processing_record.number IS 'The order in which records were written; it may have holes.';
COMMENT ON COLUMN processing_record.trace_id IS 'The trace (W3C Trace Context) of what was done.';
COMMENT ON COLUMN processing_record.span_id IS 'This record''s own step in the trace.';
COMMENT ON COLUMN processing_record.parent_span_id IS 'The step of the request that it is part of.';
COMMENT ON COLUMN processing_record.foreign_span_id IS 'The step of whoever made the request, where a traceparent told it.';
COMMENT ON COLUMN processing_record.name IS 'What was done.';
COMMENT ON COLUMN processing_record.resource IS 'The server that did it, and its version.';
COMMENT ON COLUMN processing_record.processing_activity_id IS 'Where the activity stands in the register of processing activities.';
COMMENT ON COLUMN processing_record.data_subject_id IS
  'Whose data: the id, encrypted with the key of key_id; the same id gives the same bytes, so that it is found by them.';
COMMENT ON COLUMN processing_record.key_id IS 'Which key the id of the person is encrypted with.';
COMMENT ON COLUMN processing_record.source_id IS 'Who did it: the id of the token.';
COMMENT ON COLUMN processing_record.organisation IS 'Their organisation, by its OIN.';

CREATE INDEX processing_record_of_subject ON processing_record (data_subject_id, number);
-- Rows come in the order of time, so that a few bytes a page tell which of them have expired.
CREATE INDEX processing_record_ended ON processing_record USING brin (ended_at);

-- Nobody changes a record, and nobody takes one away but who lets them expire.
CREATE OR REPLACE FUNCTION refuse_record_change() RETURNS trigger LANGUAGE plpgsql SET search_path = '' AS $refuse$
BEGIN
  IF TG_OP = 'DELETE' AND current_setting('f6.expiring', true) = 'on' THEN
    RETURN NULL;
  END IF;
  RAISE EXCEPTION 'the processing log is never changed: % is refused', TG_OP
    USING ERRCODE = 'restrict_violation', HINT = 'Records expire by `write-api expire-processing-log`.';
END
$refuse$;

COMMENT ON FUNCTION refuse_record_change() IS 'Refuses UPDATE, DELETE and TRUNCATE of records, to superusers as well; expiry says that it is one.';

CREATE TRIGGER append_only BEFORE UPDATE OR DELETE OR TRUNCATE ON processing_record
  FOR EACH STATEMENT EXECUTE FUNCTION refuse_record_change();
ALTER TABLE processing_record ENABLE ALWAYS TRIGGER append_only;

-- A server writes records and reads none of them, but for those of the one person whom a statement names.
ALTER TABLE processing_record ENABLE ROW LEVEL SECURITY;
GRANT INSERT ON processing_record TO f6_write, f6_query, f6_delivery;
GRANT SELECT ON processing_record TO f6_query;
CREATE POLICY logging ON processing_record FOR INSERT TO f6_write, f6_query, f6_delivery WITH CHECK (true);
CREATE POLICY of_subject ON processing_record FOR SELECT TO f6_query USING (
  data_subject_id = ANY ((SELECT string_to_array(current_setting('f6.subject', true), ' '))::bytea[])
);
COMMENT ON POLICY of_subject ON processing_record IS 'The records of the person whom a statement names, encrypted.';
