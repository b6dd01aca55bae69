//! Thousands of callers, zones, objects and questions, drawn by chance: over HTTP, over a WebSocket, and in SQL as the
//! servers' roles, nothing is seen or done that a naive reading of the shipped rights forbids, and nothing is withheld.

use std::collections::{BTreeMap, BTreeSet};

use door::{Clock, Principal, SystemClock, sign_development_token_for};
use serde_json::{Value, json};
use sqlx::{Connection, PgConnection};
use tests::{F6, History, Role, Socket, bsn, new_id};
use uuid::Uuid;

use super::{Chance, parts};
use crate::family::{address, adult, birth, move_to};

/// How many cases of each kind one part of ten has.
const QUESTIONS: usize = 700;
const COMMANDS: usize = 150;
const SUBSCRIPTIONS: usize = 60;
const STATEMENTS: usize = 150;

/// How many questions one document holds.
const AT_ONCE: usize = 50;

const OWN_OIN: &str = "00000099000000001000";
const OTHER_OIN: &str = "00000099000000002000";
const OWN_ZONE: &str = "Burgerlijke stand";

/// Everything that the oracle knows: who there is, and every event.
struct Known {
    persons: Vec<Uuid>,
    addresses: Vec<Uuid>,
    children: BTreeMap<Uuid, Vec<Uuid>>,
    events: Vec<Event>,
}

struct Event {
    id: Uuid,
    event_type: String,
    kind: String,
    objects: Vec<Uuid>,
}

/// The oracle: the shipped rights, written out by hand and knowing nothing of how F6 decides.
struct Oracle<'a> {
    who: &'a Principal,
    known: &'a Known,
}

impl Oracle<'_> {
    fn is(&self, source_type: &str) -> bool {
        self.who.source_type == source_type
    }

    fn of_this_organisation(&self) -> bool {
        self.who.organisation.as_deref().is_none_or(|oin| oin == OWN_OIN)
    }

    fn of_this_zone(&self) -> bool {
        let named = self.who.zones.as_ref().map(|zones| zones.iter().any(|zone| zone == OWN_ZONE));
        self.of_this_organisation() && named.unwrap_or(true)
    }

    /// Whether the caller may ask for an object by this root field; none: may look for any.
    fn reads(&self, field: &str, id: Option<Uuid>) -> bool {
        let own = id.is_some() && self.who.person == id;
        self.of_this_organisation()
            && match field {
                "persoon" | "nationaliteitsverklaring" | "naaste" => self.is("ambtenaar"),
                "bewonersKaart" | "leeftijdscheck" | "verwant" => self.is("ambtenaar") || self.is("systeem"),
                "mijnGegevens" => own && (self.is("burger") || self.is("ouder")),
                other => unreachable!("{other}"),
            }
    }

    fn sees_events(&self) -> bool {
        let somebody = self.is("burger") && self.who.person.is_some();
        self.of_this_organisation() && (self.is("ambtenaar") || self.is("systeem") || somebody)
    }

    fn sees_every_event(&self) -> bool {
        self.of_this_organisation() && self.is("ambtenaar")
    }

    fn sees(&self, event: &Event) -> bool {
        let needed = ["Geboorte", "BsnToegekend"].contains(&event.event_type.as_str());
        let own = self.who.person.is_some_and(|person| event.objects.contains(&person));
        self.sees_events()
            && (self.is("ambtenaar") || self.is("systeem") && needed || self.is("burger") && own)
    }

    fn is_own(&self, person: Uuid) -> bool {
        self.who.person == Some(person)
    }

    fn is_own_child(&self, person: Uuid) -> bool {
        let own = self.who.person.and_then(|own| self.known.children.get(&own));
        own.is_some_and(|children| children.contains(&person))
    }

    fn claims(&self, claim: &Claimed) -> bool {
        let about = claim.about;
        self.of_this_zone()
            && match claim.event_type {
                "Geboorte" => self.is("ambtenaar") || self.is("ouder") && self.is_own(about),
                "Naamskeuze" => self.is("ambtenaar") || self.is("ouder") && self.is_own_child(about),
                "Naamgebruik" => self.is("ambtenaar") || self.is("burger") && self.is_own(about),
                "Verhuizing" => {
                    let own = self.is_own(about);
                    self.is("ambtenaar")
                        || self.is("burger") && own
                        || self.is("ouder") && (own || self.is_own_child(about))
                }
                "BsnToegekend" => self.is("ambtenaar") || self.is("systeem"),
                other => unreachable!("{other}"),
            }
    }

    /// Whether the caller may judge an event; none: one that is not there.
    fn judges(&self, event: Option<&Event>) -> bool {
        let system = event
            .is_some_and(|event| ["BsnToegekend", "AdresVastgesteld"].contains(&event.event_type.as_str()));
        self.of_this_zone() && (self.is("ambtenaar") || self.is("systeem") && system)
    }
}

