//! Who wants to know as it happens: events after a position and then live, what they come to be worth, and views that change.

mod protocol;

use std::process::Command as Process;
use std::time::Duration;

use futures::future::join_all;
use serde_json::{Value, json};
use tests::{F6, History, Principal, Setup, Socket, Subscription, days_from_now, new_id, root, run};
use uuid::Uuid;

use crate::family::{Family, adult, adults, birth, death, declare, marriage};

fn position(message: &Value) -> i64 {
    message["position"].as_i64().unwrap_or_else(|| panic!("no position: {message:#}"))
}

fn positions(messages: &[Value]) -> Vec<i64> {
    messages.iter().map(position).collect()
}

fn text<'a>(message: &'a Value, field: &str) -> &'a str {
    message[field].as_str().unwrap_or_else(|| panic!("no {field}: {message:#}"))
}

/// A birth, claimed and validated at once: two events.
async fn registers_a_birth(ambtenaar: &Principal<'_>) -> Uuid {
    ambtenaar.register("Geboorte", birth(new_id(), "2026-01-01", "Dirk")).await.id()
}

/// So many births that were registered before: two events each.
fn with_births(f6: &F6, births: usize) {
    let mut history = History::beginning("2000-01-01T09:00:00Z");
    for _ in 0..births {
        adult(&mut history);
    }
    f6.import(&history);
}

#[tokio::test]
async fn an_event_is_told_as_it_is_registered() {
    // Given a civil servant who wants to know of every event
    let f6 = F6::start().await;
    let ambtenaar = f6.ambtenaar();
    let asked = "eventAdded { position cursor status previousStatus through { id } event { id eventType eventKind status } }";
    let mut told = ambtenaar.subscribe_as_it_stands(asked).await;
    told.silent().await;

    // When a parent declares a birth
    let declared = declare(&f6.ouder(), new_id(), "2026-01-01", "Dirk").await.accepted();

    // Then it is told, with what it is worth
    let message = told.next().await;
    assert_eq!(position(&message), 1);
    let event =
        json!({ "id": declared.id(), "eventType": "Geboorte", "eventKind": "Claim", "status": "CLAIMED" });
    assert_eq!((&message["event"], text(&message, "status")), (&event, "CLAIMED"));
    assert_eq!(
        (&message["previousStatus"], &message["through"]["id"]),
        (&Value::Null, &json!(declared.id()))
    );

    // When it is validated, then that is told, and nothing else
    ambtenaar.validate(&declared).await.accepted();
    assert_eq!(told.next().await["event"]["eventKind"], "Validation");
    told.silent().await;
}

#[tokio::test]
async fn whoever_was_away_goes_on_where_they_were() {
    // Given somebody who was told of two events, and was away for two
    let f6 = F6::start().await;
    let ambtenaar = f6.ambtenaar();
    let mut told = ambtenaar.subscribe("eventAdded { position cursor }").await;
    registers_a_birth(&ambtenaar).await;
    let before = told.take(2).await;
    drop(told);
    registers_a_birth(&ambtenaar).await;

    // When they subscribe after the last cursor, then they are told the rest, and then what is new
    let after = text(&before[1], "cursor");
    let mut told = ambtenaar.subscribe(&format!("eventAdded(after: \"{after}\") {{ position }}")).await;
    assert_eq!(positions(&told.take(2).await), [3, 4]);
    registers_a_birth(&ambtenaar).await;
    assert_eq!(positions(&told.take(2).await), [5, 6]);

    // And a position in digits, or a cursor of the events, says the same
    let page = f6.clerk().query("{ events(first: 4) { pageInfo { endCursor } } }", &json!({})).await.data();
    for after in ["4", text(&page["events"]["pageInfo"], "endCursor")] {
        let mut told = ambtenaar.subscribe(&format!("eventAdded(after: \"{after}\") {{ position }}")).await;
        assert_eq!(positions(&told.take(2).await), [5, 6], "{after}");
    }

    // And what this F6 never gave is refused
    for after in ["oeps", "7"] {
        let mut told = ambtenaar.subscribe(&format!("eventAdded(after: \"{after}\") {{ position }}")).await;
        assert_eq!(told.error().await["extensions"]["code"], "INVALID_PAGE", "{after}");
    }
}

