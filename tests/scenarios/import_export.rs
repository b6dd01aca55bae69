//! Taking events in, and giving them out, as they stand.

use std::path::Path;
use std::process::Stdio;
use std::time::{Duration, Instant};

use serde_json::{Value, json};
use tests::{F6, History, new_id, run};
use uuid::Uuid;

use crate::family::{Family, adult, birth, death, issue_bsn, marriage, move_to};

const DETAILS: &str = "
    basis { id position knownAt asOf minTrust catalogue } naam { voornamen } bsn geboortedatum { text }
    partner { naam { voornamen } } verblijfplaats { adres { straat } } overlijdensdatum { text }";

#[tokio::test]
async fn an_import_reports_per_line_what_it_refused_and_takes_in_the_rest() {
    // Given a file of which some lines are wrong, each in its own way
    let f6 = F6::start().await;
    let mut history = History::beginning("2020-01-01T09:00:00Z");
    let (dirk, emma) = (new_id(), new_id());
    history.fact("Geboorte", birth(dirk, "2010-01-01", "Dirk")); // lines 1 and 2
    history.fact("Geboorte", birth(dirk, "2010-02-02", "Dirk")); // line 3: born twice, so 4 validates what is not there
    history.fact("Geboorte", birth(emma, "2010-01-01", "Emma")); // lines 5 and 6
    history.claim("Geboorte", birth(new_id(), "2010-02-02", "Gijs")); // line 7: no such date
    history.lines()[6]["event_data"]["datum"] = json!("2010-02-30");
    history.claim("Geboorte", birth(new_id(), "2012-01-01", "Finn")); // line 8: of an unknown type
    history.lines()[7]["event_type"] = json!("Wedergeboorte");
    history.lines().push(json!("not an event")); // line 9

    // When it is imported
    let report = import(&f6, &history);

    // Then the report names each refused line with its reason, and the rest is in
    let reasons: Vec<(u64, &str)> = report.iter().map(|line| (number(line), code(line))).collect();
    let expected = [
        (3, "RULE"),
        (4, "UNKNOWN_EVENT"),
        (7, "INVALID_DATA"),
        (8, "UNKNOWN_EVENT_TYPE"),
        (9, "INVALID_DATA"),
    ];
    assert_eq!(reasons, expected, "{report:#?}");
    assert_eq!(report[0]["rule"], "not-born-twice");
    assert!(report[2]["message"].as_str().is_some_and(|message| message.contains("2010-02-30")));
    assert_eq!(f6.database.events().await, 4);
    for (persoon, name) in [(dirk, "Dirk"), (emma, "Emma")] {
        assert_eq!(
            f6.persoon(persoon).ask("naam { voornamen }").await,
            json!({ "naam": { "voornamen": name } })
        );
    }
}

#[tokio::test]
async fn an_import_does_not_write_before_what_stands_nor_into_the_future() {
    // Given a store whose last event was registered in 2020
    let f6 = F6::start().await;
    let mut history = History::beginning("2020-01-01T09:00:00Z");
    adult(&mut history);
    f6.import(&history);

    // Then neither an event of 2019 nor one of 2999 is taken in
    for registered in ["2019-01-01T09:00:00Z", "2999-01-01T09:00:00Z"] {
        let mut other = History::beginning(registered);
        other.claim("Geboorte", birth(new_id(), "1980-01-01", "Chris"));
        let report = import(&f6, &other);
        assert_eq!((report.len(), code(&report[0])), (1, "INVALID_MOMENT"), "{report:#?}");
        assert_eq!(f6.database.events().await, 2);
    }
}

#[tokio::test]
async fn events_registered_at_one_moment_get_a_microsecond_each() {
    let f6 = F6::start().await;
    let mut history = History::beginning("2020-01-01T09:00:00Z");
    let persoon = adult(&mut history);
    for line in history.lines() {
        line["created_at"] = json!("2020-01-01T09:00:00.000000Z");
    }
    f6.import(&history);
    let last = "SELECT created_at = '2020-01-01T09:00:00.000001Z' FROM event ORDER BY position DESC LIMIT 1";
    assert!(f6.database.value::<bool>(last).await);
    assert_ne!(f6.persoon(persoon).ask("bsn").await, Value::Null);
}

