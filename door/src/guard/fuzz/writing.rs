//! Documents written token by token: GraphQL, nearly GraphQL, and no GraphQL at all.

use proptest::collection::vec;
use proptest::prelude::*;
use proptest::sample::{Index, select};

/// A document, and the tokens that it is written with.
#[derive(Clone, Debug)]
pub(super) struct Written {
    pub(super) tokens: Vec<String>,
    pub(super) text: String,
}

/// Tokens that belong together.
type Tokens = Vec<String>;

/// A document within the grammar.
pub(super) fn document() -> impl Strategy<Value = Written> {
    (definitions(), vec(select(GAPS.as_slice()), 1..8)).prop_map(|(tokens, gaps)| written(tokens, &gaps))
}

/// The same with some tokens left out, doubled, swapped or replaced.
pub(super) fn mutated() -> impl Strategy<Value = Written> {
    let changes = (any::<Index>(), any::<Index>(), 0..5u8, select(STRAY.as_slice()));
    (definitions(), vec(select(GAPS.as_slice()), 1..8), vec(changes, 1..4)).prop_map(
        |(mut tokens, gaps, changes)| {
            for (one, other, how, stray) in changes {
                change(&mut tokens, (&one, &other), how, stray);
            }
            written(tokens, &gaps)
        },
    )
}

fn change(tokens: &mut Tokens, (one, other): (&Index, &Index), how: u8, stray: &str) {
    if tokens.is_empty() {
        return;
    }
    let (one, other) = (one.index(tokens.len()), other.index(tokens.len()));
    match how {
        0 => drop(tokens.remove(one)),
        1 => tokens.insert(other, tokens[one].clone()),
        2 => tokens.swap(one, other),
        3 => tokens[one] = tokens[other].clone(),
        _ => tokens[one] = stray.to_owned(),
    }
}

/// Fields within fields, and in them later fragments: the same one is met at several levels.
pub(super) fn steep() -> impl Strategy<Value = Written> {
    let path = (0..4usize, prop::option::weighted(0.7, 0..3usize));
    vec(vec(path, 1..4), 2..6).prop_map(|sets| {
        let nested = |place: usize, (levels, spread): &(usize, Option<usize>)| {
            let within = spread.map_or("a".to_owned(), |onward| format!("... F{}", place + onward));
            format!("{} {within} {}", "a { ".repeat(*levels), "} ".repeat(*levels))
        };
        let written_out = |(place, paths): (usize, &Vec<(usize, Option<usize>)>)| {
            let selections: String = paths.iter().map(|path| nested(place, path)).collect();
            let header =
                place.checked_sub(1).map(|number| format!("fragment F{number} on T")).unwrap_or_default();
            tokens(&format!("{header} {{ {selections} }}"))
        };
        written(sets.iter().enumerate().flat_map(written_out).collect(), &[" "])
    })
}

/// Any characters, and heaps of those that GraphQL is made of.
pub(super) fn noise() -> impl Strategy<Value = String> {
    prop_oneof![
        vec(any::<u8>(), 0..200).prop_map(|bytes| String::from_utf8_lossy(&bytes).into_owned()),
        any::<String>(),
        "[{}()\\[\\]:!$@=|&.a-c0-9_\"\\\\# \n,-]{0,80}",
        "(\\{ ?[ab]? ?|\\} ?|\\.\\.\\. ?(on )?[AB]? ?|\"{0,4}|#\r?|fragment A on B ?|query ?){0,30}",
        document().prop_flat_map(|written| (Just(written.text), any::<Index>(), any::<char>())).prop_map(
            |(text, place, instead)| {
                let characters = text.chars().count().max(1);
                let place = place.index(characters);
                text.chars()
                    .enumerate()
                    .map(|(at, given)| if at == place { instead } else { given })
                    .collect()
            }
        ),
    ]
}

/// What may stand between tokens, and means nothing.
const GAPS: [&str; 9] = ["", " ", "\n", ",", "\t", "\u{feff}", "\r\n", " # { ( [ \" \n", "#:\r,"];

/// What may come to stand anywhere.
const STRAY: [&str; 20] = [
    "{", "}", "(", ")", "[", "]", ":", "...", "@", "!", "=", "on", "fragment", "F0", "F9", "\"\"", "\"{\"",
    "null", "-1", "&",
];

fn written(tokens: Tokens, gaps: &[&str]) -> Written {
    let mut text = String::new();
    for (place, token) in tokens.iter().enumerate() {
        let gap = gaps[place % gaps.len()];
        let together = place == 0 || touch(&tokens[place - 1], token);
        text.push_str(if gap.is_empty() && !together { " " } else { gap });
        text.push_str(token);
    }
    Written { tokens, text }
}

/// Whether two tokens stay two with nothing between them.
fn touch(one: &str, other: &str) -> bool {
    let bracket = |token: &str| matches!(token, "{" | "}" | "(" | ")" | "[" | "]" | ":");
    bracket(one) || bracket(other)
}

fn tokens(text: &str) -> Tokens {
    text.split_whitespace().map(str::to_owned).collect()
}

fn definitions() -> impl Strategy<Value = Tokens> {
    let operations = prop_oneof![
        2 => selections().prop_map(|set| vec![set]),
        3 => vec(operation(), 1..3).prop_map(|operations| {
            let named = |(place, (header, set)): (usize, (Header, Tokens))| header.before(&format!("Q{place}"), set);
            operations.into_iter().enumerate().map(named).collect()
        }),
    ];
    let fragments =
        (vec((directives(), selections()), 0..4), any::<bool>()).prop_map(|(fragments, circles)| {
            let fragment = |(place, (directives, set)): (usize, (Tokens, Tokens))| {
                let set = if circles { set } else { onwards(set, place) };
                [tokens(&format!("fragment F{place} on T")), directives, set].concat()
            };
            fragments.into_iter().enumerate().map(fragment).collect::<Vec<_>>()
        });
    (operations, fragments, any::<bool>()).prop_map(|(operations, fragments, fragments_first)| {
        let parts = if fragments_first { [fragments, operations] } else { [operations, fragments] };
        parts.concat().concat()
    })
}