#[tokio::test]
async fn every_event_is_told_once_and_in_order_while_four_write_at_once() {
    // Given somebody who follows from before the first event
    let f6 = Setup::default().write_servers(2).start().await;
    let ambtenaar = f6.ambtenaar();
    let mut from_the_start = ambtenaar.subscribe("eventAdded(after: \"0\") { position }").await;

    // When four register births at two servers, every third of which is refused
    let writers = (0..4).map(|writer| {
        let ambtenaar = ambtenaar.through(writer % 2);
        async move {
            for round in 0..15 {
                if round % 3 == 2 {
                    let later = birth(new_id(), &days_from_now(9), "Dirk");
                    ambtenaar.claim("Geboorte", later).validated().await.refused("FUTURE");
                } else {
                    registers_a_birth(&ambtenaar).await;
                }
            }
        }
    });
    // And somebody else begins to follow while they do
    let latecomer = async {
        tokio::time::sleep(Duration::from_millis(300)).await;
        ambtenaar.subscribe("eventAdded(after: \"0\") { position }").await
    };
    let (_, mut latecomer) = tokio::join!(join_all(writers), latecomer);

    // Then both are told every position, once, in order
    let every: Vec<i64> = (1..=80).collect();
    assert_eq!(positions(&from_the_start.take(80).await), every);
    assert_eq!(positions(&latecomer.take(80).await), every);
    from_the_start.silent().await;
}

#[tokio::test]
async fn only_what_is_asked_for_is_told() {
    // Given four who want to know of deaths, of judgements, of one person, and of what parents say
    let f6 = F6::start().await;
    let [persoon, other] = adults(&f6);
    let (ambtenaar, ouder) = (f6.ambtenaar(), f6.ouder());
    let follow = async |filter: &str| {
        ambtenaar.subscribe(&format!("eventAdded(filter: {{ {filter} }}) {{ position }}")).await
    };
    let mut deaths = follow("eventTypes: [\"Overlijden\"]").await;
    let mut judgements = follow("eventKinds: [Validation]").await;
    let mut of_person = follow(&format!("objectId: \"{persoon}\"")).await;
    let mut by_parents = follow("sourceTypes: [\"ouder\"], eventTypes: [\"Geboorte\"]").await;

    // When a birth is declared (5), and then two deaths are registered (6 to 9)
    declare(&ouder, new_id(), "2026-01-01", "Dirk").await.accepted();
    ambtenaar.register("Overlijden", death(other, "2026-01-02")).await;
    ambtenaar.register("Overlijden", death(persoon, "2026-01-02")).await;

    // Then each is told of theirs
    assert_eq!(positions(&deaths.take(4).await), [6, 7, 8, 9]);
    assert_eq!(positions(&judgements.take(2).await), [7, 9]);
    assert_eq!(positions(&of_person.take(2).await), [8, 9]);
    assert_eq!(positions(&by_parents.take(1).await), [5]);

    // And a name that this F6 does not know is refused
    for (filter, code) in [
        ("eventTypes: [\"Wedergeboorte\"]", "UNKNOWN_EVENT_TYPE"),
        ("sourceTypes: [\"amtenaar\"]", "UNKNOWN_SOURCE_TYPE"),
        ("objectId: \"7\"", "INVALID_ID"),
    ] {
        assert_eq!(follow(filter).await.error().await["extensions"]["code"], code, "{filter}");
    }
}

/// What somebody is told who wants to know when births come to be valid, and when they no longer are.
async fn births_that_turn(ambtenaar: &Principal<'_>, after: &str) -> Subscription {
    let filter = "filter: { eventTypes: [\"Geboorte\"], trust: [VALIDATED] }";
    let shown = "position cursor status previousStatus event { id eventKind status } through { eventKind }";
    ambtenaar.subscribe(&format!("eventAdded({after} {filter}) {{ {shown} }}")).await
}