/// A claim, and whom it is about: in a birth, the mother.
struct Claimed {
    event_type: &'static str,
    about: Uuid,
    data: Value,
}

#[tokio::test]
async fn nothing_is_seen_or_done_that_the_rights_forbid() {
    let mut chance = Chance::new();
    let f6 = F6::start().await;
    let known = population(&f6, &mut chance).await;
    let mut cases = 0;
    for _ in 0..parts() {
        cases += questions(&f6, &known, &mut chance).await;
        cases += commands(&f6, &known, &mut chance).await;
        cases += subscriptions(&f6, &known, &mut chance).await;
        cases += statements(&f6, &known, &mut chance).await;
    }
    eprintln!("{cases} cases of a caller, a zone, an object and a question");
    assert!(cases >= 1_000 * parts(), "{cases}");
}

/// Twelve families, of whom some children are only claimed.
async fn population(f6: &F6, chance: &mut Chance) -> Known {
    let mut history = History::beginning("2015-01-01T09:00:00Z");
    let (mut persons, mut children) = (Vec::new(), BTreeMap::new());
    let addresses: Vec<Uuid> = (0..6).map(|_| address(&mut history)).collect();
    for family in 0..12 {
        let (mother, child, claimed) = (adult(&mut history), new_id(), new_id());
        let mut born = birth(child, "2010-01-01", "Kim");
        born["moeder"] = json!(mother);
        history.fact("Geboorte", born.clone());
        born["kind"] = json!(claimed);
        history.claim("Geboorte", born);
        history.fact("BsnToegekend", json!({ "persoon": child, "bsn": bsn(family) }));
        history.fact("Verhuizing", move_to(mother, *pick(chance, &addresses), "2011-01-01"));
        children.insert(mother, vec![child]);
        persons.extend([mother, child, claimed]);
    }
    f6.import(&history);
    let mut superuser = f6.database.connect(Role::Superuser).await;
    let sql = "SELECT id, event_type, event_kind::text, object_ids FROM event ORDER BY position";
    let rows: Vec<(Uuid, String, String, Vec<Uuid>)> =
        sqlx::query_as(sql).fetch_all(&mut superuser).await.expect("events");
    let event = |(id, event_type, kind, objects)| Event { id, event_type, kind, objects };
    Known { persons, addresses, children, events: rows.into_iter().map(event).collect() }
}

fn pick<'a, T>(chance: &mut Chance, from: &'a [T]) -> &'a T {
    &from[usize::try_from(chance.below(from.len() as u64)).expect("an index")]
}

/// Somebody, of somewhere.
fn caller(known: &Known, chance: &mut Chance) -> Principal {
    let source_type = *pick(chance, &["burger", "burger", "ouder", "ouder", "ambtenaar", "systeem"]);
    let zones: &[Option<&[&str]>] =
        &[None, None, Some(&[OWN_ZONE]), Some(&["Belastingen"]), Some(&["Belastingen", OWN_ZONE]), Some(&[])];
    let own = |zones: &[&str]| zones.iter().map(|zone| (*zone).to_owned()).collect();
    Principal {
        organisation: pick(chance, &[None, None, None, Some(OWN_OIN), Some(OTHER_OIN)]).map(str::to_owned),
        zones: pick(chance, zones).map(own),
        person: if chance.below(8) == 0 { None } else { Some(somebody(known, chance)) },
        ..Principal::new(new_id(), source_type)
    }
}

/// A person, most likely one that there is.
fn somebody(known: &Known, chance: &mut Chance) -> Uuid {
    if chance.below(10) == 0 { new_id() } else { *pick(chance, &known.persons) }
}

fn token(who: &Principal) -> String {
    sign_development_token_for(who, chrono::TimeDelta::hours(1), SystemClock.now())
}

/// What the oracle says that a root field answers.
enum Expected {
    Forbidden,
    Told,
    Exactly(Value),
}

