//! `docs/errors.md` explains every code of this API, in order, and none that there is not.

use query_api::Code;

const PAGE: &str = include_str!("../../docs/errors.md");

#[test]
fn every_code_is_explained_and_every_explained_code_exists() {
    let (_, section) = PAGE.split_once("## Errors of the query API\n").expect("the heading is there");
    let codes = section.lines().filter_map(|line| line.strip_prefix("| `")?.split('`').next());
    assert_eq!(codes.collect::<Vec<_>>(), Code::ALL.map(Code::as_str));
}
