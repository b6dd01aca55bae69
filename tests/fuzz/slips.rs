//! What happens to a config while somebody edits it.

use proptest::collection::vec;
use proptest::prelude::*;
use proptest::sample::{Index, select};

/// A change of some lines; places are taken modulo what there is.
#[derive(Clone, Debug)]
pub(crate) enum Slip {
    LeaveOut(Index),
    Double(Index),
    Swap(Index, Index),
    Move(Index, Index),
    Indent(Index, usize),
    Outdent(Index, usize),
    /// What stands behind the colon, in place of what stands behind another.
    Value(Index, Index),
    /// The name before the colon, in place of another.
    Name(Index, Index),
    /// A letter of it is left out, and put elsewhere.
    Misspell(Index, Index, Index),
    /// Something else behind the colon.
    Junk(Index, String),
    /// An expression that begins as one and ends as the other.
    Splice(Index, Index, Index),
    /// What stands behind the colon, so many times in brackets of this kind.
    Nest(Index, usize, (&'static str, &'static str)),
    /// A character, anywhere.
    Character(Index, char),
    /// All that follows is lost.
    CutOff(Index),
}

/// Some changes of a text: mostly one, so that much of what is behind it is reached.
pub(crate) fn slips() -> impl Strategy<Value = Vec<Slip>> {
    prop_oneof![3 => vec(slip(), 1..2), 1 => vec(slip(), 2..5)]
}

fn slip() -> impl Strategy<Value = Slip> {
    let at = any::<Index>;
    let brackets = select(vec![
        ("(", ")"),
        ("[", "]"),
        ("{ a: ", " }"),
        ("\"[", "]\""),
        ("!", ""),
        ("-", ""),
        ("\"(", ")\""),
        ("", ".a"),
        ("", " + 1"),
    ]);
    let structure = prop_oneof![
        3 => at().prop_map(Slip::LeaveOut),
        2 => at().prop_map(Slip::Double),
        1 => (at(), at()).prop_map(|(one, other)| Slip::Swap(one, other)),
        1 => (at(), at()).prop_map(|(one, other)| Slip::Move(one, other)),
        1 => (at(), 1..5usize).prop_map(|(line, by)| Slip::Indent(line, by)),
        1 => (at(), 1..5usize).prop_map(|(line, by)| Slip::Outdent(line, by)),
        1 => (at(), any::<char>()).prop_map(|(place, put)| Slip::Character(place, put)),
        1 => at().prop_map(Slip::CutOff),
    ];
    let words = prop_oneof![
        4 => (at(), at()).prop_map(|(one, other)| Slip::Value(one, other)),
        3 => (at(), at()).prop_map(|(one, other)| Slip::Name(one, other)),
        3 => (at(), at(), at()).prop_map(|(line, from, to)| Slip::Misspell(line, from, to)),
        3 => (at(), junk()).prop_map(|(line, junk)| Slip::Junk(line, junk)),
        3 => (at(), at(), at()).prop_map(|(one, other, cut)| Slip::Splice(one, other, cut)),
        2 => (at(), prop_oneof![1..4usize, 10..30usize, Just(120), Just(3_000)], brackets).prop_map(|(line, times, brackets)| Slip::Nest(line, times, brackets)),
    ];
    prop_oneof![2 => structure, 3 => words]
}

/// What may come to stand where a value stood.
fn junk() -> impl Strategy<Value = String> {
    prop_oneof![
        6 => select(JUNK.as_slice()).prop_map(str::to_owned),
        1 => any::<String>(),
        1 => "[a-z(){}\\[\\].,:?!&|+*/'\" 0-9<>=-]{0,30}",
        1 => (1..5_000usize).prop_map(|length| "é".repeat(length)),
    ]
}

/// Values that some other place may have, and some that none has.
const JUNK: [&str; 68] = [
    "",
    "~",
    "null",
    "true",
    "no",
    "0",
    "0599",
    "-1",
    "1e999",
    ".nan",
    "0x1F",
    "2010-05-17",
    "[]",
    "{}",
    "[[]]",
    "[~]",
    "{ a: 1, a: 2 }",
    "&a [*a]",
    "&a 1",
    "*a",
    "*nowhere",
    "!!binary aGE=",
    "!tag x",
    "|",
    ">-",
    "'",
    "\"",
    "\"\\u0000\"",
    "\"\\ud800\"",
    "@",
    "`",
    "%",
    "? a",
    "- - a",
    "<<: *a",
    "[Persoon, Persoon]",
    "\"[Persoon]\"",
    "\"[[Persoon]]\"",
    "{ $ref: \"#/$defs/Naam\" }",
    "{ $ref: \"#/$defs/Nergens\" }",
    "{ $ref: \"https://example.org/\" }",
    "{ type: string, pattern: \"(a+)+$\" }",
    "{ type: string, pattern: \"[\" }",
    "{ type: string, enum: [a, a] }",
    "{ type: object, properties: {}, additionalProperties: false }",
    "{ type: array, items: { type: array, items: { type: string } } }",
    "data",
    "data.naam",
    "data.naam.voornamen.a.b",
    "1 / 0",
    "9223372036854775807 + 1",
    "[1, 2][3]",
    "'a'.matches('(')",
    "has(data)",
    "dyn(1) == 'a'",
    "kind.moeder.moeder.moeder.geboortedatum",
    "[1,2,3].map(a, [1,2,3].map(b, [a, b]))",
    "years('x', asOf)",
    "addDays(asOf, 9223372036854775807)",
    "data == caller",
    "P28D",
    "P99999D",
    "P-1D",
    "/datum",
    "//",
    "/naam/voornamen",
    "Europe/Amsterdam",
    "Mars/Olympus",
];

