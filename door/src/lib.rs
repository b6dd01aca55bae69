//! The border of both servers: everything between the network and a resolver, and nothing of events or catalogues.
//!
//! A request passes, in this order: its id and its line in the log (`trace`), the media types (`media`), who is asking (`token`), the body and its limits (`body`), the document and its limits (`guard`), and only then the schema (`graphql`).
//! Whatever stops it on the way is a `refusal` with a [`Code`].

mod arguments;
mod body;
mod clock;
mod code;
mod connections;
mod documents;
mod door;
mod execution;
pub mod faults;
mod given;
mod graphiql;
mod graphql;
mod guard;
mod health;
mod input;
pub mod json;
mod load;
mod log;
mod media;
pub mod metrics;
mod observed;
mod options;
mod origin;
mod otlp;
mod page;
mod peer;
mod principal;
mod processing;
mod refusal;
mod request_error;
mod root;
mod router;
mod scrape;
mod see_through;
mod serve;
mod shown;
mod socket;
mod sse;
mod streaming;
mod subscriptions;
mod tls;
mod token;
mod trace;
mod trace_context;
mod variables;

pub use self::clock::{Clock, FixedClock, SystemClock};
pub use self::code::Code;
pub use self::connections::ConnectionOptions;
pub use self::documents::{DocumentHash, DocumentOptions, Documents, DocumentsError};
pub use self::door::{Door, Graphiql, HttpOptions, Prepare, SchemaSource};
pub use self::execution::{absent_items, resumes_after};
pub use self::guard::GuardOptions;
pub use self::health::{Check, CheckError};
pub use self::load::{Load, LoadOptions};
pub use self::log::{LogError, LogFormat, LogOptions};
pub use self::metrics::Metrics;
pub use self::observed::{Observed, serve_observed};
pub use self::options::{at_least_one, seconds};
pub use self::otlp::{OtlpError, Traces};
pub use self::principal::Principal;
pub use self::processing::{Action, Concerned, Doing, Ended, Entry, NotWritten, Noted, ProcessingLog};
pub use self::root::{Mutation, Mutations};
pub use self::router::{harden, router};
pub use self::see_through::{SeenThrough, see_through};
pub use self::serve::{ServeError, serve, shutdown_signal};
pub use self::shown::{shown, shown_text};
pub use self::subscriptions::{SubscriptionOptions, Subscriptions};
pub use self::tls::{TlsError, TlsOptions};
pub use self::token::{
    FetchError, KeySource, KeysError, TokenError, TokenOptions, TokenOptionsError, Tokens,
    sign_development_token, sign_development_token_for,
};
pub use self::trace::RequestId;
