//! What the unit tests of this crate share.

use std::sync::Arc;

use read_model::catalogue::Catalogue;

/// The catalogue as it is shipped.
pub(crate) fn shipped() -> Arc<Catalogue> {
    let source = include_str!("../../write_config.yaml");
    Arc::new(Catalogue::compile("write_config.yaml", source).expect("the shipped config is right"))
}