async fn questions(f6: &F6, known: &Known, chance: &mut Chance) -> usize {
    for _ in 0..QUESTIONS / AT_ONCE {
        let who = caller(known, chance);
        let oracle = Oracle { who: &who, known };
        let asked: Vec<(String, Expected)> = (0..AT_ONCE).map(|_| question(&oracle, chance)).collect();
        // What may not be null takes the answers beside it along: where it is forbidden it is asked by itself
        let alone = |(field, expected): &&(String, Expected)| {
            matches!(expected, Expected::Forbidden) && NEVER_NULL.iter().any(|name| field.starts_with(name))
        };
        let (alone, together): (Vec<_>, Vec<_>) = asked.iter().partition(alone);
        ask(f6, &who, &together).await;
        for one in alone {
            ask(f6, &who, &[one]).await;
        }
    }
    QUESTIONS / AT_ONCE * AT_ONCE
}

/// Root fields that are never null.
const NEVER_NULL: [&str; 4] = ["events(", "workList", "whatIf", "search"];

/// Asks these in one document, and holds each answer against what is expected.
async fn ask(f6: &F6, who: &Principal, asked: &[&(String, Expected)]) {
    let fields: Vec<String> =
        asked.iter().enumerate().map(|(index, (field, _))| format!("q{index}: {field}")).collect();
    let query = format!("{{ {} }}", fields.join(" "));
    let answer = f6.query(Some(&token(who)), &query, &Value::Null).await.json();
    let errors = answer["errors"].as_array().cloned().unwrap_or_default();
    let forbidden = |root: &str| {
        let whole =
            |error: &&Value| error["path"][0] == root && error["path"].as_array().map(Vec::len) == Some(1);
        errors.iter().filter(whole).any(|error| error["extensions"]["code"] == "FORBIDDEN")
    };
    for (index, (field, expected)) in asked.iter().enumerate() {
        let root = format!("q{index}");
        let told = (forbidden(&root), &answer["data"][&root]);
        let right = match expected {
            Expected::Forbidden => told == (true, &Value::Null),
            Expected::Told => !told.0,
            Expected::Exactly(value) => told == (false, value),
        };
        assert!(right, "{who:?} asks {field}, and is told {told:?}: {errors:#?}");
    }
}

/// A root field drawn by chance, and what the oracle says of it.
fn question(oracle: &Oracle<'_>, chance: &mut Chance) -> (String, Expected) {
    match chance.below(6) {
        0 | 1 => {
            let (view, id) = (*pick(chance, &VIEWS), somebody(oracle.known, chance));
            (format!("{view}(id: \"{id}\") {{ id }}"), granted(oracle.reads(view, Some(id))))
        }
        2 => {
            let (field, view) = *pick(chance, &SEARCHES);
            let sought = "(where: { geboortedatum: \"1980-01-01\" }) { edges { cursor } }";
            (format!("{field}{sought}"), granted(oracle.reads(view, None)))
        }
        3 => one_event(oracle, chance),
        4 => events_of_one(oracle, chance),
        _ => {
            let field = *pick(chance, &["workList", "whatIf"]);
            (format!("{field} {{ basis {{ position }} }}"), granted(oracle.sees_every_event()))
        }
    }
}

const VIEWS: [&str; 7] = [
    "persoon",
    "bewonersKaart",
    "leeftijdscheck",
    "verwant",
    "mijnGegevens",
    "naaste",
    "nationaliteitsverklaring",
];

const SEARCHES: [(&str, &str); 3] =
    [("searchBewonersKaarten", "bewonersKaart"), ("searchPersonen", "persoon"), ("searchNaasten", "naaste")];

fn granted(may: bool) -> Expected {
    if may { Expected::Told } else { Expected::Forbidden }
}

fn one_event(oracle: &Oracle<'_>, chance: &mut Chance) -> (String, Expected) {
    let there = chance.below(5) > 0;
    let event = pick(chance, &oracle.known.events);
    let id = if there { event.id } else { new_id() };
    let told = if there && oracle.sees(event) { json!({ "id": id }) } else { Value::Null };
    let expected = if oracle.sees_events() { Expected::Exactly(told) } else { Expected::Forbidden };
    (format!("event(id: \"{id}\") {{ id }}"), expected)
}

