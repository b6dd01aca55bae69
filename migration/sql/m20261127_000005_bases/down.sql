DROP TABLE event_basis;
