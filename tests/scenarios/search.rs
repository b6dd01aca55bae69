//! Finding persons and addresses by what they have, at any two moments.

use serde_json::{Value, json};
use tests::{F6, History, bsn, new_id};
use uuid::Uuid;

use crate::family::{birth, declare, issue_bsn};

/// What a search finds that finds nothing.
const NOBODY: [Uuid; 0] = [];

fn born(history: &mut History, datum: &str, voornamen: &str, geslachtsnaam: &str) -> Uuid {
    let kind = new_id();
    let naam = json!({ "voornamen": voornamen, "geslachtsnaam": geslachtsnaam });
    history.fact("Geboorte", json!({ "kind": kind, "datum": datum, "naam": naam }));
    kind
}

/// The ids that a search finds, in the order in which they come.
async fn found(f6: &F6, sought: &str, arguments: &str) -> Vec<Uuid> {
    let query =
        format!("{{ searchPersonen(where: {{ {sought} }} {arguments}) {{ edges {{ node {{ id }} }} }} }}");
    let data = f6.ambtenaar().query(&query, &json!({})).await.data();
    ids(&data["searchPersonen"])
}

fn ids(connection: &Value) -> Vec<Uuid> {
    let edges = connection["edges"].as_array().unwrap_or_else(|| panic!("no edges: {connection}"));
    edges
        .iter()
        .map(|edge| edge["node"]["id"].as_str().and_then(|id| id.parse().ok()).expect("an id"))
        .collect()
}

fn sorted(mut ids: Vec<Uuid>) -> Vec<Uuid> {
    ids.sort();
    ids
}

