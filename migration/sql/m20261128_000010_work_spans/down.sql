DROP INDEX work_item_waited;
CREATE INDEX work_item_waited ON work_item USING gist (int8range(since, until)) WHERE until IS NOT NULL;
