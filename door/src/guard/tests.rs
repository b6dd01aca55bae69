use std::fmt::Write as _;

use super::*;

fn refused(query: &str) -> String {
    check(query, &GuardOptions::default()).expect_err("the document is within the limits").to_string()
}

fn accepted(query: &str) -> Guarded {
    check(query, &GuardOptions::default()).expect("the document is within the limits")
}

/// `levels` fragments, each spreading the next one `width` times.
fn bomb(levels: usize, width: usize) -> String {
    let mut text = "{ ...F0 }".to_owned();
    for level in 0..levels {
        let spreads = format!("...F{} ", level + 1).repeat(width);
        write!(text, " fragment F{level} on Query {{ {spreads} }}").unwrap();
    }
    write!(text, " fragment F{levels} on Query {{ a }}").unwrap();
    text
}

/// The same, each spread inside a field.
fn nested_bomb(levels: usize, width: usize) -> String {
    bomb(levels, 1).replace("...F1 ", &"x { ...F1 } ".repeat(width))
}

/// How often something is looked at before a document is refused: a byte by the scan, a selection by the measure.
fn work(query: &str) -> (usize, usize) {
    let options = GuardOptions::default();
    refused(query);
    if within("bytes", query.len(), options.max_query_bytes).is_err() {
        return (0, 0);
    }
    let scanned = Scan::of(query).expect("brackets that fit");
    if within("tokens", scanned.tokens, options.max_query_tokens).is_err() {
        return (query.len(), 0);
    }
    let mut visited = 0;
    let document = parse_query(query).expect("GraphQL");
    assert!(measure::measure(&document, &options, &mut visited).is_err(), "the measure refuses it");
    (query.len(), visited)
}

#[test]
fn a_fragment_bomb_is_refused_with_each_of_its_spreads_looked_at_once_whatever_its_shape() {
    // What they would expand to: 12⁷, 2²⁰, 12²⁰ and 12³⁰⁰ fields.
    for (levels, width) in [(7, 12), (20, 2), (20, 12), (300, 12), (1000, 1)] {
        let text = bomb(levels, width);
        let message = refused(&text);
        assert!(message.contains("above the limit of"), "{levels} × {width}: {message}");
        let (scanned, visited) = work(&text);
        let written = levels * width + 2;
        assert!(scanned <= 100_000 && visited <= written, "{levels} × {width}: {visited} of {written}");
    }
    // That one is refused by its length.
    assert_eq!(work(&nested_bomb(23, 2000)).1, 0);
}

#[test]
fn what_is_merely_much_is_refused_before_it_is_parsed() {
    let many = |text: &str, count: usize| format!("{{ {} }}", text.repeat(count));
    let aliases: String = (0..20_000).map(|number| format!("a{number}:b ")).collect();
    for (name, query) in [
        ("20,000 aliases", format!("{{ {aliases} }}")),
        ("20,000 times the same alias", many("a:b ", 20_000)),
        ("20,000 duplicate fields", many("a ", 20_000)),
        ("5,000 directives", many("a @skip(if: true) ", 5_000)),
        ("5,000 directives of one field", format!("{{ a {} }}", "@x ".repeat(5_000))),
    ] {
        assert!(refused(&query).contains("above the limit of"), "{name}");
        let (scanned, visited) = work(&query);
        assert!(scanned <= 100_000, "{name}: {scanned} bytes were read");
        assert_eq!(visited, 0, "{name}");
    }
}

#[test]
fn a_bomb_that_no_operation_sets_off_is_refused_too() {
    let unused = bomb(7, 12).replacen("{ ...F0 }", "{ a }", 1);
    assert_eq!(
        refused(&unused),
        "the document has fields above the limit of 5000; ask for less, or in several requests"
    );
}

#[test]
fn each_limit_is_named_with_its_value() {
    let many = |text: &str, count: usize| format!("{{ {} }}", text.repeat(count));
    let cases = [
        (format!("{{ {} }}", "x".repeat(100_000)), "bytes above the limit of 100000"),
        (many("a ", 20_000), "tokens above the limit of 10000"),
        (many("x { a b } ", 1_900), "fields above the limit of 5000"),
        (many("b: a ", 501), "aliases above the limit of 500"),
        (many("a @include(if: true) ", 201), "directives above the limit of 200"),
        (many("a ", 101), "fields at the root above the limit of 100"),
        (format!("{}{}", "{ a ".repeat(25), "}".repeat(25)), "levels of nesting above the limit of 24"),
    ];
    for (query, message) in cases {
        assert!(refused(&query).contains(message), "{message}: {}", refused(&query));
    }
}

