//! The guard against a reading of its limits that is as naive as can be: everything is expanded, and then counted.
//!
//! Thousands of random documents, most of them GraphQL and many of them nearly, each held against small limits of its own.

mod bombs;
mod naive;
mod writing;

use proptest::prelude::*;

use self::bombs::Bomb;
use self::naive::{Asks, repeated_name};
use self::writing::{Written, document, mutated, noise, steep};
use super::*;

fn few(most: u64) -> impl Strategy<Value = u64> {
    prop_oneof![1 => 0..=most, 3 => Just(1_000)]
}

/// Limits so small that documents of a few lines go beyond some of them and stay within others.
fn limits() -> impl Strategy<Value = GuardOptions> {
    let text =
        (prop_oneof![1 => 0..200usize, 3 => Just(100_000)], prop_oneof![1 => 0..60usize, 3 => Just(10_000)]);
    (text, 1..=8u64, few(20), few(3), few(3), few(5)).prop_map(
        |(
            (max_query_bytes, max_query_tokens),
            max_depth,
            max_fields,
            max_aliases,
            max_directives,
            max_root_fields,
        )| {
            GuardOptions {
                max_query_bytes,
                max_query_tokens,
                max_depth,
                max_fields,
                max_aliases,
                max_directives,
                max_root_fields,
                ..GuardOptions::DEFAULT
            }
        },
    )
}

/// What the document asks, where it is a document at all.
fn asks(text: &str) -> Option<Asks> {
    parse_query(text).ok().map(|document| Asks::of(&document))
}

/// What is too much of a text that was written token by token; nothing where it may be worked on.
fn too_much(written: &Written, asks: Option<&Asks>, options: &GuardOptions) -> Vec<&'static str> {
    let mut found = Vec::new();
    let mut limit = |what, count: u64, limit: u64| found.extend((count > limit).then_some(what));
    limit("bytes", written.text.len() as u64, options.max_query_bytes as u64);
    limit("tokens", written.tokens.len() as u64, options.max_query_tokens as u64);
    limit("levels of brackets", naive::brackets(&written.tokens), scan::MAX_NESTING as u64);
    if let Some(asks) = asks {
        limit("fields", asks.most.fields, options.max_fields);
        limit("aliases", asks.most.aliases, options.max_aliases);
        limit("directives", asks.most.directives, options.max_directives);
        limit("levels of nesting", asks.most.depth, options.max_depth);
        limit("fields at the root", asks.root_fields, options.max_root_fields);
    }
    found
}

fn judged(written: &Written, options: &GuardOptions) -> Result<(), TestCaseError> {
    let asks = asks(&written.text);
    let too_much = too_much(written, asks.as_ref(), options);
    let circles = asks.as_ref().map(|asks| asks.circles.clone()).unwrap_or_default();
    let repeated = repeated_name(&written.tokens);
    let right = asks.is_some() && too_much.is_empty() && circles.is_empty() && !repeated;
    match check(&written.text, options) {
        Ok(guarded) => {
            prop_assert!(right, "accepted: {}, {:?}", written.text, (too_much, circles, repeated));
            let asks = asks.expect("it is right");
            let told = (guarded.introspects, guarded.only_introspects);
            prop_assert_eq!(told, (asks.introspects, asks.only_introspects), "{}", written.text);
        }
        Err(GuardError::Limit { what, .. }) => {
            prop_assert!(too_much.contains(&what), "{what}: {}", written.text)
        }
        Err(GuardError::Cycle { fragment }) => prop_assert!(circles.contains(&fragment), "{}", written.text),
        Err(GuardError::Syntax { message, places }) => {
            prop_assert!(asks.is_none() || repeated, "{message}: {}", written.text);
            prop_assert!(!places.is_empty() && message.chars().count() < 200, "{message}");
        }
        Err(GuardError::Nul) => prop_assert!(written.text.contains(['\0', '\\']), "{}", written.text),
    }
    Ok(())
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 2_000, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn a_document_is_accepted_where_all_that_it_asks_once_expanded_is_within_each_limit(
        written in document(), options in limits(),
    ) {
        judged(&written, &options)?;
    }

    #[test]
    fn a_fragment_that_is_met_at_several_levels_is_as_deep_as_at_the_deepest(written in steep(), max_depth in 1..14u64) {
        judged(&written, &GuardOptions { max_depth, ..GuardOptions::DEFAULT })?;
    }

    #[test]
    fn a_document_with_tokens_left_out_doubled_and_swapped_is_judged_no_less_exactly(
        written in mutated(), options in limits(),
    ) {
        judged(&written, &options)?;
    }

    #[test]
    fn whatever_text_comes_is_a_document_that_asks_little_or_is_refused_in_few_words(text in noise(), options in limits()) {
        match check(&text, &options) {
            Ok(_) => {
                let asks = asks(&text).expect("it is a document");
                prop_assert!(asks.circles.is_empty() && asks.most.fields <= options.max_fields, "{text}");
                prop_assert!(asks.most.depth <= options.max_depth && text.len() <= options.max_query_bytes, "{text}");
            }
            Err(error) => {
                let told = error.to_string();
                prop_assert!(!told.is_empty() && told.chars().count() < 200, "{told}");
            }
        }
    }

}

