-- By which terms objects are found: derived from the events, and rebuilt from them whenever wanted.

CREATE TABLE search_term (
  search text COLLATE "C" NOT NULL,
  term text COLLATE "C" NOT NULL,
  object_id uuid NOT NULL,
  position bigint NOT NULL,
  PRIMARY KEY (search, term, object_id)
);

COMMENT ON TABLE search_term IS
  'Derived from the events: which objects an event may give a value by which they are searched. Finds the objects to fold.';
COMMENT ON COLUMN search_term.search IS 'The object type and the search, for example Persoon.geslachtsnaam.';
COMMENT ON COLUMN search_term.term IS 'The value as it is compared: without capitals and accents.';
COMMENT ON COLUMN search_term.position IS 'The first event that may give the value.';

-- What the index was built for, and how far: events up to target are read by a rebuild, those after it were indexed
-- when they were appended.
CREATE TABLE search_index (
  singleton boolean PRIMARY KEY DEFAULT true CHECK (singleton),
  definition text,
  built_to bigint NOT NULL,
  target bigint NOT NULL
);

COMMENT ON TABLE search_index IS 'One row: how far the terms reach.';
COMMENT ON COLUMN search_index.definition IS 'The hash of the searches that it was built for; none where it was never built.';
COMMENT ON COLUMN search_index.built_to IS 'The last event that a rebuild has read.';
COMMENT ON COLUMN search_index.target IS 'The last event that a rebuild has to read.';

INSERT INTO search_index (definition, built_to, target) VALUES (NULL, 0, 0);
ANALYZE search_index;

GRANT SELECT, INSERT ON search_term TO f6_write;
GRANT SELECT, UPDATE ON search_index TO f6_write;
GRANT SELECT ON search_term, search_index TO f6_query;
