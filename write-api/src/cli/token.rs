//! `token`: a development token, for whoever tries things out.

use chrono::Duration;
use clap::Args;
use door::{Clock, Principal, SystemClock, sign_development_token_for};
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
    /// The caller's own object, such as the person that a citizen is
    #[arg(long, value_name = "UUID")]
    person: Option<Uuid>,
    /// The OIN of the caller's organisation; absent, that of this F6
    #[arg(long, value_name = "OIN")]
    organisation: Option<String>,
    /// A zone in whose domain the caller works, as often as wanted; absent, that of this F6
    #[arg(long = "zone", value_name = "NAME")]
    zones: Vec<String>,
}

/// The token that was asked for.
pub(super) fn sign(args: &TokenArgs) -> String {
    let id = args.id.unwrap_or_else(|| SystemIds.next());
    let lifetime = Duration::hours(args.hours.into());
    let principal = Principal {
        organisation: args.organisation.clone(),
        zones: (!args.zones.is_empty()).then(|| args.zones.clone()),
        person: args.person,
        ..Principal::new(id, args.source_type.as_str())
    };
    sign_development_token_for(&principal, lifetime, SystemClock.now())
}
