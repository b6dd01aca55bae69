//! What is wrong is refused with a code, by value, rule and remedy; nothing is stored, and both servers go on.

mod besieged;
mod command;
mod import;
mod question;
mod random;
mod request;
mod token;
mod values;
