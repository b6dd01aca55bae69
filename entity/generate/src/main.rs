//! SeaORM's own command line, at the version that `Cargo.lock` names: no tool has to be installed.

#[tokio::main]
async fn main() {
    sea_orm_cli::main().await;
}
