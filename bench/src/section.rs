//! The sections of a run; each can be asked for by its name alone.

pub(crate) mod appender;
pub(crate) mod catch_up;
pub(crate) mod correction;
pub(crate) mod delivery;
pub(crate) mod guards;
pub(crate) mod household;
pub(crate) mod http;
pub(crate) mod length;
pub(crate) mod person;
pub(crate) mod size;
pub(crate) mod start;