#[tokio::test]
async fn an_import_that_was_killed_goes_on_without_doubling() {
    // Given an import that is killed in the middle
    let f6 = F6::start().await;
    let mut history = History::beginning("2020-01-01T09:00:00Z");
    for _ in 0..1_000 {
        adult(&mut history);
    }
    let file = f6.file("long.ndjson.gz");
    history.write(&file);
    let mut import = f6.write_api([Path::new("import"), &file]);
    let mut import = import.stdout(Stdio::null()).stderr(Stdio::null()).spawn().expect("the import starts");
    let started = Instant::now();
    while f6.database.events().await == 0 {
        assert!(started.elapsed() < Duration::from_secs(60), "the import writes nothing");
        tokio::time::sleep(Duration::from_millis(1)).await;
    }
    import.kill().expect("the import can be killed");
    import.wait().expect("a killed import ends");
    assert!(f6.database.events().await < 2_000, "the import was killed in the middle");

    // When it is started again, and once more after it is done
    for _ in 0..2 {
        run(&mut f6.write_api([Path::new("import"), &file]));
        // Then every event is there once
        assert_eq!(f6.database.events().await, 2_000);
    }
}

#[tokio::test]
async fn an_export_imported_elsewhere_gives_the_same_answers() {
    // Given an F6 with a history of claims, corrections and commands of today
    let f6 = F6::start().await;
    let persons = a_rich_history(&f6).await;

    // When it is exported, and imported into an empty F6
    let other = F6::start().await;
    let file = f6.file("export.ndjson.gz");
    run(&mut f6.write_api([Path::new("export"), &file]));
    run(&mut other.write_api([Path::new("import"), &file]));

    // Then both export the same, and both give the same answers on the same basis
    let plain = |f6: &F6| run(&mut f6.write_api(["export"])).stdout;
    assert!(plain(&f6) == plain(&other), "the exports differ");
    for persoon in persons {
        for known_at in ["2016-01-01", "2021-01-01", "9999-12-31"] {
            for as_of in ["1999-01-01", "2015-06-01", "2026-01-01"] {
                let [here, there] =
                    [&f6, &other].map(|f6| f6.persoon(persoon).as_of(as_of).known_at(known_at).claimed());
                assert_eq!(here.ask(DETAILS).await, there.ask(DETAILS).await);
            }
        }
    }
}

async fn a_rich_history(f6: &F6) -> [Uuid; 3] {
    let mut history = History::beginning("2015-01-01T09:00:00Z");
    let family = Family::registered(&mut history);
    let kind = new_id();
    let geboorte = history.fact("Geboorte", birth(kind, "2014-00-00", "Dirk"));
    let huwelijk = history.fact("Huwelijk", marriage(family.moeder, family.vader, "2013-03-03"));
    history.at("2020-01-01T09:00:00Z").amend(geboorte, birth(kind, "2014-04-04", "Derk"));
    let annulment = history.annul(huwelijk);
    history.annul(annulment);
    history.claim("Overlijden", death(family.vader, "2019-09-09"));
    history.claim_version(
        "Geboorte",
        "1",
        json!({ "kind": new_id(), "datum": "2019-01-01", "geslachtsnaam": "Jansen" }),
    );
    f6.import(&history);
    let ambtenaar = f6.ambtenaar();
    issue_bsn(&ambtenaar, kind, 1).validated().await.accepted();
    ambtenaar.claim("Verhuizing", move_to(kind, family.adres, "2026-01-01")).await.accepted();
    [family.moeder, family.vader, kind]
}

/// Imports what may be refused in part; the lines of the report.
fn import(f6: &F6, history: &History) -> Vec<Value> {
    let (file, report) = (f6.file("partly.ndjson"), f6.file("report.ndjson"));
    history.write(&file);
    let arguments = [Path::new("import"), &file, Path::new("--report"), &report];
    f6.write_api(arguments).output().expect("the import runs");
    let report = std::fs::read_to_string(report).expect("a report");
    report.lines().map(|line| serde_json::from_str(line).expect("a line of the report is JSON")).collect()
}

fn number(line: &Value) -> u64 {
    line["line"].as_u64().expect("a line of the report says of which line")
}

fn code(line: &Value) -> &str {
    line["code"].as_str().expect("a line of the report says why")
}
