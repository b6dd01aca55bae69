//! What the unit tests of this crate share.

pub(crate) mod data;
pub(crate) mod formats;

use std::sync::Arc;

use read_model::catalogue::Catalogue;

/// The config as it is shipped.
pub(crate) const SHIPPED: &str = include_str!("../../write_config.yaml");

/// The catalogue as it is shipped.
pub(crate) fn shipped() -> Arc<Catalogue> {
    Arc::new(Catalogue::compile("write_config.yaml", SHIPPED).expect("the shipped config is right"))
}
