//! The two time lines: partial dates, local days, and the moments of a question.
//!
//! The material line is counted in local days of the F6's time zone; the formal line in microseconds of `created_at`.

mod day;
#[cfg(test)]
mod fuzz;
mod instant;
mod moment;
mod partial_date;

pub use day::{Beginning, Day, Zone};
pub use instant::{FIRST_INSTANT, InstantError, parse_instant, truncate_to_micros};
pub use moment::{Moment, MomentError};
pub use partial_date::{PartialDate, PartialDateError, Precision};