fn events_of_one(oracle: &Oracle<'_>, chance: &mut Chance) -> (String, Expected) {
    let known = oracle.known;
    let id = if chance.below(4) == 0 { *pick(chance, &known.addresses) } else { somebody(known, chance) };
    let seen = known.events.iter().filter(|event| event.objects.contains(&id) && oracle.sees(event));
    let nodes: Vec<Value> = seen.map(|event| json!({ "node": { "id": event.id } })).collect();
    let told = json!({ "edges": nodes, "pageInfo": { "hasNextPage": false } });
    let expected = if oracle.sees_events() { Expected::Exactly(told) } else { Expected::Forbidden };
    let page = "first: 500) { edges { node { id } } pageInfo { hasNextPage } }";
    (format!("events(objectId: \"{id}\", {page}"), expected)
}

async fn commands(f6: &F6, known: &Known, chance: &mut Chance) -> usize {
    for _ in 0..COMMANDS {
        let who = caller(known, chance);
        let oracle = Oracle { who: &who, known };
        let (mutation, may) = match chance.below(3) {
            0 => judgement(&oracle, chance),
            _ => claim(&oracle, chance),
        };
        let (name, input_type, input) = mutation;
        let query = format!(
            "mutation($input: {input_type}!) {{ {name}(input: $input) {{ events {{ id }} refusals {{ code }} }} }}"
        );
        let answer = f6
            .mutate(0, Some(&token(&who)), &query, &json!({ "input": input }))
            .await
            .expect("an answer")
            .json();
        let forbidden = answer["errors"][0]["extensions"]["code"] == "FORBIDDEN";
        assert!(forbidden || answer.get("errors").is_none(), "{answer:#}");
        assert_eq!(forbidden, !may, "{who:?} sends {name} {input}, and is told {answer:#}");
    }
    COMMANDS
}

/// A mutation: its name, the type of its input, and the input.
type Mutation = (String, String, Value);

fn claim(oracle: &Oracle<'_>, chance: &mut Chance) -> (Mutation, bool) {
    let event_type = *pick(chance, &["Geboorte", "Naamskeuze", "Naamgebruik", "Verhuizing", "BsnToegekend"]);
    // As likely about the caller's own as about anybody
    let own = oracle.who.person.filter(|_| chance.below(3) == 0);
    let child = own.and_then(|own| oracle.known.children.get(&own)).filter(|_| event_type == "Naamskeuze");
    let about = child.map(|children| children[0]).or(own).unwrap_or_else(|| somebody(oracle.known, chance));
    let day = "2020-01-01";
    let data = match event_type {
        "Geboorte" => json!({ "kind": new_id(), "datum": day, "moeder": about }),
        "Naamskeuze" => json!({ "kind": about, "datum": day, "naam": { "geslachtsnaam": "Pieters" } }),
        "Naamgebruik" => json!({ "persoon": about, "datum": day, "naamgebruik": "E" }),
        "Verhuizing" => move_to(about, oracle.known.addresses[0], day),
        _ => json!({ "persoon": about, "bsn": bsn(900) }),
    };
    let claimed = Claimed { event_type, about, data };
    let may = oracle.claims(&claimed);
    let mut input = json!({ "data": claimed.data, "dryRun": true });
    if event_type == "BsnToegekend" {
        input["occurredAt"] = json!("2020-01-01T10:00:00Z");
    }
    ((format!("claim{event_type}"), format!("Claim{event_type}Input"), input), may)
}

fn judgement(oracle: &Oracle<'_>, chance: &mut Chance) -> (Mutation, bool) {
    let claims: Vec<&Event> = oracle.known.events.iter().filter(|event| event.kind == "Claim").collect();
    let event = (chance.below(4) > 0).then(|| *pick(chance, &claims));
    let target = event.map_or_else(new_id, |event| event.id);
    // Who may judge every type is told that there is no such event; others are not
    let may = oracle.judges(event) || event.is_none() && oracle.of_this_zone() && oracle.is("ambtenaar");
    let input = json!({ "target": target, "verdict": "REJECTED", "dryRun": true });
    (("validate".to_owned(), "ValidateInput".to_owned(), input), may)
}

