-- The four roles of an F6, for a superuser to run, in any database of the cluster, as often as wanted.
-- f6_migration owns the tables, f6_write appends events, f6_query only reads, f6_delivery keeps
-- what is still to be delivered to subscribers.
--
-- A role gets the password of the setting named after it, where there is one, for example by
--     PGOPTIONS='-c f6.write_password=…' psql --file migration/roles.sql
-- so that no password stands in a file of the repository or on a command line.
DO $roles$
DECLARE
  duty text;
  role text;
  password text;
BEGIN
  FOREACH duty IN ARRAY ARRAY['migration', 'write', 'query', 'delivery'] LOOP
    role := 'f6_' || duty;
    IF NOT EXISTS (SELECT FROM pg_roles WHERE rolname = role) THEN
      EXECUTE format('CREATE ROLE %I', role);
    END IF;
    EXECUTE format('ALTER ROLE %I LOGIN NOSUPERUSER NOCREATEDB NOCREATEROLE NOREPLICATION NOBYPASSRLS', role);
    -- Every statement here is short: compiling one takes longer than running it.
    EXECUTE format('ALTER ROLE %I SET jit = off', role);
    password := current_setting('f6.' || duty || '_password', true);
    IF password <> '' THEN
      EXECUTE format('ALTER ROLE %I PASSWORD %L', role, password);
    END IF;
  END LOOP;
END
$roles$;