fn turn(message: &Value) -> (&Value, &str, &str) {
    (&message["event"]["id"], text(message, "previousStatus"), text(message, "status"))
}

#[tokio::test]
async fn a_birth_is_told_when_it_is_validated_and_when_it_is_annulled() {
    // Given a civil servant who wants to know which births count
    let f6 = F6::start().await;
    let ambtenaar = f6.ambtenaar();
    let mut told = births_that_turn(&ambtenaar, "").await;

    // When a birth is declared, then nothing is told
    let declared = declare(&f6.ouder(), new_id(), "2026-01-01", "Dirk").await.accepted();
    told.silent().await;

    // When it is validated, then it is told as it is worth from then on
    ambtenaar.validate(&declared).await.accepted();
    let message = told.next().await;
    assert_eq!(turn(&message), (&json!(declared.id()), "CLAIMED", "VALIDATED"));
    assert_eq!((position(&message), &message["event"]["status"]), (2, &json!("VALIDATED")));
    assert_eq!(message["through"]["eventKind"], "Validation");

    // When somebody claims that it did not happen, then nothing is told until that is validated
    let annulled = ambtenaar.annul(&declared).await.accepted();
    told.silent().await;
    ambtenaar.validate(&annulled).await.accepted();
    assert_eq!(turn(&told.next().await), (&json!(declared.id()), "VALIDATED", "ANNULLED"));

    // And whoever asks from the beginning is told the same
    let mut again = births_that_turn(&ambtenaar, "after: \"0\",").await;
    let again = again.take(2).await;
    assert_eq!(again.iter().map(|message| turn(message).2).collect::<Vec<_>>(), ["VALIDATED", "ANNULLED"]);
}

#[tokio::test]
async fn what_falls_with_an_event_is_told_one_by_one_and_resumed_in_between() {
    // Given a marriage and two births that are based on it
    let f6 = F6::start().await;
    let ambtenaar = f6.ambtenaar();
    let family = Family::registered_in(&f6);
    let married = ambtenaar.register("Huwelijk", marriage(family.moeder, family.vader, "2015-02-02")).await;
    let mut births = Vec::new();
    for _ in 0..2 {
        let claim = ambtenaar.claim("Geboorte", birth(new_id(), "2026-01-01", "Dirk"));
        births.push(claim.based_on([married.id()]).validated().await.accepted().id());
    }
    let mut told = births_that_turn(&ambtenaar, "").await;

    // When the marriage is annulled
    ambtenaar.annul(&married).validated().await.accepted();

    // Then both births are told, through the one judgement
    let messages = told.take(2).await;
    let expected: Vec<Value> = births.iter().map(|id| json!(id)).collect();
    assert_eq!(
        messages.iter().map(turn).collect::<Vec<_>>(),
        [(&expected[0], "VALIDATED", "SUSPENDED"), (&expected[1], "VALIDATED", "SUSPENDED"),]
    );
    assert_eq!(position(&messages[0]), position(&messages[1]));

    // And whoever had seen the first is told the second alone
    let after = format!("after: \"{}\",", text(&messages[0], "cursor"));
    let mut rest = births_that_turn(&ambtenaar, &after).await;
    assert_eq!(turn(&rest.next().await).0, &expected[1]);
    rest.silent().await;
}

#[tokio::test]
async fn a_view_is_told_again_whenever_it_changes() {
    // Given a desk that shows a resident's card
    let f6 = F6::start().await;
    let family = Family::registered_in(&f6);
    let ambtenaar = f6.ambtenaar();
    let shown = "changed basis { position } bewonersKaart { naam { voornamen } overleden partner { naam { voornamen } } }";
    let mut card = f6
        .principal("systeem")
        .subscribe(&format!("bewonersKaartChanged(id: \"{}\") {{ {shown} }}", family.moeder))
        .await;

    // Then it has the card at once
    let now = card.next().await;
    assert_eq!(now["changed"], json!([]));
    assert_eq!(
        now["bewonersKaart"],
        json!({ "naam": { "voornamen": "Anna" }, "overleden": false, "partner": null })
    );

    // When something happens to somebody else, then nothing is told
    registers_a_birth(&ambtenaar).await;
    card.silent().await;

    // When she marries, then the card is told with what changed, and nothing more than the card shows
    ambtenaar.register("Huwelijk", marriage(family.moeder, family.vader, "2015-02-02")).await;
    let married = card.next().await;
    assert_eq!(married["changed"], json!(["partner"]));
    assert_eq!(married["bewonersKaart"]["partner"], json!({ "naam": { "voornamen": "Bram" } }));

    // When her husband dies, then it is told that the marriage has ended
    let death = json!({ "overledene": family.vader, "datum": "2026-01-02", "partner": family.moeder });
    ambtenaar.register("Overlijden", death).await;
    assert_eq!(card.next().await["changed"], json!(["partner", "vorigePartner"]));
}

