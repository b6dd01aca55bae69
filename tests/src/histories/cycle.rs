//! Transactions each of which must have come before the next, and the last before the first.

use std::collections::BTreeSet;
use std::fmt::Write as _;

use petgraph::Direction::Incoming;
use petgraph::algo::{astar, kosaraju_scc};
use petgraph::graph::NodeIndex;
use petgraph::visit::EdgeRef;

use super::anomaly::{Anomaly, Kind};
use super::dependencies::{Graph, Node, Why};
use super::transaction::{Name, Transaction};

/// From how many transactions of a component the shortest way back is sought: where much went wrong, any of it will do.
const TRIED: usize = 200;

/// What a step costs on the way round: a cycle that does not need the clock is preferred to any that does, then the shorter
/// one, then the one where less was missed.
const SEEN: u64 = 100;
const MISSED: u64 = 101;
const CLOCK: u64 = 1_000_000_000;

/// A cycle, as the places of its transactions, each with why it comes before the next.
pub(super) struct Cycle<N> {
    steps: Vec<(usize, Why<N>)>,
}

/// The shortest cycle of each set of transactions that all depend on each other.
pub(super) fn cycles<N: Name>(graph: &Graph<N>) -> Vec<Cycle<N>> {
    // Kosaraju's and not Tarjan's, which petgraph has as a recursion: a history is deeper than a stack.
    let components = kosaraju_scc(graph).into_iter().filter(|component| component.len() > 1);
    components.filter_map(|component| shortest(graph, &component.into_iter().collect())).collect()
}

/// The shortest cycle within a component.
fn shortest<N: Name>(graph: &Graph<N>, component: &BTreeSet<NodeIndex>) -> Option<Cycle<N>> {
    let within = |node, weight: &Node| component.contains(&node).then_some(*weight);
    let mut graph = graph.filter_map(within, |_, why| Some(*why));
    let transactions = graph.node_indices().filter(|node| graph[*node] != Node::Moment);
    let starts: Vec<NodeIndex> = transactions.take(TRIED).collect();
    let ways = starts.into_iter().filter_map(|start| way_back(&mut graph, start));
    ways.min_by_key(|(cost, _)| *cost).map(|(_, cycle)| cycle)
}

/// The cheapest way from a transaction to itself, and what it costs.
fn way_back<N: Name>(graph: &mut Graph<N>, start: NodeIndex) -> Option<(u64, Cycle<N>)> {
    // A way that ends where it begins is empty; so its end is a twin, to which leads whatever leads to the start.
    let twin = graph.add_node(graph[start]);
    let leading: Vec<_> =
        graph.edges_directed(start, Incoming).map(|edge| (edge.source(), *edge.weight())).collect();
    for (source, why) in leading {
        graph.add_edge(source, twin, why);
    }
    let price = |edge: petgraph::graph::EdgeReference<'_, Why<N>>| cost(graph[edge.source()], edge.weight());
    let found = astar(&*graph, start, |node| node == twin, price, |_| 0);
    let cycle = found.map(|(cost, way)| {
        let steps = way.windows(2).filter_map(|pair| step(graph, pair)).collect();
        (cost, Cycle { steps })
    });
    graph.remove_node(twin);
    cycle
}

/// A step of a way, with the cheapest reason; none where it leads from one moment to the next.
fn step<N: Name>(graph: &Graph<N>, pair: &[NodeIndex]) -> Option<(usize, Why<N>)> {
    let (&[from, to], Node::Transaction(place)) = (pair, graph[*pair.first()?]) else { return None };
    let reasons = graph.edges_connecting(from, to).map(|edge| *edge.weight());
    Some((place, reasons.min_by_key(|why| cost(graph[from], why))?))
}

const fn cost<N>(from: Node, why: &Why<N>) -> u64 {
    match (from, why) {
        (Node::Moment, _) => 0,
        (Node::Transaction(_), Why::Followed { .. } | Why::Saw { .. }) => SEEN,
        (Node::Transaction(_), Why::Missed { .. }) => MISSED,
        (Node::Transaction(_), Why::Clock) => CLOCK,
    }
}

impl<N: Name> Cycle<N> {
    /// What it is called, and the whole of it as a story.
    pub(super) fn told(&self, transactions: &[Transaction<N>]) -> Anomaly {
        let mut story = "each of these came before the next, and the last before the first".to_owned();
        for (place, why) in &self.steps {
            let _ = write!(story, "\n  {}\n    came before the next one, {why}", transactions[*place]);
        }
        Anomaly { kind: self.kind(), story }
    }

    fn kind(&self) -> Kind {
        let count = |of: fn(&Why<N>) -> bool| self.steps.iter().filter(|(_, why)| of(why)).count();
        let missed = count(|why| matches!(why, Why::Missed { .. }));
        match (missed, count(Why::is_the_clock), count(|why| matches!(why, Why::Saw { .. }))) {
            (0, 0, 0) => Kind::DirtyWrite,
            (0, 0, _) => Kind::CircularInformation,
            (0, ..) => Kind::AgainstTheClock,
            (_, 1.., _) => Kind::StaleRead,
            (1, 0, _) if self.is_of_one_object() => Kind::LostUpdate,
            (1, 0, _) => Kind::ReadSkew,
            (2.., 0, _) => Kind::WriteSkew,
        }
    }

    /// One did not see what the other wrote to an object, and wrote to it after that one.
    fn is_of_one_object(&self) -> bool {
        let mut missed = self.steps.iter().filter_map(|(_, why)| match why {
            Why::Missed { object, .. } => Some(*object),
            Why::Followed { .. } | Why::Saw { .. } | Why::Clock => None,
        });
        let object = missed.next();
        self.steps.iter().all(|(_, why)| match why {
            Why::Missed { .. } => true,
            Why::Followed { object: of, .. } => Some(*of) == object,
            Why::Saw { .. } | Why::Clock => false,
        })
    }
}
