//! `token`: a development token, for whoever tries things out.

use chrono::Duration;
use clap::Args;
use door::{Clock, SystemClock, sign_development_token};
use uuid::Uuid;

use crate::ids::{IdSource, SystemIds};

/// Whose token, and for how long.
#[derive(Args, Debug)]
pub struct TokenArgs {
    /// The type of authority, such as ambtenaar
    #[arg(long = "type", value_name = "SOURCE_TYPE")]
    source_type: String,
    /// The id of the event source; a new one where absent
    #[arg(long, value_name = "UUID")]
    id: Option<Uuid>,
    /// How many hours it is accepted
    #[arg(long, value_name = "HOURS", default_value_t = 10, value_parser = clap::value_parser!(u32).range(1..=8_784))]
    hours: u32,
}

/// The token that was asked for.
pub(super) fn sign(args: &TokenArgs) -> String {
    let id = args.id.unwrap_or_else(|| SystemIds.next());
    let lifetime = Duration::hours(args.hours.into());
    sign_development_token(&args.source_type, id, lifetime, SystemClock.now())
}
