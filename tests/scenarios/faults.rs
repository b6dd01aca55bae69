//! What machines do to an F6, on purpose and under load: nothing that was acknowledged is lost, nothing is doubled, the
//! order holds, whoever asked was told in time, and all goes on by itself. `make faults` does ten times as much of it.

mod killed;
mod load;
mod machine;
mod network;
