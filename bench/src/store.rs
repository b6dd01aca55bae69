//! Stores filled with a population: made once, and kept in the cluster for the runs to come.

use std::sync::Arc;

use read_model::catalogue::Catalogue;
use read_model::pool::Pool;
use read_model::reader::point_lookups;
use sha2::{Digest, Sha256};
use sqlx::Executor;
use sqlx::postgres::PgPoolOptions;
use write_api::append::{Engine, Stamped};

use crate::cluster::{Cluster, Database, Role};
use crate::failure::{Failure, root};
use crate::population::Population;

/// How many events a fill commits at once.
const A_COMMIT: usize = 1_000;

/// The name of the database that holds this population; filled now, where no run before did so.
pub(crate) async fn filled(
    cluster: &Cluster,
    catalogue: &Arc<Catalogue>,
    population: Population,
) -> Result<String, Failure> {
    let Population { persons, addresses, moves } = population;
    let name = format!("f6_bench_{persons}_{addresses}_{moves}_{}", key(catalogue)?);
    if !cluster.has(&name).await? {
        let unfinished = format!("{name}_unfinished");
        let database = cluster.migrated(&unfinished).await?;
        fill(&database, catalogue, population).await?;
        cluster.rename(&unfinished, &name).await?;
    }
    Ok(name)
}

/// A filled store is of use as long as what filled it is the same.
fn key(catalogue: &Catalogue) -> Result<String, Failure> {
    let mut hash = Sha256::new();
    hash.update(&*catalogue.hash);
    hash.update(include_str!("population.rs"));
    let mut migrations: Vec<_> =
        std::fs::read_dir(root().join("migration/sql"))?.collect::<Result<_, _>>()?;
    migrations.sort_by_key(std::fs::DirEntry::file_name);
    for migration in migrations {
        hash.update(std::fs::read(migration.path().join("up.sql"))?);
    }
    Ok(hash.finalize().iter().take(6).map(|byte| format!("{byte:02x}")).collect())
}

/// By the way of every import: each event is decided, and inserted by the one `INSERT`.
async fn fill(
    database: &Database,
    catalogue: &Arc<Catalogue>,
    population: Population,
) -> Result<(), Failure> {
    let started = std::time::Instant::now();
    let pool = pool(database, Role::Migration).await?;
    let objects = (population.persons + population.addresses) as usize;
    let mut engine = Engine::connect(pool.clone(), Arc::clone(catalogue), objects).await?;
    let total = population.events();
    let mut history = population.history();
    let mut stored = 0;
    loop {
        let batch: Vec<Stamped> = history.by_ref().take(A_COMMIT).collect();
        if batch.is_empty() {
            break;
        }
        for outcome in engine.process_stamped(&batch).await {
            let outcome = outcome?;
            if let Some(refusal) = outcome.refusals.first() {
                return Err(format!("the population is refused: {}", refusal.message).into());
            }
            stored += outcome.events.len();
        }
        if stored % 50_000 < A_COMMIT {
            eprintln!("filling: {stored} of {total} events in {:.0} s", started.elapsed().as_secs_f64());
        }
    }
    // It keeps a connection, for which closing the pool would wait.
    drop(engine);
    pool.lend().await?.execute("VACUUM ANALYZE").await?;
    pool.close().await;
    Ok(())
}

/// A pool of a few connections, with the servers' own settings of the planner.
pub(crate) async fn pool(database: &Database, role: Role) -> Result<Pool, Failure> {
    let options = point_lookups(database.options(role));
    let pool = PgPoolOptions::new().max_connections(4).test_before_acquire(false);
    Ok(Pool::from(pool.connect_with(options).await?))
}
