//! Names that lead to names: derived fields that follow from each other, and types within types.

use proptest::collection::vec;
use proptest::prelude::*;
use read_model::catalogue::Catalogue;

use crate::told;

/// How many fields may be read one after the other, as docs/write-config.md says.
const MAX_WAY: usize = 24;

/// What each of some things leads to, by number.
type Graph = Vec<Vec<usize>>;

/// Whoever walked every way through one of the dense ones would walk for ever.
fn graph() -> impl Strategy<Value = Graph> {
    let chosen = vec((any::<u64>(), any::<u64>()), 2..60);
    (chosen, 0..3u8, prop::bool::weighted(0.3)).prop_map(|(chosen, density, circles)| {
        let leads = |(from, (one, other)): (usize, &(u64, u64))| -> Vec<usize> {
            let onward = [one & other, *one, u64::MAX][usize::from(density)];
            let back = if circles { one & other & one.rotate_left(7) } else { 0 };
            (0..chosen.len()).filter(|to| (if *to > from { onward } else { back }) >> to & 1 == 1).collect()
        };
        chosen.iter().enumerate().map(leads).collect()
    })
}

/// The things that lead to themselves, by whatever way.
fn circles(graph: &Graph) -> Vec<usize> {
    let reached = |from: usize| {
        let mut reached = vec![false; graph.len()];
        let mut next: Vec<usize> = graph[from].clone();
        while let Some(thing) = next.pop() {
            if !std::mem::replace(&mut reached[thing], true) {
                next.extend(&graph[thing]);
            }
        }
        reached[from]
    };
    (0..graph.len()).filter(|from| reached(*from)).collect()
}

/// How many things the longest way from each leads through, itself included; none of them leads to itself.
fn longest(graph: &Graph) -> Vec<usize> {
    let mut longest = vec![1; graph.len()];
    for _ in graph {
        for from in 0..graph.len() {
            longest[from] = 1 + graph[from].iter().map(|to| longest[*to]).max().unwrap_or(0);
        }
    }
    longest
}

/// A config in which each field follows from those that it leads to, and from one that events set.
fn config(graph: &Graph) -> String {
    let field = |(number, leads): (usize, &Vec<usize>)| {
        let leads: String = leads.iter().map(|to| format!(" + d{to}")).collect();
        format!("      d{number}: {{ type: String, value: \"name{leads}\" }}\n")
    };
    let derived: String = graph.iter().enumerate().map(field).collect();
    written(&derived, "")
}

/// A config in which each type has those that it leads to, one or several times.
fn nested(graph: &Graph, times: usize) -> String {
    let property = |to: usize, time: usize| format!("p{to}x{time}: {{ $ref: \"#/$defs/T{to}\" }}, ");
    let named = |(number, leads): (usize, &Vec<usize>)| {
        let leads: String = leads.iter().flat_map(|to| (0..times).map(|time| property(*to, time))).collect();
        format!(
            "  T{number}: {{ type: object, additionalProperties: false, properties: {{ {leads}x: {{ type: string }} }} }}\n"
        )
    };
    let types: String = graph.iter().enumerate().map(named).collect();
    written("      d: { type: String, value: name }\n", &format!("types:\n{types}"))
}

fn written(derived: &str, types: &str) -> String {
    format!(
        "f6: {{ organisation: Proef, zone: Proef, oin: \"00000000000000000000\", time_zone: Europe/Amsterdam }}\n\
         source_types: [clerk]\n{types}object_types:\n  Person:\n    plural: persons\n    fields:\n      name: {{ type: String }}\n    \
         derived:\n{derived}event_types: {{}}\n"
    )
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 200, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn derived_fields_are_refused_where_they_follow_from_themselves_or_by_too_long_a_way(graph in graph()) {
        let text = config(&graph);
        let circles = circles(&graph);
        let long = longest(&graph).into_iter().any(|way| way > MAX_WAY);
        match Catalogue::compile("derived.yaml", &text) {
            Ok(_) => prop_assert!(circles.is_empty() && !long, "{text}"),
            Err(problems) => {
                told(&problems, &text)?;
                let shown = problems.to_string();
                prop_assert!(!circles.is_empty() || long, "{shown}");
                for number in circles {
                    prop_assert!(shown.contains(&format!("`d{number}` follows from itself: ")), "{number}: {shown}");
                }
            }
        }
    }

    #[test]
    fn types_within_types_are_refused_where_they_come_back_to_themselves_or_would_fill_the_memory(graph in graph(), times in 1..4usize) {
        let text = nested(&graph, times);
        match Catalogue::compile("types.yaml", &text) {
            Ok(_) => prop_assert!(circles(&graph).is_empty(), "{text}"),
            Err(problems) => {
                told(&problems, &text)?;
                let deepest = longest_or_none(&graph);
                prop_assert!(deepest.is_none_or(|levels| levels > 2), "{problems}");
            }
        }
    }
}

/// The most types within each other; none where they come back to themselves.
fn longest_or_none(graph: &Graph) -> Option<usize> {
    if circles(graph).is_empty() { longest(graph).into_iter().max() } else { None }
}

#[test]
fn fields_and_types_that_each_name_all_later_ones_are_looked_at_once() {
    // 2⁵⁸ ways lead from the first to the last
    let dense: Graph = (0..60).map(|from| (from + 1..60).collect()).collect();
    let wrong = |text: &str| Catalogue::compile("dense.yaml", text).expect_err("it is too much").to_string();
    assert!(wrong(&config(&dense)).contains("it takes 60 fields that are read one after the other"));
    assert!(wrong(&nested(&dense, 1)).contains("or has more than 2000 parts; break the cycle, or name less"));
}

#[test]
fn more_lists_in_each_other_than_anybody_means_are_refused() {
    let lists = |count: usize| {
        let text = config(&vec![Vec::new()]).replace(
            "name: { type: String }",
            &format!("name: {{ type: \"{}String{}\" }}", "[".repeat(count), "]".repeat(count)),
        );
        Catalogue::compile("lists.yaml", &text).map_err(|problems| problems.to_string())
    };
    assert!(lists(4).is_ok());
    for count in [5, 100_000] {
        assert!(
            lists(count).unwrap_err().contains("more than 4 lists stand in each other; write fewer brackets")
        );
    }
}
