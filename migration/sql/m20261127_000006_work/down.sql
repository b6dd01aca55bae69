DROP TABLE work_item;
