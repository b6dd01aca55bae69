//! The whole policy: what the catalogue lets callers do, and what the query config lets them see.

use std::sync::Arc;

use read_model::catalogue::{Catalogue, Problems};

use crate::acts::Acts;
use crate::reads::Reads;

/// Who may do what, and see what.
#[derive(Debug)]
pub struct Policy {
    catalogue: Arc<Catalogue>,
    reads: Reads,
}

impl Policy {
    /// The policy of a catalogue and of the text of a `query_config.yaml`, which `file` names in messages.
    ///
    /// # Errors
    /// Every mistake in who may read.
    pub fn compile(catalogue: Arc<Catalogue>, file: &str, source: &str) -> Result<Self, Problems> {
        let reads = Reads::compile(file, source, &catalogue)?;
        Ok(Self { catalogue, reads })
    }

    /// What callers may do.
    #[must_use]
    pub fn acts(&self) -> Acts<'_> {
        Acts::of(&self.catalogue)
    }

    /// What callers may see.
    #[must_use]
    pub const fn reads(&self) -> &Reads {
        &self.reads
    }
}
