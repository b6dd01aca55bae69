//! The shipped catalogue by example: what each event type does, what each rule refuses, in files that a clerk can read.

mod event_types;
mod register;
mod rules;
