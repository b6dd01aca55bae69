//! A new config, held against the events that are there before it is used.

use std::process::Output;

use serde_json::json;
use tests::{F6, History, Role, new_id, run};

use crate::family::{Family, adult, birth, death, marriage};

/// The rule of the shipped config that scenarios make stricter, or laxer.
const NOT_BORN_TWICE: &str = "check: kind.geboortedatum == null\n";

#[tokio::test]
async fn the_config_in_use_changes_nothing_and_neither_does_a_comment() {
    // Given a store with a history
    let f6 = F6::start().await;
    let mut history = History::beginning("2020-01-01T09:00:00Z");
    Family::registered(&mut history);
    f6.import(&history);

    // When the config in use is checked against it, and the same one with a comment
    let same = check(&f6, "same.yaml", |config| config.to_owned());
    let commented = check(&f6, "commented.yaml", |config| format!("# Looked at in 2026.\n{config}"));

    // Then nothing changes
    for output in [same, commented] {
        let told = text(&output);
        assert!(output.status.success(), "{told}");
        assert!(last_line(&told).ends_with("6 events, 3 objects: nothing changes"), "{told}");
    }
}

#[tokio::test]
async fn a_version_that_is_removed_leaves_events_that_cannot_be_read() {
    // Given two births in version 1, one of them not validated, and one in version 2
    let f6 = F6::start().await;
    let mut history = History::beginning("2020-01-01T09:00:00Z");
    adult(&mut history);
    let old = json!({ "kind": new_id(), "datum": "1990-01-01", "geslachtsnaam": "Jansen" });
    let validated = history.claim_version("Geboorte", "1", old);
    history.validate(validated);
    let other = json!({ "kind": new_id(), "datum": "1991-01-01", "geslachtsnaam": "Jansen" });
    let open = history.claim_version("Geboorte", "1", other);
    f6.import(&history);

    // When a config is checked that no longer knows version 1
    let output = check(&f6, "new.yaml", without_version_1);

    // Then both are listed, and the check fails
    let told = text(&output);
    assert_eq!(output.status.code(), Some(1), "{told}");
    assert!(told.contains("cannot be read: 2 events"), "{told}");
    assert!(told.contains("Geboorte, version 1: event type Geboorte has no version 1: 2 events"), "{told}");
    assert!(told.contains(&format!("event {validated} at position 3")), "{told}");
    assert!(told.contains(&format!("event {open} at position 5")), "{told}");
    // And so is the person of whom nothing would be left
    assert!(told.contains("Persoon.geboortedatum: 1 object"), "{told}");
    assert!(last_line(&told).contains("2 events cannot be read"), "{told}");
}

#[tokio::test]
async fn an_event_type_that_is_removed_and_an_upcast_that_fails_are_told() {
    // Given a death, and a birth in version 1
    let f6 = F6::start().await;
    let mut history = History::beginning("2020-01-01T09:00:00Z");
    let old = json!({ "kind": new_id(), "datum": "1990-01-01", "geslachtsnaam": "Jansen" });
    let born = history.claim_version("Geboorte", "1", old);
    history.validate(born);
    let persoon = adult(&mut history);
    history.fact("Overlijden", death(persoon, "2019-09-09"));
    f6.import(&history);

    // When a config is checked that knows no deaths, and reads old births by an expression that fails on this one
    let output = check(&f6, "new.yaml", |config| {
        let (before, rest) = config.split_once("\n  Overlijden:\n").expect("deaths");
        let end = rest.find("\n\n").expect("the end of deaths");
        let without = format!("{before}{}", &rest[end..]);
        replace(&without, "\"voornamen\": data.voornamen,", "\"voornamen\": data.voornamen + \"\",")
    });

    // Then both are told, each for its own reason
    let told = text(&output);
    assert_eq!(output.status.code(), Some(1), "{told}");
    assert!(told.contains("Overlijden, version 1: there is no event type Overlijden: 1 event\n"), "{told}");
    assert!(told.contains("Geboorte, version 1: the upcast"), "{told}");
    assert!(told.contains("cannot be computed: 1 event\n"), "{told}");
    assert!(told.contains("Persoon.overlijdensdatum: 1 object\n"), "{told}");
}

#[tokio::test]
async fn a_stricter_rule_lists_the_events_that_it_contests() {
    // Given three births, of which two after 1985
    let f6 = F6::start().await;
    let mut history = History::beginning("2020-01-01T09:00:00Z");
    let family = Family::registered(&mut history);
    adult(&mut history);
    f6.import(&history);

    // When a config is checked by which nobody is born after 1985
    let output = check(&f6, "new.yaml", |config| {
        replace(config, NOT_BORN_TWICE, "check: kind.geboortedatum == null && beginning < \"1985-01-01\"\n")
    });

    // Then these two are listed under the rule, with its message; the config may be used all the same
    let told = text(&output);
    assert!(output.status.success(), "{told}");
    assert!(told.contains("would be contested, and are not now: 2 events"), "{told}");
    let rule = "Geboorte, rule not-born-twice: this person already has a birth (article 1:19 BW, one deed of birth): 2 events";
    assert!(told.contains(rule), "{told}");
    assert!(told.contains("at position 3\n") && told.contains("at position 5\n"), "{told}");
    assert!(last_line(&told).contains("2 would be contested, 0 no longer"), "{told}");
    // And nobody is shown otherwise: what is contested counts
    assert!(!told.contains(&family.moeder.to_string()), "{told}");
}

