-- What rests on an event: the references of claims, followed back.

CREATE TABLE event_basis (
  basis uuid NOT NULL,
  position bigint NOT NULL,
  PRIMARY KEY (basis, position)
);

COMMENT ON TABLE event_basis IS
  'Which claims are based on an event: one row per reference of a claim. They stand and fall with it.';
COMMENT ON COLUMN event_basis.basis IS 'The event that a claim is based on.';
COMMENT ON COLUMN event_basis.position IS 'Where the claim stands.';

INSERT INTO event_basis (basis, position)
SELECT DISTINCT basis, position FROM event CROSS JOIN LATERAL unnest(event_reference) AS of(basis) WHERE event_kind = 'Claim';

CREATE TRIGGER append_only BEFORE UPDATE OR DELETE OR TRUNCATE ON event_basis
  FOR EACH STATEMENT EXECUTE FUNCTION refuse_change();
ALTER TABLE event_basis ENABLE ALWAYS TRIGGER append_only;

GRANT SELECT, INSERT ON event_basis TO f6_write;
GRANT SELECT ON event_basis TO f6_query;
