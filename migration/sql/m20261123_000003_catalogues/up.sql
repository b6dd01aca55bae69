-- Every catalogue that was in use: an answer names the one that it was computed with.

CREATE TABLE catalogue (
  hash text PRIMARY KEY,
  source text NOT NULL,
  first_used_at timestamptz NOT NULL DEFAULT now()
);

COMMENT ON TABLE catalogue IS 'Every write_config.yaml that was in use, by its hash.';
COMMENT ON COLUMN catalogue.source IS 'The text of the file.';

GRANT SELECT, INSERT ON catalogue TO f6_write;
GRANT SELECT ON catalogue TO f6_query;
