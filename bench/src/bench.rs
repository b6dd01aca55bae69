//! What every section is given: where to measure, what with, and for how long.

use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use read_model::catalogue::Catalogue;

use crate::cluster::{Cluster, Database};
use crate::failure::Failure;
use crate::population::Population;
use crate::report::Report;
use crate::server::Server;
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

    /// The small store and the large one, in events: what is compared across sizes.
    pub(crate) const fn sizes(self) -> [u32; 2] {
        [10_000, if self.quick { 100_000 } else { 1_000_000 }]
    }
}

impl Bench {
    /// A store that holds this population, to be read only.
    pub(crate) async fn filled(&self, population: Population) -> Result<Database, Failure> {
        let name = store::filled(&self.cluster, &self.catalogue, population).await?;
        Ok(self.cluster.database(&name))
    }

    /// A copy of a store that holds this population, for one section to change.
    pub(crate) async fn copy(&self, population: Population, name: &str) -> Result<Database, Failure> {
        let template = store::filled(&self.cluster, &self.catalogue, population).await?;
        self.cluster.copy(&template, name).await
    }

    /// A server on this database, with these settings beside the shipped ones.
    pub(crate) async fn serve(
        &self,
        program: &str,
        database: &Database,
        settings: &[(&str, &str)],
    ) -> Result<Server, Failure> {
        Server::start(program, database, &self.folder.join(&database.name), settings).await
    }
}
