//! The sections of a run; each can be asked for by its name alone.

pub(crate) mod appender;
