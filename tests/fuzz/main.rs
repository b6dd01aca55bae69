//! Both configs with slips of the pen in them, thousands of times: what is wrong is told with its place, and what is right works.
#![expect(clippy::unwrap_used, reason = "a test fails where it is surprised")]

mod derived;
mod query_config;
mod slips;
mod write_config;

use proptest::prelude::*;
use read_model::catalogue::Problems;

/// Whether each mistake stands somewhere in the file, and is told in a line or two of our own words.
fn told(problems: &Problems, text: &str) -> Result<(), TestCaseError> {
    // What is missing at the end is missed on the line after the last break.
    let lines = text.split('\n').count() as u64;
    prop_assert!(!problems.problems.is_empty());
    for problem in &problems.problems {
        prop_assert!((1..=lines).contains(&problem.line), "line {} of {lines}: {problem:?}", problem.line);
        let message = &problem.message;
        prop_assert!(!message.trim().is_empty() && !message.contains('\n'), "{problem:?}");
        prop_assert!(message.chars().count() < 3_000, "{problem:?}");
    }
    // What is shown of all of them names the file and the line of each.
    let shown = problems.to_string();
    for problem in &problems.problems {
        prop_assert!(shown.contains(&format!("{}:{}: ", problems.file, problem.line)), "{shown}");
    }
    Ok(())
}
