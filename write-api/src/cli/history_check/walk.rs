//! One way through the log: what is loaded next while what was loaded last is compared, in bounded memory.

use std::sync::Arc;

use indicatif::ProgressBar;
use read_model::catalogue::Catalogue;
use read_model::event::Position;
use read_model::fold::{Reading, Rereading};
use read_model::history::History;
use read_model::reader::{EventReader, ReadError};
use tokio::sync::mpsc;

use super::portion::{Portion, portions};
use super::tally::{Tally, Told};

/// How many events are looked through at once for objects that are met for the first time.
const PAGE: i64 = 5_000;

/// How many objects are compared in one go: enough that queries are few, and few enough to be held twice.
const BATCH: usize = 500;

/// What is compared.
#[derive(Clone, Debug)]
pub(super) struct Catalogues {
    /// The catalogue in use; none where none is known.
    pub(super) before: Option<Arc<Catalogue>>,
    /// The new one.
    pub(super) after: Arc<Catalogue>,
}

/// A portion of the log, with all that bears on it.
struct Loaded {
    portion: Portion,
    history: History,
}

/// Compares every object and judges every event up to a position.
pub(super) async fn walk(
    reader: &EventReader,
    catalogues: &Catalogues,
    told: Told,
    up_to: Position,
    progress: &ProgressBar,
) -> Result<Tally, ReadError> {
    let (loaded, received) = mpsc::channel(1);
    let comparing = {
        let catalogues = catalogues.clone();
        tokio::task::spawn_blocking(move || compare_all(&catalogues, received, told, up_to))
    };
    let loading = load_all(reader, catalogues, up_to, &loaded, progress).await;
    drop(loaded);
    let tally = comparing.await;
    loading?;
    tally.map_err(|failed| ReadError::Database(sqlx::Error::Io(std::io::Error::other(failed))))
}

async fn load_all(
    reader: &EventReader,
    catalogues: &Catalogues,
    up_to: Position,
    loaded: &mpsc::Sender<Loaded>,
    progress: &ProgressBar,
) -> Result<(), ReadError> {
    let both: Vec<&Catalogue> =
        catalogues.before.iter().chain([&catalogues.after]).map(Arc::as_ref).collect();
    let mut position = Position::START;
    while position < up_to {
        let next = position.plus(PAGE).min(up_to);
        for objects in reader.first_named(position, next).await?.chunks(BATCH) {
            let mut history = History::of(objects.iter().copied());
            reader.complete(&mut history, &both, up_to).await?;
            for portion in portions(&history, objects) {
                let mut history = history.clone();
                history.fold_also(portion.neighbours.iter().copied());
                reader.complete(&mut history, &both, up_to).await?;
                // Whoever receives is gone only after a panic, which is told when it is waited for.
                let _ = loaded.send(Loaded { portion, history }).await;
            }
        }
        position = next;
        progress.set_position(position.get().unsigned_abs());
    }
    Ok(())
}

fn compare_all(
    catalogues: &Catalogues,
    mut received: mpsc::Receiver<Loaded>,
    told: Told,
    up_to: Position,
) -> Tally {
    let mut tally = Tally::new(told, up_to);
    let rereading = catalogues.before.as_ref().map(|before| Rereading::new(before, &catalogues.after));
    while let Some(loaded) = received.blocking_recv() {
        compare(catalogues, rereading.as_ref(), &loaded, up_to, &mut tally);
    }
    tally
}

/// Reads a portion with both catalogues at the same time, and takes down what differs.
fn compare(
    catalogues: &Catalogues,
    rereading: Option<&Rereading>,
    Loaded { portion, history }: &Loaded,
    up_to: Position,
    tally: &mut Tally,
) {
    let (before, after) = std::thread::scope(|scope| {
        let before =
            catalogues.before.as_ref().map(|before| scope.spawn(|| Reading::of(before, history, up_to)));
        let after = Reading::of(&catalogues.after, history, up_to);
        let joined =
            before.map(|before| before.join().unwrap_or_else(|panic| std::panic::resume_unwind(panic)));
        (joined, after)
    });
    for event in history.events().iter().filter(|event| portion.judged.contains(&event.position)) {
        tally.judge(&catalogues.after, event, before.as_ref(), &after);
    }
    for object in &portion.compared {
        let both = rereading.zip(before.as_ref());
        let shifts = both.map(|(rereading, before)| rereading.shifts(before, &after, *object));
        tally.compare(*object, &shifts.unwrap_or_default());
    }
}