#[tokio::test]
async fn a_person_is_found_by_the_beginning_of_the_surname_without_capitals_and_accents() {
    let f6 = F6::start().await;
    let mut history = History::beginning("2000-01-01T09:00:00Z");
    let lisette = born(&mut history, "1956-12-01", "Lisette", "Béamont");
    let jan = born(&mut history, "1960-01-01", "Jan", "Beaumont");
    born(&mut history, "1961-01-01", "Kees", "Bakker");
    f6.import(&history);

    assert_eq!(found(&f6, r#"geslachtsnaam: "BEAM""#, "").await, [lisette]);
    assert_eq!(found(&f6, r#"geslachtsnaam: "bea""#, "").await, sorted(vec![lisette, jan]));
    assert_eq!(found(&f6, r#"geslachtsnaam: "bea", voornamen: "jan""#, "").await, [jan]);
    assert_eq!(found(&f6, r#"geslachtsnaam: "bea", voornamen: "kees""#, "").await, NOBODY);
}

#[tokio::test]
async fn a_person_is_found_by_every_date_that_may_be_that_of_birth() {
    let f6 = F6::start().await;
    let mut history = History::beginning("2000-01-01T09:00:00Z");
    let day = born(&mut history, "1985-12-01", "Anna", "Jansen");
    let month = born(&mut history, "1985-12-00", "Bram", "Jansen");
    let year = born(&mut history, "1985-00-00", "Chris", "Jansen");
    let unknown = born(&mut history, "0000-00-00", "Dirk", "Jansen");
    f6.import(&history);

    let born_on = async |date: &str| found(&f6, &format!("geboortedatum: \"{date}\""), "").await;
    assert_eq!(born_on("1985-12-01").await, sorted(vec![day, month, year]));
    assert_eq!(born_on("1985-12-02").await, sorted(vec![month, year]));
    assert_eq!(born_on("1985-11-00").await, [year]);
    assert_eq!(born_on("1985-00-00").await, sorted(vec![day, month, year]));
    assert_eq!(born_on("0000-00-00").await, [unknown]);
}

#[tokio::test]
async fn a_search_answers_at_two_moments_as_a_view_does() {
    // Given Anna Jansen, whose name was registered as Janssen until it was corrected in 2010, and who took another name in 2015
    let f6 = F6::start().await;
    let mut history = History::beginning("2000-01-01T09:00:00Z");
    let kind = new_id();
    let named = |geslachtsnaam: &str| json!({ "kind": kind, "datum": "1980-01-01", "naam": { "voornamen": "Anna", "geslachtsnaam": geslachtsnaam } });
    let claim = history.fact("Geboorte", named("Janssen"));
    history.at("2010-01-01T09:00:00Z").amend(claim, named("Jansen"));
    f6.import(&history);

    assert_eq!(found(&f6, r#"geslachtsnaam: "Jansen""#, "").await, [kind]);
    assert_eq!(found(&f6, r#"geslachtsnaam: "Janssen""#, "").await, NOBODY);
    assert_eq!(found(&f6, r#"geslachtsnaam: "Janssen""#, r#"knownAt: "2009-12-31""#).await, [kind]);
    assert_eq!(found(&f6, r#"geslachtsnaam: "Jansen""#, r#"knownAt: "2009-12-31""#).await, NOBODY);
    assert_eq!(found(&f6, r#"geslachtsnaam: "Jansen""#, r#"asOf: "1979-12-31""#).await, NOBODY);
}

#[tokio::test]
async fn what_is_only_claimed_is_found_by_who_asks_for_it() {
    let f6 = F6::start().await;
    let kind = new_id();
    declare(&f6.ouder(), kind, "2020-01-01", "Dirk").await.accepted();
    assert_eq!(found(&f6, r#"voornamen: "dirk""#, "").await, NOBODY);
    assert_eq!(found(&f6, r#"voornamen: "dirk""#, "minTrust: CLAIMED").await, [kind]);
}

#[tokio::test]
async fn a_search_is_read_page_by_page() {
    let f6 = F6::start().await;
    let mut history = History::beginning("2000-01-01T09:00:00Z");
    let all: Vec<Uuid> = (0..25).map(|_| born(&mut history, "1980-01-01", "Anna", "Jansen")).collect();
    f6.import(&history);

    let query = "query ($after: String) { searchPersonen(where: { geslachtsnaam: \"jansen\" }, first: 10, after: $after) {
        edges { cursor node { id } } pageInfo { hasNextPage endCursor } basis { position } indexedTo } }";
    let (mut seen, mut after) = (Vec::new(), Value::Null);
    loop {
        let page =
            f6.ambtenaar().query(query, &json!({ "after": after })).await.data()["searchPersonen"].clone();
        assert_eq!(page["indexedTo"], page["basis"]["position"]);
        seen.extend(ids(&page));
        after = page["pageInfo"]["endCursor"].clone();
        if page["pageInfo"]["hasNextPage"] == json!(false) {
            break;
        }
    }
    assert_eq!(seen, sorted(all));
}

#[tokio::test]
async fn an_address_is_found_by_postcode_and_house_number_and_a_person_by_bsn() {
    let f6 = F6::start().await;
    let mut history = History::beginning("2000-01-01T09:00:00Z");
    let address = |history: &mut History, huisnummer: &str| {
        let adres = new_id();
        let data = json!({ "adres": adres, "datum": "1970-01-01", "straat": "Zonneweg", "postcode": "3077AW", "huisnummer": huisnummer });
        history.fact("AdresVastgesteld", data);
        adres
    };
    let (_, thirty_one) = (address(&mut history, "29"), address(&mut history, "31"));
    let persoon = born(&mut history, "1980-01-01", "Anna", "Jansen");
    f6.import(&history);
    issue_bsn(&f6.ambtenaar(), persoon, 7).validated().await.accepted();

    let query =
        r#"{ searchAdressen(where: { postcode: "3077aw", huisnummer: "31" }) { edges { node { id } } } }"#;
    let data = f6.ambtenaar().query(query, &json!({})).await.data();
    assert_eq!(ids(&data["searchAdressen"]), [thirty_one]);
    assert_eq!(found(&f6, &format!("bsn: \"{}\"", bsn(7)), "").await, [persoon]);
}

#[tokio::test]
async fn the_index_is_rebuilt_while_the_servers_run_and_finds_the_same() {
    let f6 = F6::start().await;
    let mut history = History::beginning("2000-01-01T09:00:00Z");
    let before: Vec<Uuid> = (0..5).map(|_| born(&mut history, "1980-01-01", "Anna", "Jansen")).collect();
    f6.import(&history);
    // When the index is rebuilt again and again, while persons are registered
    let mut registered = before;
    for _ in 0..3 {
        let mut rebuild = f6.query_api(["rebuild"]).spawn().expect("query-api starts");
        while rebuild.try_wait().expect("a process").is_none() {
            let kind = new_id();
            f6.ambtenaar().register("Geboorte", birth(kind, "2020-01-01", "Dirk")).await;
            registered.push(kind);
        }
        assert!(rebuild.wait().expect("it ended").success());
    }
    // Then all are found
    assert_eq!(found(&f6, r#"geslachtsnaam: "jansen""#, "first: 500").await, sorted(registered));
}

#[tokio::test]
async fn a_search_that_seeks_nothing_or_is_not_allowed_is_refused() {
    let f6 = F6::start().await;
    let refused = async |sought: &str| {
        let query = format!("{{ searchPersonen(where: {{ {sought} }}) {{ edges {{ node {{ id }} }} }} }}");
        f6.ambtenaar().query(&query, &json!({})).await.error_at("INVALID_SEARCH")
    };
    assert_eq!(refused("").await, "searchPersonen");
    assert_eq!(refused(r#"geslachtsnaam: " ""#).await, "searchPersonen");
    assert_eq!(refused(r#"geboortedatum: "1985-13-00""#).await, "searchPersonen");
    let query = r#"{ searchPersonen(where: { bsn: "1" }) { edges { node { id } } } }"#;
    assert_eq!(
        f6.principal("systeem").query(query, &json!({})).await.error_at("FORBIDDEN"),
        "searchPersonen"
    );
}