#[tokio::test]
async fn an_object_that_is_not_there_yet_is_told_when_it_is() {
    // Given somebody who waits for a person whose id is known
    let f6 = F6::start().await;
    let (ambtenaar, id) = (f6.ambtenaar(), new_id());
    let mut told = ambtenaar
        .subscribe(&format!(
            "persoonChanged(id: \"{id}\") {{ changed persoon {{ geboortedatum {{ text }} }} }}"
        ))
        .await;
    assert_eq!(told.next().await, json!({ "changed": [], "persoon": null }));

    // When the birth is declared, then nothing is told; when it is validated, then there is somebody
    let declared = declare(&f6.ouder(), id, "2026-01-01", "Dirk").await.accepted();
    told.silent().await;
    ambtenaar.validate(&declared).await.accepted();
    let born = told.next().await;
    assert_eq!(born["persoon"], json!({ "geboortedatum": { "text": "2026-01-01" } }));
    assert!(born["changed"].as_array().expect("names").contains(&json!("geboortedatum")), "{born:#}");

    // And when it turns out not to have happened, there is nobody again
    ambtenaar.annul(&declared).validated().await.accepted();
    assert_eq!(told.next().await["persoon"], Value::Null);
}

#[tokio::test]
async fn who_may_not_ask_may_not_subscribe() {
    // Given a parent, who may read neither events nor persons
    let f6 = F6::start().await;
    let ouder = f6.ouder();
    for field in [
        "eventAdded { position }",
        "persoonChanged(id: \"0190163d-8694-739b-aea5-966c26f8ad90\") { changed }",
    ] {
        // When they subscribe, then they are refused, as they would be for a question
        let error = ouder.subscribe(field).await.error().await;
        assert_eq!(error["extensions"]["code"], "FORBIDDEN", "{error:#}");
    }
    // And over server-sent events as well
    let query = "subscription { eventAdded { position } }";
    let mut events = f6.events(Some(ouder.token()), query).await.expect("a stream");
    assert_eq!(events.next().await.1["errors"][0]["extensions"]["code"], "FORBIDDEN");
    assert_eq!(events.next().await.0, "complete");
}

#[tokio::test]
async fn a_stream_ends_with_the_token_that_it_was_asked_with() {
    // Given a civil servant whose token is valid for two seconds more
    let f6 = Setup::default().env("F6_TOKEN_LEEWAY", "0.1").start().await;
    let now = door::Clock::now(&door::SystemClock);
    let token = door::sign_development_token("ambtenaar", new_id(), chrono::TimeDelta::seconds(3), now);
    let query = "subscription { eventAdded(after: \"0\") { cursor } }";
    let mut socket = Socket::connect(&f6.query, &token).await;
    socket.subscribe("1", query).await;
    let mut events = f6.events(Some(&token), query).await.expect("a stream");

    // When they are told of something before
    registers_a_birth(&f6.ambtenaar()).await;
    assert_eq!(socket.hear().await["type"], "next");
    let cursor = events.next().await.1["data"]["eventAdded"]["cursor"].clone();
    assert!(cursor.is_string(), "{cursor}");

    // Then both streams end by themselves, and say why
    let (code, reason) = socket.closed().await;
    assert_eq!((code, reason.as_str()), (4403, "the token has expired; connect again with a new one"));
    events.next().await;
    let error = events.next().await.1["errors"][0].clone();
    assert_eq!(error["extensions"]["code"], "UNAUTHENTICATED", "{error:#}");
    assert!(error["extensions"]["after"].is_string(), "{error:#}");
    assert_eq!(events.next().await.0, "complete");
}