/// The text with these changes.
pub(crate) fn slipped(text: &str, slips: &[Slip]) -> String {
    let mut lines: Vec<String> = text.lines().map(str::to_owned).collect();
    for slip in slips {
        if !lines.is_empty() {
            change(&mut lines, slip);
        }
    }
    lines.join("\n")
}

fn change(lines: &mut Vec<String>, slip: &Slip) {
    let count = lines.len();
    let at = |index: &Index| index.index(count);
    match slip {
        Slip::LeaveOut(line) => drop(lines.remove(at(line))),
        Slip::Double(line) => lines.insert(at(line), lines[at(line)].clone()),
        Slip::Swap(one, other) => lines.swap(at(one), at(other)),
        Slip::Move(from, to) => {
            let line = lines.remove(at(from));
            lines.insert(at(to).min(count - 1), line);
        }
        Slip::Indent(line, by) => lines[at(line)].insert_str(0, &" ".repeat(*by)),
        Slip::Outdent(line, by) => {
            let line = &mut lines[at(line)];
            let indented = line.len() - line.trim_start().len();
            line.drain(..indented.min(*by));
        }
        Slip::Character(line, put) => lines[at(line)].push(*put),
        Slip::CutOff(line) => lines.truncate(at(line)),
        Slip::Value(..)
        | Slip::Name(..)
        | Slip::Misspell(..)
        | Slip::Junk(..)
        | Slip::Splice(..)
        | Slip::Nest(..) => {
            reword(lines, slip);
        }
    }
}

/// A change of the words of one line.
fn reword(lines: &mut [String], slip: &Slip) {
    let count = lines.len();
    let parts = |index: &Index| {
        let line = &lines[index.index(count)];
        let (name, value) = line.split_once(": ").unwrap_or((line, ""));
        (name.to_owned(), value.to_owned())
    };
    let (line, written) = match slip {
        Slip::Value(one, other) => (one, format!("{}: {}", parts(one).0, parts(other).1)),
        Slip::Name(one, other) => {
            let (name, instead) = (parts(one).0, parts(other).0);
            let indented = &name[..name.len() - name.trim_start().len()];
            (one, format!("{indented}{}: {}", instead.trim_start(), parts(one).1))
        }
        Slip::Junk(line, junk) => (line, format!("{}: {junk}", parts(line).0)),
        Slip::Nest(line, times, (open, close)) => {
            let (name, value) = parts(line);
            let value = value.trim_matches(['"', '\'']);
            (line, format!("{name}: {}{value}{}", open.repeat(*times), close.repeat(*times)))
        }
        Slip::Splice(one, other, cut) => {
            let ((name, begin), (_, end)) = (parts(one), parts(other));
            (one, format!("{name}: {}", spliced(&begin, &end, cut)))
        }
        Slip::Misspell(line, from, to) => (line, misspelt(&lines[line.index(count)], from, to)),
        Slip::LeaveOut(_)
        | Slip::Double(_)
        | Slip::Swap(..)
        | Slip::Move(..)
        | Slip::Indent(..)
        | Slip::Outdent(..)
        | Slip::Character(..)
        | Slip::CutOff(_) => return,
    };
    lines[line.index(count)] = written;
}

/// What begins as one text and goes on as the other.
fn spliced(begin: &str, end: &str, cut: &Index) -> String {
    let begun = begin.chars().take(cut.index(begin.chars().count() + 1));
    begun.chain(end.chars().skip(cut.index(end.chars().count() + 1))).collect()
}

/// A letter comes to stand elsewhere.
fn misspelt(line: &str, from: &Index, to: &Index) -> String {
    let mut letters: Vec<char> = line.chars().collect();
    if !letters.is_empty() {
        let letter = letters.remove(from.index(letters.len()));
        letters.insert(to.index(letters.len() + 1), letter);
    }
    letters.into_iter().collect()
}
