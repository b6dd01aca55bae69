DROP TABLE processing_record;
DROP FUNCTION refuse_record_change();
