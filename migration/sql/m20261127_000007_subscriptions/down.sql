DROP TABLE delivery;
DROP TABLE subscription;
REVOKE ALL ON event, event_object, event_basis, head FROM f6_delivery;
REVOKE USAGE ON SCHEMA public FROM f6_delivery;
