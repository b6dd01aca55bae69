-- What waits for a clerk: derived from the events, and rebuilt from them whenever wanted.

CREATE TABLE work_item (
  position bigint NOT NULL,
  kind text COLLATE "C" NOT NULL CHECK (kind IN ('OPEN_CLAIM', 'UNVALIDATED_CORRECTION', 'CONTESTED', 'SUSPENDED')),
  since bigint NOT NULL,
  until bigint CHECK (until > since),
  event_type text NOT NULL,
  PRIMARY KEY (position, kind, since)
);

COMMENT ON TABLE work_item IS
  'Derived from the events: which of them may wait for a clerk, from and until which event. Finds the events to fold.';
COMMENT ON COLUMN work_item.position IS 'The claim or correction that waits.';
COMMENT ON COLUMN work_item.kind IS 'What it waits for.';
COMMENT ON COLUMN work_item.since IS 'The event with which it came to wait.';
COMMENT ON COLUMN work_item.until IS 'The event with which it no longer did; none where it still waits.';
COMMENT ON COLUMN work_item.event_type IS 'Its type, to be found by.';

-- What waits now, of each kind in the order of registration: a few that are contested among many open claims.
CREATE INDEX work_item_waiting ON work_item (kind, position) INCLUDE (since, event_type) WHERE until IS NULL;
-- What waited at an earlier moment.
CREATE INDEX work_item_waited ON work_item USING gist (int8range(since, until)) WHERE until IS NOT NULL;

-- Which rules hold where, SQL cannot tell: a claim that was ever judged may have been contested or suspended since.
-- It becomes a candidate for both; `query-api rebuild` folds each and keeps what is true.
-- What nobody has judged, or not at once, has waited until it was; and from the moment when a judgement of it was
-- itself corrected.
WITH first_judgement AS (
  SELECT event_reference[1] AS target, min(position) AS position, min(created_at) AS created_at
  FROM event WHERE event_kind = 'Validation' GROUP BY 1
), corrected_judgement AS (
  SELECT judgement.event_reference[1] AS target, min(correction.position) AS position
  FROM event correction JOIN event judgement ON judgement.id = correction.event_reference[1]
  WHERE correction.event_kind = 'Correction' AND judgement.event_kind = 'Validation' GROUP BY 1
), subject AS (
  SELECT e.position, e.event_type, CASE e.event_kind WHEN 'Claim' THEN 'OPEN_CLAIM' ELSE 'UNVALIDATED_CORRECTION' END AS kind,
         e.event_kind, f.position AS judged, c.position AS reopened,
         f.position = e.position + 1 AND f.created_at <= e.created_at + interval '1 microsecond' AS at_once
  FROM event e LEFT JOIN first_judgement f ON f.target = e.id LEFT JOIN corrected_judgement c ON c.target = e.id
  WHERE e.event_kind <> 'Validation'
)
INSERT INTO work_item (position, kind, since, until, event_type)
SELECT position, kind, position, judged, event_type FROM subject WHERE at_once IS NOT TRUE
UNION ALL
SELECT position, kind, reopened, NULL, event_type FROM subject WHERE reopened IS NOT NULL
UNION ALL
SELECT position, falling.kind, judged, NULL, event_type
FROM subject CROSS JOIN (VALUES ('CONTESTED'), ('SUSPENDED')) AS falling(kind)
WHERE event_kind = 'Claim' AND judged IS NOT NULL;

GRANT SELECT, INSERT, UPDATE ON work_item TO f6_write;
GRANT SELECT ON work_item TO f6_query;
