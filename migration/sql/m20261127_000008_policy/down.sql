ALTER TABLE subscription DROP COLUMN organisation, DROP COLUMN zones, DROP COLUMN person;

GRANT SELECT ON unique_value TO f6_query;

DROP POLICY showing ON event;
DROP POLICY folding ON event;
DROP POLICY folding ON search_term;
DROP POLICY deciding ON event;
DROP POLICY appending ON event;
DROP POLICY deciding ON search_term;
DROP POLICY appending ON search_term;
DROP POLICY deciding ON unique_value;
DROP POLICY appending ON unique_value;

ALTER TABLE event DISABLE ROW LEVEL SECURITY;
ALTER TABLE search_term DISABLE ROW LEVEL SECURITY;
ALTER TABLE unique_value DISABLE ROW LEVEL SECURITY;
