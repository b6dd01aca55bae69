//! Real cases, replayed: what a register was told, and what is then asked of it.
//!
//! The files of `tests/cases/` are replayed against both real servers, and what these answer is written down.
//! Nothing here reads what a case expects, but for [`compare`], which is another step.

mod compare;
mod file;
mod period;
mod residence;
mod two_axis;

use std::path::Path;

use serde_json::Value;
use uuid::Uuid;

pub use compare::{Comparison, compare};
use file::Cases;

use crate::f6::F6;
use crate::history::History;
use crate::workspace::run;

/// What the ids of all cases are made from.
const NAMESPACE: Uuid = Uuid::from_u128(0xf6ca_5e50_0000_5000_8000_0000_0000_0000);

/// The date of which nothing is known.
const UNKNOWN: &str = "0000-00-00";

/// Takes in what the cases of a file tell, asks what they ask, and gives the answers in the order of the cases.
///
/// # Errors
/// What is wrong with the file, or which of its lines the import refused.
pub async fn replay(f6: &F6, file: &str) -> Result<Vec<Value>, String> {
    let cases: Cases = serde_json::from_str(file).map_err(|error| format!("these are no cases: {error}"))?;
    match cases {
        Cases::Residence(cases) => residence::replay(f6, &cases).await,
        Cases::TwoAxis(cases) => two_axis::replay(f6, &cases).await,
    }
}

/// Takes in a history; a line that is refused would give other answers, so it is an error.
fn import(f6: &F6, history: &History) -> Result<(), String> {
    let (file, report) = (f6.file("cases.ndjson"), f6.file("refused.ndjson"));
    history.write(&file);
    run(&mut f6.write_api([Path::new("import"), &file, Path::new("--report"), &report]));
    let refused =
        std::fs::read_to_string(&report).map_err(|error| format!("no report of the import: {error}"))?;
    if refused.is_empty() { Ok(()) } else { Err(format!("the import refused:\n{refused}")) }
}
