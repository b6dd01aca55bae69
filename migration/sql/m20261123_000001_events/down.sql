REVOKE SELECT ON seaql_migrations FROM f6_write, f6_query;
COMMENT ON TABLE seaql_migrations IS NULL;

DROP TABLE head, event_object, event;
DROP FUNCTION refuse_change();
DROP TYPE event_kind;
