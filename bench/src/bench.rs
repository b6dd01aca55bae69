//! What every section is given: where to measure, what with, and for how long.

use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use read_model::catalogue::Catalogue;

use crate::cluster::{Cluster, Database};
use crate::failure::Failure;
use crate::population::Population;
use crate::report::Report;
use crate::store;

/// One run.
pub(crate) struct Bench {
    pub(crate) cluster: Cluster,
    pub(crate) catalogue: Arc<Catalogue>,
    pub(crate) pace: Pace,
    pub(crate) report: Report,
    /// Where servers write their logs, and the report goes.
    pub(crate) folder: PathBuf,
}

/// How long a run takes.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Pace {
    /// How often each figure is measured; the median counts.
    pub(crate) rounds: usize,
    /// How long each measurement of a rate takes.
    pub(crate) time: Duration,
    /// Whether a trend is enough.
    pub(crate) quick: bool,
}

impl Pace {
    /// For figures to stand by.
    pub(crate) const THOROUGH: Self = Self { rounds: 5, time: Duration::from_secs(3), quick: false };

    /// For a trend, while something is being made faster.
    pub(crate) const QUICK: Self = Self { rounds: 3, time: Duration::from_secs(1), quick: true };
}

impl Bench {
    /// A copy of a store that holds this population, for one section to change.
    pub(crate) async fn copy(&self, population: Population, name: &str) -> Result<Database, Failure> {
        let template = store::filled(&self.cluster, &self.catalogue, population).await?;
        self.cluster.copy(&template, name).await
    }
}