/// An event sixty times over: heavy enough to fill every buffer on the way soon.
fn heavy(after: &str) -> String {
    let fields: Vec<String> =
        (0..60).map(|number| format!("e{number}: event {{ id eventData objectIds createdAt }}")).collect();
    format!("eventAdded(after: \"{after}\") {{ position {} }}", fields.join(" "))
}

#[tokio::test]
async fn who_does_not_take_messages_is_told_where_to_go_on_and_holds_up_nobody() {
    // Given a store with 2,000 events, and somebody who asks for all and takes none
    let f6 = Setup::default().env("F6_SLOW_CONSUMER_TIMEOUT", "1").start().await;
    with_births(&f6, 1000);
    let ambtenaar = f6.ambtenaar();
    let mut slow = ambtenaar.subscribe(&heavy("0")).await;

    // When somebody else asks for all meanwhile, then they are told all
    let mut quick = ambtenaar.subscribe("eventAdded(after: \"0\") { position }").await;
    assert_eq!(quick.take(2000).await.len(), 2000);
    let ended = async || f6.query.metrics().await.sum("f6_subscription_ends_total", &[("reason", "slow")]);
    for _ in 0..100 {
        if ended().await > 0.0 {
            break;
        }
        tokio::time::sleep(Duration::from_millis(100)).await;
    }
    assert_eq!(ended().await, 1.0);

    // Then the one who took none finds, after what was on its way, that it was ended, and where to go on
    let (taken, error) = slow.rest().await;
    assert_eq!(error["extensions"]["code"], "SLOW_CONSUMER", "{error:#}");
    assert!(!taken.is_empty() && taken.len() < 2000, "{}", taken.len());
    assert_eq!(slow.closed().await.0, 1013);

    // And who goes on from there misses nothing
    let after = text(&error["extensions"], "after");
    let mut rest = ambtenaar.subscribe(&format!("eventAdded(after: \"{after}\") {{ position }}")).await;
    let rest = rest.take(2000 - taken.len()).await;
    let all: Vec<i64> = positions(&taken).into_iter().chain(positions(&rest)).collect();
    assert_eq!(all, (1..=2000).collect::<Vec<i64>>());
}

#[tokio::test]
async fn a_connection_that_is_lost_to_the_database_loses_nobody_an_event() {
    // Given somebody who follows the log
    let f6 = F6::start().await;
    let ambtenaar = f6.ambtenaar();
    let mut told = ambtenaar.subscribe("eventAdded { position }").await;
    registers_a_birth(&ambtenaar).await;
    assert_eq!(positions(&told.take(2).await), [1, 2]);

    for round in 1..=3 {
        // When the connection that tells of new events is cut, and events are registered before it is back
        let cut: i64 = f6.database.value(
            "SELECT count(pg_terminate_backend(pid)) FROM pg_stat_activity WHERE datname = current_database() AND query LIKE 'LISTEN%'",
        ).await;
        assert_eq!(cut, 1, "one connection listens for the whole server");
        registers_a_birth(&ambtenaar).await;

        // Then they are told all the same, and so is what follows
        assert_eq!(positions(&told.take(2).await), [4 * round - 1, 4 * round]);
        registers_a_birth(&ambtenaar).await;
        assert_eq!(positions(&told.take(2).await), [4 * round + 1, 4 * round + 2]);
        wait_for_the_listener(&f6).await;
    }
}

async fn wait_for_the_listener(f6: &F6) {
    for _ in 0..100 {
        let listening: i64 = f6.database.value(
            "SELECT count(*) FROM pg_stat_activity WHERE datname = current_database() AND query LIKE 'LISTEN%'",
        ).await;
        if listening == 1 {
            return;
        }
        tokio::time::sleep(Duration::from_millis(100)).await;
    }
    panic!("nobody listens again");
}

