//! Recorded concurrent histories: can all that clients did and were told have happened one after the other?
//!
//! Each [`Transaction`] says what a client read and wrote, and when it was sent and answered.
//! [`check`] infers what depended on what from that alone, in the manner of Elle (Kingsbury and Alvaro, 2020) and Adya (1999):
//! no position and no moment that a server stated is looked at.
//! A history is sound where one order explains everything, the clocks of the clients included: strict serialisability.
//! `docs/adr/0022-recorded-histories.md` says why.

mod anomaly;
mod cycle;
mod dependencies;
mod order;
mod transaction;

#[cfg(test)]
mod tests;

pub use anomaly::{Anomaly, Kind};
use cycle::cycles;
use dependencies::dependencies;
use order::Orders;
pub use transaction::{Name, Read, Seen, Transaction, Write};

/// What a check found.
#[derive(Debug)]
pub struct Checked {
    /// Everything that no order explains; what is wrong with one list first, then cycles, each the shortest of its kind.
    pub anomalies: Vec<Anomaly>,
    /// How many times one transaction had to come before another, the clock not counted: nothing was checked where there are none.
    pub dependencies: usize,
}

/// Holds transactions against each other, in any order.
///
/// What nobody read is inferred to be lost, so that a history ends with a read of every object.
pub fn check<N: Name>(transactions: &[Transaction<N>]) -> Checked {
    let (orders, mut anomalies) = Orders::inferred(transactions);
    let graph = dependencies(transactions, &orders);
    anomalies.extend(cycles(&graph).iter().map(|cycle| cycle.told(transactions)));
    let dependencies = graph.edge_weights().filter(|why| !why.is_the_clock()).count();
    Checked { anomalies, dependencies }
}
