//! Who may do what, and who may see what: one policy, which every program asks and nothing else decides.
//!
//! Pure: it knows the catalogue, the caller and what is asked, and answers with a right or with a typed [`Denied`] that
//! says what would help. What is not granted is denied.

mod acts;
mod caller;
mod compile;
pub mod config;
mod denied;
mod policy;
mod reads;

pub use acts::{Act, Acts, Conditional};
pub use caller::Caller;
pub use config::QueryConfig;
pub use denied::Denied;
pub use policy::Policy;
pub use reads::{Reads, Way};
