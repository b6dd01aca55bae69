//! What the tests of the catalogue share.

use super::Catalogue;

/// The shipped config with other words at the only place where these stand; or what is wrong with it.
pub(super) fn shipped_with(written: &str, instead: &str) -> Result<Catalogue, String> {
    let source = include_str!("../../../write_config.yaml");
    assert_eq!(source.matches(written).count(), 1, "`{written}` stands in the shipped config once");
    let changed = source.replace(written, instead);
    Catalogue::compile("write_config.yaml", &changed).map_err(|problems| problems.to_string())
}
