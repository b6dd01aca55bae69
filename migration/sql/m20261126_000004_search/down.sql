DROP TABLE search_index, search_term;
