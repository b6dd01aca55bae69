//! Which transaction must have come before which, and why.

use std::collections::BTreeSet;
use std::fmt;
use std::time::Duration;

use petgraph::graph::{DiGraph, NodeIndex};

use super::order::Orders;
use super::transaction::{Name, Transaction};

/// Why one transaction must have come before the next.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Why<N> {
    /// The next one wrote right after it.
    Followed { object: N, earlier: N, later: N },
    /// The next one saw what it wrote.
    Saw { object: N, event: N },
    /// It did not see what the next one wrote.
    Missed { object: N, event: N },
    /// It was answered before the next one was sent.
    Clock,
}

/// Transactions by their places; and moments, by which whatever was answered before comes before whatever was sent after.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Node {
    Transaction(usize),
    Moment,
}

/// Dependencies, in a graph whose size is proportional to what was read and written.
pub(super) type Graph<N> = DiGraph<Node, Why<N>>;

impl<N> Why<N> {
    pub(super) const fn is_the_clock(&self) -> bool {
        matches!(self, Self::Clock)
    }
}

impl<N: Name> fmt::Display for Why<N> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Followed { object, earlier, later } => {
                write!(f, "which wrote {later} to {object} after its {earlier}")
            }
            Self::Saw { object, event } => write!(f, "which saw its {event} of {object}"),
            Self::Missed { object, event } => write!(f, "whose {event} of {object} it did not see"),
            Self::Clock => f.write_str("which was sent after it was answered"),
        }
    }
}

/// Every dependency that follows from what was read, from the orders, and from the clock.
pub(super) fn dependencies<N: Name>(transactions: &[Transaction<N>], orders: &Orders<'_, N>) -> Graph<N> {
    let mut graph = Graph::with_capacity(2 * transactions.len(), 8 * transactions.len());
    let nodes: Vec<NodeIndex> =
        (0..transactions.len()).map(|place| graph.add_node(Node::Transaction(place))).collect();
    let known: BTreeSet<(usize, usize, Why<N>)> =
        following(orders).chain(reading(transactions, orders)).collect();
    for (before, after, why) in known {
        // What a transaction does itself is no reason to come before or after itself.
        if before != after {
            graph.add_edge(nodes[before], nodes[after], why);
        }
    }
    in_time(&mut graph, &nodes, transactions);
    graph
}

/// Whoever wrote an event comes before whoever wrote the next one.
fn following<N: Name>(orders: &Orders<'_, N>) -> impl Iterator<Item = (usize, usize, Why<N>)> {
    orders.lists().flat_map(move |(object, events)| {
        events.windows(2).filter_map(move |pair| {
            let [earlier, later] = *pair else { return None };
            let why = Why::Followed { object, earlier, later };
            Some((orders.writer(earlier)?, orders.writer(later)?, why))
        })
    })
}

/// Whoever wrote what was seen last comes before the reader, and the reader before whoever wrote what comes next.
fn reading<N: Name>(
    transactions: &[Transaction<N>],
    orders: &Orders<'_, N>,
) -> impl Iterator<Item = (usize, usize, Why<N>)> {
    let reads = transactions
        .iter()
        .enumerate()
        .flat_map(|(reader, transaction)| transaction.reads.iter().map(move |read| (reader, read)));
    reads.flat_map(move |(reader, read)| {
        let object = read.object;
        let (seen, unseen) = orders.split(read).unwrap_or_default();
        let last = seen
            .last()
            .and_then(|event| Some((orders.writer(*event)?, reader, Why::Saw { object, event: *event })));
        let next = unseen
            .first()
            .and_then(|event| Some((reader, orders.writer(*event)?, Why::Missed { object, event: *event })));
        last.into_iter().chain(next)
    })
}

/// A chain of moments, one for each answer: whoever is answered comes before that moment, and whoever is sent later after it.
///
/// An edge for each pair would be a square of them.
fn in_time<N: Name>(graph: &mut Graph<N>, nodes: &[NodeIndex], transactions: &[Transaction<N>]) {
    let sent = transactions.iter().zip(nodes).map(|(transaction, node)| (transaction.sent, false, *node));
    let answered =
        transactions.iter().zip(nodes).map(|(transaction, node)| (transaction.answered, true, *node));
    // Of what happened at once, it is not known which came first: whatever was sent then is taken to be.
    let mut steps: Vec<(Duration, bool, NodeIndex)> = sent.chain(answered).collect();
    steps.sort_unstable();
    let mut last = None;
    for (_, is_answer, mut node) in steps {
        if is_answer {
            let moment = graph.add_node(Node::Moment);
            graph.add_edge(node, moment, Why::Clock);
            node = moment;
        }
        if let Some(last) = last {
            graph.add_edge(last, node, Why::Clock);
        }
        if is_answer {
            last = Some(node);
        }
    }
}
