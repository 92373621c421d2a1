-- The tables of a store, for DuckDB: run in the folder that holds the store `data`, with `INSTALL delta; LOAD delta;` before.
CREATE OR REPLACE VIEW events AS SELECT * FROM delta_scan('data/events');
CREATE OR REPLACE VIEW movies AS SELECT * FROM delta_scan('data/movies');
-- Leave this one out where nothing was answered yet: there is no such table.
CREATE OR REPLACE VIEW impressions AS SELECT * FROM delta_scan('data/impressions');
