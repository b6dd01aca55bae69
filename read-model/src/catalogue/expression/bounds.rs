//! How long and how deep an expression may be: parsing it, compiling it and computing it call themselves for whatever stands
//! in something else, and a stack that overflows ends the process.

use cel::IdedExpr;
use cel::common::ast::{EntryExpr, Expr};

/// The longest expression, in bytes; the longest that is shipped takes 1,423.
const MAX_BYTES: usize = 4_000;

/// How many brackets may stand in each other; the shipped expressions have 5 at most.
const MAX_BRACKETS: usize = 12;

/// How many choices (`a ? b : c`) there may be, as each may stand in the one before; the shipped expressions have 10 at most.
const MAX_CHOICES: usize = 32;

/// How many operations may stand in each other once it is parsed: `a + b + c` are two, `a.b.c` too.
const MAX_DEPTH: usize = 64;

/// Refuses a text that is not even parsed.
pub(super) fn check_text(source: &str) -> Result<(), String> {
    if source.len() > MAX_BYTES {
        return Err(format!(
            "it takes {} bytes, and at most {MAX_BYTES} are taken in; write it in parts",
            source.len()
        ));
    }
    let (mut open, mut deepest, mut choices) = (0_usize, 0, 0);
    let mut rest = source.chars();
    while let Some(character) = rest.next() {
        match character {
            '(' | '[' | '{' => open += 1,
            ')' | ']' | '}' => open = open.saturating_sub(1),
            '?' => choices += 1,
            '"' | '\'' => pass_over_text(&mut rest, character),
            _ => {}
        }
        deepest = deepest.max(open);
    }
    if deepest > MAX_BRACKETS {
        return Err(format!(
            "{deepest} brackets stand in each other, and at most {MAX_BRACKETS} may; write it flatter"
        ));
    }
    if choices > MAX_CHOICES {
        return Err(format!(
            "it has {choices} choices with `?`, and at most {MAX_CHOICES} may be; write fewer"
        ));
    }
    Ok(())
}

/// Up to the quote that closes a text, or its end; what is read wrongly, as three quotes are, is read as more than it is.
fn pass_over_text(rest: &mut std::str::Chars<'_>, quote: char) {
    while let Some(character) = rest.next() {
        match character {
            '\\' => drop(rest.next()),
            other if other == quote => return,
            _ => {}
        }
    }
}

/// Refuses an expression that could not be computed on every stack.
pub(super) fn check_depth(expression: &IdedExpr) -> Result<(), String> {
    let depth = depth(expression);
    if depth <= MAX_DEPTH {
        return Ok(());
    }
    Err(format!("{depth} operations stand in each other, and at most {MAX_DEPTH} may; write it flatter"))
}

fn depth(expression: &IdedExpr) -> usize {
    let inner: Vec<&IdedExpr> = match &expression.expr {
        Expr::Unspecified | Expr::Ident(_) | Expr::Literal(_) => Vec::new(),
        Expr::Select(select) => vec![&select.operand],
        Expr::Call(call) => call.target.as_deref().into_iter().chain(&call.args).collect(),
        Expr::List(list) => list.elements.iter().collect(),
        Expr::Map(map) => map.entries.iter().flat_map(|entry| of_entry(&entry.expr)).collect(),
        Expr::Struct(value) => value.entries.iter().flat_map(|entry| of_entry(&entry.expr)).collect(),
        Expr::Comprehension(all) => {
            vec![&all.iter_range, &all.accu_init, &all.loop_cond, &all.loop_step, &all.result]
        }
    };
    1 + inner.into_iter().map(depth).max().unwrap_or(0)
}

fn of_entry(entry: &EntryExpr) -> Vec<&IdedExpr> {
    match entry {
        EntryExpr::StructField(field) => vec![&field.value],
        EntryExpr::MapEntry(entry) => vec![&entry.key, &entry.value],
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::catalogue::testing::shipped_with;

    /// What is wrong with a derived field of this value, if anything.
    fn wrong(value: &str) -> Option<String> {
        let value = json!(value).to_string();
        let written = "value: indicatieGeheim != null && indicatieGeheim != \"0\"";
        shipped_with(written, &format!("value: {value}")).err()
    }

    #[test]
    fn an_expression_is_as_long_as_it_may_be_and_no_longer() {
        let long = |length: usize| wrong(&format!("\"{}\"", "x".repeat(length - 2)));
        assert_eq!(long(MAX_BYTES), None);
        assert!(
            long(MAX_BYTES + 1)
                .unwrap()
                .contains("it takes 4001 bytes, and at most 4000 are taken in; write it in parts")
        );
    }

    #[test]
    fn brackets_stand_in_each_other_as_deep_as_they_may_and_no_deeper() {
        for (open, close) in [("(", ")"), ("[", "]"), ("{\"a\": ", "}")] {
            let nested =
                |levels: usize| wrong(&format!("{}null{}", open.repeat(levels), close.repeat(levels)));
            assert_eq!(nested(MAX_BRACKETS), None, "{open}");
            let told = "13 brackets stand in each other, and at most 12 may; write it flatter";
            assert!(nested(MAX_BRACKETS + 1).unwrap().contains(told), "{open}");
        }
        assert_eq!(wrong(&format!("\"{}\\\"'(\" + '{}'", "(".repeat(99), "\"[".repeat(99))), None);
    }

    #[test]
    fn there_are_as_many_choices_as_there_may_be_and_no_more() {
        let choices = |count: usize| wrong(&format!("{}null", "asOf == \"\" ? null : ".repeat(count)));
        assert_eq!(choices(MAX_CHOICES), None);
        assert!(
            choices(MAX_CHOICES + 1)
                .unwrap()
                .contains("it has 33 choices with `?`, and at most 32 may be; write fewer")
        );
    }

    #[test]
    fn operations_stand_in_each_other_as_deep_as_they_may_and_no_deeper() {
        let sum = |count: usize| wrong(&format!("1{}", " + 1".repeat(count)));
        assert_eq!(sum(MAX_DEPTH - 1), None);
        assert!(
            sum(MAX_DEPTH)
                .unwrap()
                .contains("65 operations stand in each other, and at most 64 may; write it flatter")
        );
        assert!(
            wrong(&format!("moeder{}", ".history".repeat(60))).is_some(),
            "each of them is looked at once"
        );
    }
}