/// The selections of a fragment with later fragments in place of itself and of earlier ones: they lead in no circle.
fn onwards(mut set: Tokens, place: usize) -> Tokens {
    for token in &mut set {
        let spread = token.strip_prefix('F').and_then(|number| number.parse::<usize>().ok());
        if let Some(number) = spread.filter(|number| *number <= place) {
            *token = format!("F{}", place + 1 + number);
        }
    }
    set
}

/// What stands before the selections of an operation.
#[derive(Clone, Debug)]
struct Header {
    word: &'static str,
    variables: Tokens,
    directives: Tokens,
}

impl Header {
    fn before(self, name: &str, set: Tokens) -> Tokens {
        [tokens(&format!("{} {name}", self.word)), self.variables, self.directives, set].concat()
    }
}

fn operation() -> impl Strategy<Value = (Header, Tokens)> {
    let variable = (select(vec!["a", "b", "c", "d"]), prop::option::of(value(true)), directives()).prop_map(
        |(name, default, directives)| {
            let default = default.map(|value| [tokens("="), value].concat()).unwrap_or_default();
            [tokens(&format!("$ {name} : [ Int ! ]")), default, directives].concat()
        },
    );
    let variables = vec(variable, 0..3).prop_map(|variables| in_brackets("(", variables, ")"));
    let header = (select(vec!["query", "mutation", "subscription"]), variables, directives())
        .prop_map(|(word, variables, directives)| Header { word, variables, directives });
    (header, selections())
}

/// Nothing where there is nothing to put in them: GraphQL has no empty arguments.
fn in_brackets(open: &str, parts: Vec<Tokens>, close: &str) -> Tokens {
    if parts.is_empty() { Vec::new() } else { [tokens(open), parts.concat(), tokens(close)].concat() }
}

fn directives() -> impl Strategy<Value = Tokens> {
    let directive = arguments().prop_map(|arguments| [tokens("@ x"), arguments].concat());
    prop_oneof![4 => Just(Vec::new()), 1 => vec(directive, 1..3).prop_map(|directives| directives.concat())]
}

fn arguments() -> impl Strategy<Value = Tokens> {
    let argument = (select(vec!["a", "b", "c", "d", "e"]), value(false))
        .prop_map(|(name, value)| [tokens(&format!("{name} :")), value].concat());
    prop_oneof![3 => Just(Vec::new()), 1 => vec(argument, 1..4).prop_map(|given| in_brackets("(", given, ")"))]
}

fn value(constant: bool) -> BoxedStrategy<Tokens> {
    let written = vec![
        "1",
        "-2",
        "0.5",
        "1e+3",
        "-1.5E-2",
        "true",
        "null",
        "word",
        "\"\"",
        "\"{ ( [ # \\\" \\u00e9\"",
        "\"\"\"block { \" \\\"\"\" #\"\"\"",
    ];
    let plain = select(written).prop_map(|written| vec![written.to_owned()]);
    let variable = select(vec!["$ a", "$ b"]).prop_map(tokens);
    let leaf = if constant { plain.boxed() } else { prop_oneof![4 => plain, 1 => variable].boxed() };
    leaf.prop_recursive(3, 8, 3, |inner| {
        let entry = (select(vec!["a", "b", "c", "d"]), inner.clone())
            .prop_map(|(name, value)| [tokens(&format!("{name} :")), value].concat());
        prop_oneof![
            vec(inner, 0..3).prop_map(|items| [tokens("["), items.concat(), tokens("]")].concat()),
            vec(entry, 0..3).prop_map(|entries| [tokens("{"), entries.concat(), tokens("}")].concat()),
        ]
    })
    .boxed()
}

const NAMES: [&str; 8] = ["a", "b", "c", "on", "fragment", "__typename", "__schema", "__type"];

/// A selection set, brackets included.
fn selections() -> impl Strategy<Value = Tokens> {
    vec(selection(), 1..4).prop_map(|items| in_brackets("{", items, "}"))
}

/// A field up to its selections.
fn head() -> impl Strategy<Value = Tokens> {
    let alias = prop_oneof![3 => Just(""), 1 => Just("alias :"), 1 => Just("__schema :")];
    (alias, select(NAMES.as_slice()), arguments(), directives()).prop_map(
        |(alias, name, arguments, directives)| {
            [tokens(alias), vec![name.to_owned()], arguments, directives].concat()
        },
    )
}

fn selection() -> impl Strategy<Value = Tokens> {
    let spread = (0..3u8, directives())
        .prop_map(|(fragment, directives)| [tokens(&format!("... F{fragment}")), directives].concat());
    let leaf = prop_oneof![1 => head(), 1 => spread];
    leaf.prop_recursive(4, 8, 3, |inner| {
        let set = vec(inner, 1..4).prop_map(|items| in_brackets("{", items, "}"));
        let condition = select(vec!["...", "... on T"]);
        prop_oneof![
            (head(), set.clone()).prop_map(|(head, set)| [head, set].concat()),
            (condition, directives(), set).prop_map(|(condition, directives, set)| [
                tokens(condition),
                directives,
                set
            ]
            .concat()),
        ]
    })
}
