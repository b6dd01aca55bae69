//! Replays files of cases against real servers, and compares what they answered with what was expected: two steps.
//!
//! `cases replay FILE OUT` writes the answers, in the order of the cases, without reading what is expected.
//! `cases compare FILE ANSWERS` prints each difference, and how many cases passed and failed.

use std::process::ExitCode;

use serde_json::Value;
use tests::F6;
use tests::cases::{compare, replay};

#[tokio::main]
async fn main() -> ExitCode {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let arguments: Vec<&str> = arguments.iter().map(String::as_str).collect();
    let done = match arguments.as_slice() {
        ["replay", file, out] => replayed(file, out).await.map(|()| true),
        ["compare", file, answers] => compared(file, answers),
        _ => Err("usage: cases replay FILE OUT, or cases compare FILE ANSWERS".to_owned()),
    };
    match done {
        Ok(true) => ExitCode::SUCCESS,
        Ok(false) => ExitCode::FAILURE,
        Err(error) => {
            eprintln!("cases: {error}");
            ExitCode::FAILURE
        }
    }
}

async fn replayed(file: &str, out: &str) -> Result<(), String> {
    let cases = read(file)?;
    let answers = replay(&F6::start().await, &cases).await?;
    // A case a line, so that two files of answers can be laid side by side.
    let lines: Vec<String> = answers.iter().map(Value::to_string).collect();
    std::fs::write(out, format!("[\n{}\n]\n", lines.join(",\n"))).map_err(|error| format!("{out}: {error}"))
}

#[expect(clippy::print_stdout, reason = "what a comparison is for")]
fn compared(file: &str, answers: &str) -> Result<bool, String> {
    let answers: Vec<Value> = serde_json::from_str(&read(answers)?)
        .map_err(|error| format!("{answers} holds no answers: {error}"))?;
    let comparison = compare(&read(file)?, &answers)?;
    println!("{comparison}");
    Ok(comparison.failed.is_empty())
}

fn read(file: &str) -> Result<String, String> {
    std::fs::read_to_string(file).map_err(|error| format!("{file}: {error}"))
}
