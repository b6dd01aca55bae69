//! The query API of F6: what a consumer gets to see of folded state, at any moment of two time lines.
//!
//! [`policy::config`] says who gets to see what, [`views`] is that compiled against the catalogue, [`schema`] the GraphQL that follows from it.
//! A request has one `reading` of the event store; whatever it asks is computed by `read-model`, nothing here decides anything.

mod ahead;
mod arguments;
mod broken_rule;
mod compare;
mod concerning;
mod consequences;
mod cursor;
mod entitled;
mod event;
mod event_page;
mod lines;
mod loader;
mod meeting;
pub mod meters;
mod object;
mod processing_records;
mod reading;
pub mod rebuild;
mod refusal;
pub mod schema;
mod search;
pub mod server;
pub mod settings;
mod structure;
mod subscription;
mod supposed;
mod surface;
mod types;
mod value;
pub mod views;
mod what_if;
mod work_list;

pub use refusal::Code;
pub use subscription::Live;