/// Over a `WebSocket`: a view that is followed, and the whole log.
async fn subscriptions(f6: &F6, known: &Known, chance: &mut Chance) -> usize {
    for _ in 0..SUBSCRIPTIONS / 6 {
        let who = caller(known, chance);
        let oracle = Oracle { who: &who, known };
        let mut socket = Socket::connect(&f6.query, &token(&who)).await;
        for number in 0..5 {
            let (view, id) = (
                *pick(chance, &["persoon", "bewonersKaart", "mijnGegevens", "naaste"]),
                somebody(known, chance),
            );
            let name = number.to_string();
            socket
                .subscribe(&name, &format!("subscription {{ {view}Changed(id: \"{id}\") {{ changed }} }}"))
                .await;
            let told = heard(&mut socket, &name).await;
            assert_eq!(
                told.is_none(),
                !oracle.reads(view, Some(id)),
                "{who:?} follows {view} {id}: {told:?}"
            );
            socket.say(&json!({ "type": "complete", "id": name })).await;
        }
        let seen: Vec<String> = known
            .events
            .iter()
            .filter(|event| oracle.sees(event))
            .map(|event| event.id.to_string())
            .collect();
        socket.subscribe("log", "subscription { eventAdded(after: \"0\") { event { id } } }").await;
        for id in &seen {
            let told =
                heard(&mut socket, "log").await.unwrap_or_else(|| panic!("{who:?} is not told of {id}"));
            assert_eq!(told["eventAdded"]["event"]["id"], json!(id), "{who:?}");
        }
        if !oracle.sees_events() {
            assert!(heard(&mut socket, "log").await.is_none(), "{who:?}");
        }
    }
    SUBSCRIPTIONS / 6 * 6
}

/// The next result of this subscription; none where it is forbidden.
async fn heard(socket: &mut Socket, id: &str) -> Option<Value> {
    loop {
        let message = socket.hear().await;
        if message["id"] != id {
            continue;
        }
        let payload = &message["payload"];
        let errors = if message["type"] == "error" { payload } else { &payload["errors"] };
        if !errors.is_null() {
            assert_eq!(errors[0]["extensions"]["code"], "FORBIDDEN", "{message:#}");
            return None;
        }
        return Some(payload["data"].clone());
    }
}

/// In SQL, as the roles by which servers read: what a statement says that somebody may see, and no more.
async fn statements(f6: &F6, known: &Known, chance: &mut Chance) -> usize {
    let mut query = f6.database.connect(Role::Query).await;
    let mut delivery = f6.database.connect(Role::Delivery).await;
    for _ in 0..STATEMENTS {
        let who = caller(known, chance);
        let oracle = Oracle { who: &who, known };
        let connection = if chance.below(2) == 0 { &mut query } else { &mut delivery };
        let object = (chance.below(2) == 0).then(|| somebody(known, chance));
        let said = chance.below(5) > 0;
        let told = selected(connection, said.then_some(&oracle), object).await;
        let seen = |event: &&Event| {
            said && oracle.sees(event) && object.is_none_or(|object| event.objects.contains(&object))
        };
        let expected: BTreeSet<Uuid> = known.events.iter().filter(seen).map(|event| event.id).collect();
        assert_eq!(told, expected, "{who:?}, {object:?}, {said}");
    }
    STATEMENTS
}

/// The events that a role sees, having said for whom, or nothing.
async fn selected(
    connection: &mut PgConnection,
    said: Option<&Oracle<'_>>,
    object: Option<Uuid>,
) -> BTreeSet<Uuid> {
    let mut transaction = connection.begin().await.expect("a transaction");
    if let Some(oracle) = said.filter(|oracle| oracle.sees_events()) {
        let own = oracle.who.person.map(|person| person.to_string()).unwrap_or_default();
        let (seen, own, seen_own) = match oracle.who.source_type.as_str() {
            "ambtenaar" => ("*/*", "", ""),
            "systeem" => ("Geboorte/* BsnToegekend/*", "", ""),
            _ => ("", own.as_str(), "*/*"),
        };
        for (name, value) in
            [("f6.reading", "events"), ("f6.seen", seen), ("f6.own", own), ("f6.seen_own", seen_own)]
        {
            sqlx::query("SELECT set_config($1, $2, true)")
                .bind(name)
                .bind(value)
                .execute(&mut *transaction)
                .await
                .expect("a setting");
        }
    }
    let sql = "SELECT id FROM event WHERE $1::uuid IS NULL OR $1 = ANY(object_ids)";
    let ids: Vec<Uuid> =
        sqlx::query_scalar(sql).bind(object).fetch_all(&mut *transaction).await.expect("ids");
    transaction.commit().await.expect("it ends");
    ids.into_iter().collect()
}
