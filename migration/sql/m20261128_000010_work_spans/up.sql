-- What waited at an earlier moment, by how long it waited, in powers of two, and until when: of what waited for 8 to 15
-- events, whatever waited at an event no longer did within 16 of it. So an earlier moment looks at a short stretch of each
-- span, of which at least every second row waited then, and adding a row costs as little as to any B-tree.
DROP INDEX work_item_waited;
CREATE INDEX work_item_waited ON work_item ((floor(ln((until - since)::float8) / ln(2::float8))::int), until) WHERE until IS NOT NULL;
