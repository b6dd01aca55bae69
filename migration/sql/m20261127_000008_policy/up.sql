-- A second wall behind the policy of the servers: a statement that does not say what it reads for sees nothing.
--
-- It says so for itself alone, by settings that end with its transaction (set_config(…, true)):
--   f6.reading   `folding`: what objects come to follows from every event, whoever asks; it is never shown as it is.
--                `events`: to be shown to somebody, who may see these:
--   f6.seen      of any object, as type/kind with * for every one, parted by spaces
--   f6.own       an object, and
--   f6.seen_own  of that object, written likewise
-- The subqueries below are evaluated once a statement, when its first row is looked at, and are not part of any plan.

ALTER TABLE event ENABLE ROW LEVEL SECURITY;
ALTER TABLE search_term ENABLE ROW LEVEL SECURITY;
ALTER TABLE unique_value ENABLE ROW LEVEL SECURITY;

-- Who appends decides on all that is there.
CREATE POLICY deciding ON event FOR SELECT TO f6_write USING (true);
CREATE POLICY appending ON event FOR INSERT TO f6_write WITH CHECK (true);
CREATE POLICY deciding ON search_term FOR SELECT TO f6_write USING (true);
CREATE POLICY appending ON search_term FOR INSERT TO f6_write WITH CHECK (true);
CREATE POLICY deciding ON unique_value FOR SELECT TO f6_write USING (true);
CREATE POLICY appending ON unique_value FOR INSERT TO f6_write WITH CHECK (true);

CREATE POLICY folding ON event FOR SELECT TO f6_query, f6_delivery
  USING ((SELECT current_setting('f6.reading', true)) = 'folding');
CREATE POLICY folding ON search_term FOR SELECT TO f6_query
  USING ((SELECT current_setting('f6.reading', true)) = 'folding');

CREATE POLICY showing ON event FOR SELECT TO f6_query, f6_delivery USING (
  (SELECT current_setting('f6.reading', true)) = 'events'
  AND (
    (SELECT current_setting('f6.seen', true)) = '*/*'
    OR ARRAY[event_type || '/' || event_kind::text, event_type || '/*', '*/' || event_kind::text, '*/*']
       && (SELECT string_to_array(current_setting('f6.seen', true), ' '))
    OR (
      object_ids @> ARRAY[(SELECT nullif(current_setting('f6.own', true), '')::uuid)]
      AND ARRAY[event_type || '/' || event_kind::text, event_type || '/*', '*/' || event_kind::text, '*/*']
          && (SELECT string_to_array(current_setting('f6.seen_own', true), ' '))
    )
  )
);

COMMENT ON POLICY folding ON event IS 'Every event, for a statement that says that it reads to fold.';
COMMENT ON POLICY showing ON event IS 'The events that somebody may see, for a statement that says who may see which.';

-- The query server looks up no values: it searches by terms.
REVOKE SELECT ON unique_value FROM f6_query;

-- Of where who subscribed is, so that what they may see can be looked at again at each delivery.
ALTER TABLE subscription ADD COLUMN organisation text, ADD COLUMN zones text[], ADD COLUMN person uuid;
COMMENT ON COLUMN subscription.organisation IS 'The OIN of their organisation, where their token said so.';
COMMENT ON COLUMN subscription.zones IS 'The zones in whose domain they work, where their token said so.';
COMMENT ON COLUMN subscription.person IS 'The object that they are themselves, where their token said so.';
GRANT SELECT (organisation, zones, person) ON subscription TO f6_write, f6_query;