#[tokio::test]
async fn what_is_contested_now_and_would_not_be_is_listed_too() {
    // Given a marriage that a death registered later contests
    let f6 = F6::start().await;
    let mut history = History::beginning("2020-01-01T09:00:00Z");
    let family = Family::registered(&mut history);
    let married = history.fact("Huwelijk", marriage(family.moeder, family.vader, "2018-02-02"));
    f6.import(&history);
    let died = f6.ambtenaar().claim("Overlijden", death(family.moeder, "2017-09-09"));
    died.despite([married]).validated().await.accepted();
    assert_eq!(f6.status(married).await, "CONTESTED");

    // When a config is checked without the rule that both are alive
    let output = check(&f6, "new.yaml", |config| {
        let rule = "      - name: both-are-alive\n        check: >-\n          [partner1, partner2]";
        assert!(config.contains(rule), "the rule of the shipped config");
        let warns = rule.replace("both-are-alive\n", "both-are-alive\n        severity: warn\n");
        config.replacen(rule, &warns, 1)
    });

    // Then the marriage is listed, with its rule and the event that it clashes with
    let told = text(&output);
    assert!(output.status.success(), "{told}");
    assert!(told.contains("would no longer be contested: 1 event"), "{told}");
    assert!(told.contains("Huwelijk, rule both-are-alive"), "{told}");
    assert!(told.contains(&format!("event {married} at position 7, beside event")), "{told}");
    assert!(last_line(&told).contains("0 would be contested, 1 no longer"), "{told}");
}

#[tokio::test]
async fn an_effect_and_a_derived_field_that_change_list_the_objects_and_fields() {
    // Given a person born in 1980, and one of whom only the year of birth is known
    let f6 = F6::start().await;
    let mut history = History::beginning("2020-01-01T09:00:00Z");
    let persoon = adult(&mut history);
    let other = new_id();
    history.fact("Geboorte", birth(other, "1970-00-00", "Emma"));
    f6.import(&history);

    // When a config is checked that gives everybody a country of birth, and that counts ages otherwise from 60 on
    let changed = |config: &str| {
        let config = replace(
            config,
            "        geboorteland: data.land\n",
            "        geboorteland: 'data.land == null ? \"6030\" : data.land'\n",
        );
        replace(
            &config,
            "value: curatele != null && curatele.fase == \"Begin\"",
            "value: 'geboortedatum != null && years(geboortedatum, asOf) >= 60'",
        )
    };
    let output = check(&f6, "new.yaml", changed);

    // Then each object is listed with the field and the days, and without its values
    let told = text(&output);
    assert!(output.status.success(), "{told}");
    assert!(told.contains("would be shown otherwise: 2 objects"), "{told}");
    assert!(told.contains("Persoon.geboorteland: 2 objects"), "{told}");
    assert!(told.contains(&format!("object {persoon} from 1980-01-01\n")), "{told}");
    assert!(told.contains("Persoon.onderCuratele: 2 objects"), "{told}");
    assert!(told.contains(&format!("object {persoon} from 2040-01-01\n")), "{told}");
    assert!(told.contains(&format!("object {other} from 2030-01-01\n")), "{told}");
    assert!(!told.contains("6030"), "{told}");
    assert!(told.contains("searches: the index has to be built anew"), "{told}");

    // And with them where that is asked
    let told = text(&check_with(&f6, "new.yaml", changed, &["--show-values"]));
    assert!(told.contains(&format!("object {persoon} from 1980-01-01: nothing becomes \"6030\"")), "{told}");
    assert!(told.contains(&format!("object {persoon} from 2040-01-01: false becomes true")), "{told}");
}

#[tokio::test]
async fn fields_that_appear_and_vanish_are_told() {
    // Given a person, in a store that never had another config
    let f6 = F6::start().await;
    let mut history = History::beginning("2020-01-01T09:00:00Z");
    adult(&mut history);
    f6.import(&history);

    // When a config is checked with another derived field in the place of one
    let output = check(&f6, "new.yaml", |config| replace(config, "      leeftijd:\n", "      jaren:\n"));

    // Then the field and the object are listed under both names
    let told = text(&output);
    assert!(
        told.contains("  Persoon.jaren appears\n") && told.contains("  Persoon.leeftijd vanishes\n"),
        "{told}"
    );
    assert!(
        told.contains("Persoon.jaren: 1 object\n") && told.contains("Persoon.leeftijd: 1 object\n"),
        "{told}"
    );
}

