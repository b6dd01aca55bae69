//! `docs/errors.md` explains every code that there is, in order, and none that there is not.

use write_api::graphql;
use write_api::outcome::FindingCode;

const PAGE: &str = include_str!("../../docs/errors.md");

#[test]
fn every_code_is_explained_and_every_explained_code_exists() {
    assert_eq!(documented("Findings"), FindingCode::ALL.map(FindingCode::name));
    assert_eq!(documented("Errors of both servers"), door::Code::ALL.map(door::Code::as_str));
    assert_eq!(documented("Errors of the write API"), graphql::CODES);
}

#[test]
fn every_code_has_an_example_and_a_remedy() {
    for row in PAGE.lines().filter(|line| line.starts_with("| `")) {
        let cells: Vec<_> = row.trim_matches('|').split(" | ").map(str::trim).collect();
        assert!(cells.len() == 3 && cells.iter().all(|cell| cell.len() > 5), "{row}");
    }
}

/// The codes in the table under this heading.
fn documented(heading: &str) -> Vec<&'static str> {
    let (_, section) = PAGE.split_once(&format!("## {heading}\n")).expect("the heading is there");
    let section = section.split("\n## ").next().unwrap_or_default();
    let codes = section.lines().filter_map(|line| line.strip_prefix("| `")?.split('`').next());
    codes.collect()
}
