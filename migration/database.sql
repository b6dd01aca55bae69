-- The database of an F6, for a superuser to run with psql after roles.sql, as often as wanted.
SELECT 'CREATE DATABASE f6 OWNER f6_migration'
WHERE NOT EXISTS (SELECT FROM pg_database WHERE datname = 'f6')
\gexec

REVOKE ALL ON DATABASE f6 FROM PUBLIC;
GRANT CONNECT ON DATABASE f6 TO f6_write, f6_query, f6_delivery;