#[tokio::test]
async fn a_check_writes_nothing() {
    // Given a store with a history
    let f6 = F6::start().await;
    let mut history = History::beginning("2020-01-01T09:00:00Z");
    Family::registered(&mut history);
    f6.import(&history);
    let before = contents(&f6).await;

    // When a config is checked, even as the role that could write
    check(&f6, "new.yaml", without_version_1);
    let path = f6.file("new.yaml");
    let mut again = f6.write_api(["check-config".as_ref(), path.as_os_str(), "--against-history".as_ref()]);
    run(again.env("F6_QUERY_DATABASE_URL", f6.database.url(Role::Migration)));

    // Then every table is as it was, and the config is not among those that were in use
    assert_eq!(contents(&f6).await, before);
}

#[tokio::test]
async fn what_is_compared_with_may_be_named_and_an_empty_store_is_no_mistake() {
    // Given an empty store, that another config is named for
    let f6 = F6::start().await;
    let other = f6.file("other.yaml");
    std::fs::write(&other, config(&f6).replace("      leeftijd:\n", "      jaren:\n")).expect("a file");
    let named = ["--write-config-path".to_owned(), other.display().to_string()];
    let named: Vec<&str> = named.iter().map(String::as_str).collect();

    // When the shipped one is checked
    let output = check_with(&f6, "new.yaml", str::to_owned, &named);

    // Then it is compared with that one, on no events
    let told = text(&output);
    assert!(output.status.success(), "{told}");
    assert!(told.contains("held against an empty store, and compared with"), "{told}");
    assert!(told.contains("Persoon.jaren vanishes"), "{told}");
    assert!(last_line(&told).contains("0 events, 0 objects"), "{told}");
}

#[tokio::test]
async fn a_config_that_is_wrong_is_told_as_ever_and_held_against_nothing() {
    let f6 = F6::start().await;
    let output =
        check(&f6, "new.yaml", |config| replace(config, NOT_BORN_TWICE, "check: kind.geboortedag == null\n"));
    let told = text(&output);
    assert_eq!(output.status.code(), Some(1), "{told}");
    let line =
        1 + config(&f6).lines().position(|line| line.ends_with("kind.geboortedatum == null")).expect("it");
    assert!(told.contains(&format!("new.yaml:{line}: event_types.Geboorte.rules[0].check")), "{told}");
    assert!(told.contains("geboortedatum") && !told.contains("held against"), "{told}");
}

#[tokio::test]
async fn a_database_that_cannot_be_reached_is_told() {
    let f6 = F6::start().await;
    let path = f6.file("write_config.yaml");
    let mut command = f6.write_api(["check-config".as_ref(), path.as_os_str(), "--against-history".as_ref()]);
    let output = command.env("F6_QUERY_DATABASE_URL", "postgres://f6_query@127.0.0.1:1/f6").output();
    let output = output.expect("it runs");
    assert!(!output.status.success());
    let said = String::from_utf8_lossy(&output.stderr);
    assert!(
        said.contains("the database does not let us in") && said.contains("F6_QUERY_DATABASE_URL"),
        "{said}"
    );
}

/// Checks the shipped config, changed, against the history.
fn check(f6: &F6, name: &str, change: impl Fn(&str) -> String) -> Output {
    check_with(f6, name, change, &[])
}

fn check_with(f6: &F6, name: &str, change: impl Fn(&str) -> String, more: &[&str]) -> Output {
    let path = f6.file(name);
    std::fs::write(&path, change(&config(f6))).expect("a file");
    let mut command = f6.write_api(["check-config".as_ref(), path.as_os_str(), "--against-history".as_ref()]);
    command.args(more).output().expect("it runs")
}

/// The config that the servers run with.
fn config(f6: &F6) -> String {
    std::fs::read_to_string(f6.file("write_config.yaml")).expect("the config")
}

fn replace(config: &str, text: &str, other: &str) -> String {
    assert_eq!(config.matches(text).count(), 1, "`{text}` stands in the shipped config once");
    config.replace(text, other)
}

fn without_version_1(config: &str) -> String {
    let first = config.find("      \"1\":\n        description: The name as two texts").expect("version 1");
    let second = first + config[first..].find("      \"2\":\n").expect("version 2");
    format!("{}{}", &config[..first], &config[second..])
}

fn text(output: &Output) -> String {
    String::from_utf8_lossy(&output.stdout).into_owned()
}

fn last_line(text: &str) -> &str {
    text.lines().last().unwrap_or_default()
}

/// What stands in every table that something might be written to.
async fn contents(f6: &F6) -> [String; 3] {
    [
        f6.database.value::<String>("SELECT row(position, created_at)::text FROM head").await,
        f6.database.value::<String>("SELECT string_agg(hash, ' ' ORDER BY hash) FROM catalogue").await,
        f6.database
            .value::<String>(
                "SELECT row((SELECT count(*) FROM event), (SELECT count(*) FROM event_object),
                   (SELECT count(*) FROM unique_value), (SELECT count(*) FROM search_term),
                   (SELECT row(definition, built_to, target)::text FROM search_index))::text",
            )
            .await,
    ]
}
