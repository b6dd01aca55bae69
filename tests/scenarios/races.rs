//! No lost race: of facts that contradict each other, one is validated, whoever sends them, wherever, at once.

use std::collections::BTreeMap;

use futures::future::join_all;
use serde_json::{Value, json};
use tests::{Command, F6, Finding, History, Principal, Setup, bsn, new_id};
use uuid::Uuid;

use crate::family::{adult, birth, death, marriage, move_to};

/// One client's command, and the set of contradictory facts that it belongs to.
struct Contender<'a> {
    set: usize,
    claim: Uuid,
    command: Command<'a>,
}

/// A contender's claim, and what became of it.
type Decided = (Uuid, Result<(), Finding>);

/// A fact that somebody wants to register.
type Fact = (&'static str, Value);

#[tokio::test]
async fn of_each_set_of_contradictory_facts_exactly_one_is_validated() {
    const ROUNDS: usize = 3;
    // Given two write servers on one database, slowed down where a race would be lost
    let setup = Setup::default().write_servers(2);
    let setup = setup
        .write_env("F6_INJECT_DELAY_BEFORE_COMMIT_MS", "15")
        .write_env("F6_INJECT_DELAY_AFTER_COMMIT_MS", "5");
    let f6 = setup.start().await;
    let mut history = History::beginning("2000-01-01T09:00:00Z");
    let rounds: [_; ROUNDS] = std::array::from_fn(|round| contradictory_sets(round, &mut history));
    f6.import(&history);
    let ambtenaar = f6.ambtenaar();
    for sets in rounds {
        // Given 64 facts in sets that contradict each other, half of them claimed before
        let contenders = claimed_or_not(&ambtenaar, sets).await;
        assert_eq!(contenders.len(), 64);

        // When 64 clients at once want theirs validated, each with a fact of its own beside it
        let decided = join_all(contenders.into_iter().enumerate().map(|(client, contender)| {
            let own = ambtenaar
                .through(client % 2)
                .claim("Geboorte", birth(new_id(), "2026-01-01", "Dirk"))
                .validated();
            async move {
                let decided = contender.command.await.decided();
                own.await.accepted();
                (contender.set, contender.claim, decided.map(|_| ()))
            }
        }))
        .await;

        // Then one of each set is validated, and every other is refused, naming that one
        let mut sets: BTreeMap<usize, Vec<Decided>> = BTreeMap::new();
        for (set, claim, decided) in decided {
            sets.entry(set).or_default().push((claim, decided));
        }
        for contenders in sets.values() {
            one_wins(&f6, contenders).await;
        }
    }
    positions_and_moments_are_in_commit_order(&f6).await;
}

async fn one_wins(f6: &F6, contenders: &[Decided]) {
    let winners: Vec<Uuid> =
        contenders.iter().filter(|(_, decided)| decided.is_ok()).map(|(claim, _)| *claim).collect();
    assert_eq!(winners.len(), 1, "exactly one of {contenders:#?}");
    assert_eq!(f6.status(winners[0]).await, "VALIDATED");
    for (_, decided) in contenders {
        if let Err(refusal) = decided {
            assert!(refusal.because.contains(&winners[0]), "{refusal:#?} names {}", winners[0]);
        }
    }
}

async fn positions_and_moments_are_in_commit_order(f6: &F6) {
    let gapless = "SELECT min(position) = 1 AND max(position) = count(*) FROM event";
    assert!(f6.database.value::<bool>(gapless).await, "positions have no holes");
    let rising = "SELECT bool_and(created_at > before) FROM
        (SELECT created_at, lag(created_at) OVER (ORDER BY position) AS before FROM event) AS event WHERE before IS NOT NULL";
    assert!(f6.database.value::<bool>(rising).await, "created_at rises with position");
}

/// The even sets are claimed first, and race for the validation; the odd ones race in one step.
async fn claimed_or_not<'a>(ambtenaar: &Principal<'a>, sets: Vec<Vec<Fact>>) -> Vec<Contender<'a>> {
    let facts =
        sets.into_iter().enumerate().flat_map(|(set, facts)| facts.into_iter().map(move |fact| (set, fact)));
    join_all(facts.enumerate().map(|(client, (set, (event_type, data)))| {
        let (ambtenaar, claim) = (ambtenaar.through(client % 2), new_id());
        let mut command = ambtenaar.claim(event_type, data.clone()).id(claim);
        if data.get("datum").is_none() {
            command = command.with("occurredAt", json!("2026-01-07T10:00:00Z"));
        }
        async move {
            if set % 2 == 1 {
                return Contender { set, claim, command: command.validated() };
            }
            command.await.accepted();
            Contender { set, claim, command: ambtenaar.validate(claim) }
        }
    }))
    .await
}

/// 20 sets: 4 of four deaths, 4 of four marriages, 4 of one BSN for four, 8 of a death and a move after it.
fn contradictory_sets(round: usize, history: &mut History) -> Vec<Vec<Fact>> {
    let mut sets = Vec::new();
    for number in 0..4 {
        let dying = adult(history);
        let dates = ["2025-05-01", "2025-04-01", "2025-06-01", "2025-03-01"];
        sets.push(dates.map(|date| ("Overlijden", death(dying, date))).into());

        let [a, b, c] = std::array::from_fn(|_| adult(history));
        let couples =
            [(a, b, "2020-02-02"), (b, c, "2019-02-02"), (c, a, "2021-02-02"), (b, a, "2018-02-02")];
        sets.push(couples.map(|(one, other, date)| ("Huwelijk", marriage(one, other, date))).into());

        let number = bsn(u32::try_from(round * 4 + number).expect("a small number"));
        let persons: [Uuid; 4] = std::array::from_fn(|_| adult(history));
        sets.push(
            persons.map(|persoon| ("BsnToegekend", json!({ "persoon": persoon, "bsn": number }))).into(),
        );
    }
    for _ in 0..8 {
        let leaving = adult(history);
        let moved = move_to(leaving, new_id(), "2025-06-01");
        sets.push(vec![("Overlijden", death(leaving, "2025-05-01")), ("Verhuizing", moved)]);
    }
    sets
}
