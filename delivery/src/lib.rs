//! Durable subscriptions: what somebody wants to be told of is sent to them, at least once, and in order for each object.
//!
//! PostgreSQL keeps what is still to be delivered, so that any number of workers may share it, and none is missed:
//! [`store`] hands out what [`order`] lets go, [`courier`] sends it as a [`cloud_event`] with a [`signature`],
//! [`worker`] tends one subscription, and [`supervisor`] all of them.

pub mod backoff;
pub mod cloud_event;
pub mod courier;
pub mod meters;
pub mod order;
pub mod server;
pub mod settings;
pub mod signature;
pub mod store;
pub mod supervisor;
pub mod worker;