#[tokio::test]
async fn while_nothing_happens_the_database_is_not_asked() {
    // Given ten who wait for events, and ten who wait for a person to change
    let f6 = Setup::default().count_statements().start().await;
    let family = Family::registered_in(&f6);
    let ambtenaar = f6.ambtenaar();
    let mut waiting = Vec::new();
    for _ in 0..10 {
        waiting.push(ambtenaar.subscribe("eventAdded { position }").await);
        let mut person =
            ambtenaar.subscribe(&format!("persoonChanged(id: \"{}\") {{ changed }}", family.moeder)).await;
        person.next().await;
        waiting.push(person);
    }
    wait_for_the_listener(&f6).await;
    tokio::time::sleep(Duration::from_secs(1)).await;

    // When nothing happens for three seconds, then no statement is sent
    let statements = f6.statements.as_ref().expect("statements are counted");
    let before = statements.count();
    tokio::time::sleep(Duration::from_secs(3)).await;
    assert_eq!(statements.count() - before, 0);

    // And what happens then is told
    registers_a_birth(&ambtenaar).await;
    assert_eq!(position(&waiting[0].next().await), 7);
}

#[tokio::test]
async fn a_server_that_stops_ends_its_streams() {
    // Given a stream of each sort
    let mut f6 = F6::start().await;
    let query = "subscription { eventAdded(after: \"0\") { position } }";
    let mut told = f6.ambtenaar().subscribe("eventAdded { position }").await;
    let mut events = f6.events(Some(f6.ambtenaar().token()), query).await.expect("a stream");
    registers_a_birth(&f6.ambtenaar()).await;
    told.take(2).await;
    events.next().await;
    events.next().await;

    // When the server is told to stop, then each is told so, and the server ends well
    f6.query.tell_to_stop();
    assert_eq!(told.closed().await.0, 1001);
    let error = events.next().await.1["errors"][0].clone();
    assert_eq!(error["extensions"]["code"], "GOING_AWAY", "{error:#}");
    assert!(error["extensions"]["after"].is_string(), "{error:#}");
    assert!(f6.query.ended_well());
}

#[tokio::test]
async fn subscriptions_are_counted() {
    // Given two who follow, one of whom has left
    let f6 = F6::start().await;
    let ambtenaar = f6.ambtenaar();
    let mut told = ambtenaar.subscribe("eventAdded { position }").await;
    drop(ambtenaar.subscribe("eventAdded { position }").await);
    registers_a_birth(&ambtenaar).await;
    told.take(2).await;

    // Then the server tells so
    let websocket = [("transport", "websocket")];
    let mut scrape = f6.query.metrics().await;
    for _ in 0..50 {
        if scrape.sum("f6_subscriptions", &websocket) <= 1.0 {
            break;
        }
        tokio::time::sleep(Duration::from_millis(100)).await;
        scrape = f6.query.metrics().await;
    }
    assert_eq!(scrape.sum("f6_subscriptions", &websocket), 1.0);
    assert!(scrape.sum("f6_subscription_messages_total", &websocket) >= 2.0);
    assert_eq!(scrape.sum("f6_feed_lag_events", &[]), 0.0);
}

#[tokio::test]
async fn the_official_clients_of_both_protocols_are_served() {
    // Given an F6 with a birth, and the clients as they are published
    let f6 = F6::start().await;
    registers_a_birth(&f6.ambtenaar()).await;
    let clients = root().join("tests/clients");
    assert!(clients.join("node_modules").is_dir(), "`npm ci --prefix tests/clients` brings the clients");

    // When they go through what they can, then all is as their protocols have it
    let mut node = Process::new("node");
    node.arg(clients.join("subscriptions.mjs"))
        .env("F6_QUERY_URL", f6.query.url("/graphql"))
        .env("F6_WRITE_URL", f6.write[0].url("/graphql"))
        .env("F6_TOKEN", f6.ambtenaar().token());
    let done = tokio::task::spawn_blocking(move || run(&mut node)).await.expect("node runs");
    assert!(String::from_utf8_lossy(&done.stdout).contains("every check of both clients holds"));
}
