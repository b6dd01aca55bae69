-- Which objects ever had a value that no two objects may have at the same moments.

CREATE TABLE unique_value (
  field text NOT NULL,
  value text NOT NULL,
  object_id uuid NOT NULL,
  position bigint NOT NULL,
  PRIMARY KEY (field, value, object_id, position)
);

COMMENT ON TABLE unique_value IS
  'Derived from the events: which objects an event may give a value of a unique field. Finds the objects to compare.';
COMMENT ON COLUMN unique_value.field IS 'The object type and the field, for example Persoon.bsn.';
COMMENT ON COLUMN unique_value.position IS 'The event that may give the value.';

GRANT SELECT, INSERT ON unique_value TO f6_write;
GRANT SELECT ON unique_value TO f6_query;