proptest! {
    #![proptest_config(ProptestConfig { cases: 500, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn no_bomb_is_looked_at_longer_than_it_is_written_and_none_passes_that_would_go_off(bomb in bombs::bomb()) {
        let (text, options) = (bomb.text(), GuardOptions::DEFAULT);
        let document = parse_query(&text).expect("a bomb is GraphQL");
        let mut visited = 0;
        let _ = measure::measure(&document, &options, &mut visited);
        prop_assert!(visited <= bomb.written(), "{visited} of {}: {bomb:?}", bomb.written());
        // Whoever expands each fragment where it is spread, as the library does, is soon done with what passes.
        let soon = options.max_fields * options.max_depth;
        if check(&text, &options).is_ok() {
            prop_assert!(bomb.expanded() <= soon, "{} selections: {bomb:?}", bomb.expanded());
        }
    }
}

#[test]
fn a_bomb_of_fragments_that_end_in_none_is_refused() {
    // Fields are counted, and here would be none; to find how deep it nests, the library would go through 12²⁰ spreads.
    let bomb = Bomb::of(20, 12, bombs::Leaf::Nowhere);
    assert!(bomb.expanded() > 1_000_000_000);
    let refused = check(&bomb.text(), &GuardOptions::DEFAULT).expect_err("it is refused").to_string();
    assert!(refused.contains("fields above the limit of 5000"), "{refused}");
}

#[test]
fn to_spread_a_fragment_that_does_not_exist_is_to_ask_for_data() {
    let guarded = check("{ ...Nowhere }", &GuardOptions::DEFAULT).expect("it is within the limits");
    assert!(!guarded.only_introspects);
}

#[test]
fn a_comment_hides_no_name_that_stands_twice() {
    for text in [
        "{ a(b: 1, b # twice\n: 2) }",
        "{ a(b: 1, b\u{feff}: 2) }",
        "{ a(b#\r\n#:\n: 1, b: 2) }",
        "query($b#\n: Int, $b: Int) { a }",
    ] {
        let refused = check(text, &GuardOptions::DEFAULT).expect_err("it is refused").to_string();
        assert_eq!(refused, "the name `b` stands twice between its brackets; write it once");
    }
}

#[test]
fn a_number_is_one_token_however_it_is_written() {
    for number in ["0", "-1", "1.5", "-0.25e-3", "1e+6", "6.02E23"] {
        let scan = Scan::of(&format!("{{ a(b: {number}) }}")).expect("it is GraphQL");
        assert_eq!(scan.tokens, 8, "{number}");
    }
}

#[test]
fn directives_of_a_fragment_that_nobody_spreads_are_counted_too() {
    let text = format!("{{ a }} fragment F on Query {} {{ a }}", "@x ".repeat(201));
    assert_eq!(
        check(&text, &GuardOptions::DEFAULT).expect_err("it is refused").to_string(),
        "the document has directives above the limit of 200; ask for less, or in several requests"
    );
}