#[test]
fn depth_counts_through_fragments_wherever_they_are_met_first() {
    let shallow = "fragment F on Q { a { b { c } } }";
    let deep = format!("{}...F{}", "{ x ".repeat(21) + "{ ", " }".repeat(22));
    accepted(&format!("query A {{ ...F }} {shallow}"));
    assert!(refused(&format!("query A {{ ...F }} query B {deep} {shallow}")).contains("levels of nesting"));
}

#[test]
fn text_nested_so_deep_that_a_parser_would_lose_its_stack_is_refused() {
    for open in ["{a", "{a(b:[", "{a(b:{c:", "query($a:[[[["] {
        let message = refused(&open.repeat(3_000));
        assert!(message.contains("above the limit of"), "{message}");
    }
    let lists = format!("{{ a(b: {}{}) }}", "[".repeat(4_000), "]".repeat(4_000));
    assert!(refused(&lists).contains("levels of brackets above the limit of 64"));
}

#[test]
fn text_nested_as_deep_as_is_allowed_leaves_the_stack_standing() {
    accepted(&format!("{{ a(b: {}{}) }}", "[".repeat(62), "]".repeat(62)));
}

#[test]
fn a_fragment_that_spreads_itself_is_named() {
    let pair = refused("{ ...A } fragment A on Q { ...B } fragment B on Q { ...A }");
    assert!(["the fragment `A` spreads itself", "the fragment `B` spreads itself"].contains(&pair.as_str()));
    assert_eq!(refused("{ ...A } fragment A on Q { ...A }"), "the fragment `A` spreads itself");
}

#[test]
fn a_name_without_end_is_refused_before_it_is_compared_with_others() {
    let (long, longer) = ("a".repeat(200), "a".repeat(201));
    accepted(&format!("{{ {long} }}"));
    for query in [format!("{{ {longer} }}"), format!("{{ a(b: {}) }}", "1".repeat(201))] {
        assert!(refused(&query).ends_with("…` is longer than any name or number here; shorten it"));
    }
    accepted(&format!("{{ a(b: \"{longer}\") }}"));
}

#[test]
fn a_document_that_is_no_graphql_says_where() {
    let end = "the document ends where GraphQL expects more; send all of it";
    let cases = [
        ("{ a(b: \"x }", "this string is not closed; end it with a quote on its own line", 8),
        ("{ a", end, 4),
        ("", end, 1),
        ("{ a(b: 1e400) }", "GraphQL cannot go on with `1e400) }`; correct it there", 8),
        ("{ é }", "GraphQL cannot go on with `é }`; correct it there", 3),
        ("{ a(b: 1, b: 2) }", "the name `b` stands twice between its brackets; write it once", 11),
        ("query A { a } query A { a }", "operation A is defined twice; let each stand once", 15),
    ];
    for (query, told, column) in cases {
        let Err(GuardError::Syntax { message, places }) = check(query, &GuardOptions::default()) else {
            panic!("{query}")
        };
        assert_eq!((message.as_str(), places[0].column), (told, column), "{query}");
    }
}

#[test]
fn asking_for_the_schema_is_told_from_asking_for_data() {
    let cases = [
        ("{ __typename }", false, true),
        ("{ __schema { types { name } } }", true, true),
        ("{ ...F } fragment F on Query { __type(name: \"A\") { name } }", true, true),
        ("{ __schema { types { name } } persoon { naam } }", true, false),
        ("{ persoon { __typename } }", false, false),
        ("query A { __typename } query B { persoon }", false, false),
        ("{ alias: __schema { types { name } } }", true, true),
        ("{ __schema: persoon }", false, false),
        ("{ ... { ...F } } fragment F on Query { persoon }", false, false),
    ];
    for (query, introspects, only) in cases {
        let guarded = accepted(query);
        assert_eq!((guarded.introspects, guarded.only_introspects), (introspects, only), "{query}");
    }
}
