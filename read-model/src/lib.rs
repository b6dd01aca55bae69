//! The heart of F6: what events mean.
//!
//! Everything but [`reader`], and the [`pool`] of connections that it reads over, is pure: no database, no clock, no randomness, no IO.
//! The path of the data is [`event`] → [`resolve`] (what counts) → [`fold`] (state of objects) → answers at two moments,
//! all of it as the [`catalogue`] describes.

pub mod basis;
pub mod catalogue;
pub mod event;
pub mod fold;
pub mod hashed;
pub mod history;
pub mod inverse;
pub mod log;
pub mod pool;
pub mod reader;
pub mod resolve;
mod shown;
pub mod sink;
pub mod time;
pub mod work;
