//! What F6 does, as scenarios: over HTTP against real PostgreSQL and both real servers.

mod bad_input;
mod birth;
mod caching;
mod cases;
mod commands;
mod consumers;
mod corrections;
mod errors_page;
mod family;
mod household;
mod import_export;
mod lines;
mod observability;
mod occupied;
mod races;
mod readme;
mod repeatable;
mod retries;
mod rights;
mod rules;
mod search;
mod servers;
mod store;
mod time;
mod views;
mod work_list;
