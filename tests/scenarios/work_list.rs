//! What waits for a clerk: what is on the list, why, what takes it off, and what the list was before.

use serde_json::{Value, json};
use tests::{Accepted, Command, F6, History, Setup, bsn, new_id};
use uuid::Uuid;

use crate::family::{Family, adult, adults, birth, death, declare, issue_bsn, marriage};

/// What a front-end asks to show its list.
const ITEM: &str = "kind since event { id eventType createdAt status } causes { id }
  brokenRules { name message because { id } }
  resolvedBy { mutation target { id } message sourceTypes fourEyes allowed }";

/// The items of a work list with these arguments, oldest first.
async fn list(f6: &F6, arguments: &str) -> Vec<Value> {
    let query = format!("{{ workList{arguments} {{ edges {{ node {{ {ITEM} }} }} }} }}");
    let data = f6.clerk().query(&query, &json!({})).await.data();
    let edges = data["workList"]["edges"].as_array().expect("edges").clone();
    edges.into_iter().map(|edge| edge["node"].clone()).collect()
}

/// The same, by kind and event.
async fn waiting(f6: &F6, arguments: &str) -> Vec<(String, Uuid)> {
    list(f6, arguments).await.iter().map(|item| (text(&item["kind"]), id(&item["event"]))).collect()
}

fn known_at(moment: &str) -> String {
    format!("(first: 500, knownAt: \"{moment}\")")
}

fn text(value: &Value) -> String {
    value.as_str().unwrap_or_else(|| panic!("no text: {value}")).to_owned()
}

fn id(event: &Value) -> Uuid {
    text(&event["id"]).parse().expect("a UUID")
}

fn ids(events: &Value) -> Vec<Uuid> {
    events.as_array().expect("a list").iter().map(id).collect()
}

fn item(kind: &str, event: impl Into<Uuid>) -> (String, Uuid) {
    (kind.to_owned(), event.into())
}

/// The remedies of an item: which mutation of what.
fn remedies(item: &Value) -> Vec<(String, Uuid)> {
    let remedies = item["resolvedBy"].as_array().expect("remedies");
    remedies.iter().map(|remedy| (text(&remedy["mutation"]), id(&remedy["target"]))).collect()
}

#[tokio::test]
async fn an_open_claim_is_on_the_list_until_it_is_judged() {
    // Given a birth that a parent declared
    let f6 = F6::start().await;
    let ambtenaar = f6.ambtenaar();
    assert_eq!(waiting(&f6, "").await, []);
    let declared = declare(&f6.ouder(), new_id(), "2026-01-01", "Dirk").await.accepted();

    // Then it waits since it was declared, and says what a clerk may do
    let found = list(&f6, "").await;
    assert_eq!(found.len(), 1);
    assert_eq!((&found[0]["kind"], id(&found[0]["event"])), (&json!("OPEN_CLAIM"), declared.id()));
    assert_eq!(found[0]["since"], found[0]["event"]["createdAt"]);
    assert_eq!((&found[0]["causes"], &found[0]["brokenRules"]), (&json!([]), &json!([])));
    assert_eq!(remedies(&found[0]), [item("validate", &declared), item("annul", &declared)]);
    let first = &found[0]["resolvedBy"][0];
    assert_eq!(first["message"], "accept this Geboorte, or reject it");
    assert_eq!((&first["sourceTypes"], &first["allowed"]), (&json!(["ambtenaar"]), &json!(true)));

    // When it is validated, then it is gone, and still on the list of before
    let validated = ambtenaar.validate(&declared).await.accepted();
    assert_eq!(waiting(&f6, "").await, []);
    assert_eq!(waiting(&f6, &known_at(declared.registered())).await, [item("OPEN_CLAIM", &declared)]);
    assert_eq!(waiting(&f6, &known_at(validated.registered())).await, []);

    // When that validation is annulled, then it is back, through that annulment
    let annulled = ambtenaar.annul(&validated).validated().await.accepted();
    let found = list(&f6, "").await;
    assert_eq!((text(&found[0]["kind"]), id(&found[0]["event"])), item("OPEN_CLAIM", &declared));
    assert_eq!(ids(&found[0]["causes"]), [annulled.id()]);
    assert_ne!(found[0]["since"], found[0]["event"]["createdAt"]);
}

#[tokio::test]
async fn what_is_validated_in_one_step_was_never_on_the_list() {
    let f6 = F6::start().await;
    f6.ambtenaar().register("Geboorte", birth(new_id(), "2026-01-01", "Dirk")).await;
    assert_eq!(waiting(&f6, "").await, []);
    let kept: i64 = f6.database.value("SELECT count(*) FROM work_item").await;
    assert_eq!(kept, 0);
}

#[tokio::test]
async fn a_rejected_claim_is_off_the_list() {
    let f6 = F6::start().await;
    let declared = declare(&f6.ouder(), new_id(), "2026-01-01", "Dirk").await.accepted();
    f6.ambtenaar().reject(&declared).await.accepted();
    assert_eq!(waiting(&f6, "").await, []);
    assert_eq!(waiting(&f6, &known_at(declared.registered())).await, [item("OPEN_CLAIM", &declared)]);
}

#[tokio::test]
async fn a_marriage_that_a_corrected_birth_contests_is_on_the_list_with_the_rule_and_the_correction() {
    // Given a marriage of two adults
    let f6 = F6::start().await;
    let mut history = History::beginning("2000-01-01T09:00:00Z");
    let (anna, bram) = (new_id(), adult(&mut history));
    let geboorte = history.fact("Geboorte", birth(anna, "1980-01-01", "Anna"));
    f6.import(&history);
    let ambtenaar = f6.ambtenaar();
    let married = ambtenaar.register("Huwelijk", marriage(anna, bram, "1999-09-09")).await;

    // When a correction makes one of them a child at the time
    let child = birth(anna, "1985-01-01", "Anna");
    let amend = ambtenaar.amend("Geboorte", geboorte, child).validated().await.accepted();

    // Then the marriage waits, with the rule that it breaks, and the birth and its correction as causes
    let found = list(&f6, "").await;
    assert_eq!(found.len(), 1);
    assert_eq!((text(&found[0]["kind"]), id(&found[0]["event"])), item("CONTESTED", &married));
    let broken = found[0]["brokenRules"].as_array().expect("rules");
    assert_eq!((broken.len(), &broken[0]["name"]), (1, &json!("both-are-adults")));
    assert!(text(&broken[0]["message"]).starts_with("both are 18 or older"));
    let causes = ids(&found[0]["causes"]);
    assert!(causes.contains(&geboorte) && causes.contains(&amend.id()), "{causes:?}");
    // And what resolves it: another marriage, none, or undoing the correction
    let offered = remedies(&found[0]);
    for remedy in [item("amendHuwelijk", &married), item("annul", &married), item("annul", &amend)] {
        assert!(offered.contains(&remedy), "{remedy:?}: {offered:?}");
    }
    assert_eq!(waiting(&f6, &known_at(married.registered())).await, []);

    // When the correction is undone, then it is off the list, which stays what it was before
    ambtenaar.annul(&amend).validated().await.accepted();
    assert_eq!(waiting(&f6, "").await, []);
    assert_eq!(waiting(&f6, &known_at(amend.registered())).await, [item("CONTESTED", &married)]);
}

#[tokio::test]
async fn a_marriage_that_a_clerk_contested_knowingly_is_on_the_list() {
    let f6 = F6::start().await;
    let [anna, bram] = adults(&f6);
    let ambtenaar = f6.ambtenaar();
    let married = ambtenaar.register("Huwelijk", marriage(anna, bram, "2020-02-02")).await;
    let death = ambtenaar.claim("Overlijden", death(anna, "2019-09-09")).despite([married.id()]);
    let died = death.validated().await.accepted();
    let found = list(&f6, "(kinds: [CONTESTED])").await;
    assert_eq!((found.len(), id(&found[0]["event"])), (1, married.id()));
    assert!(ids(&found[0]["causes"]).contains(&died.id()));
}

#[tokio::test]
async fn a_bsn_whose_birth_is_annulled_is_on_the_list_until_the_annulment_is_undone() {
    // Given a BSN that is based on a birth
    let f6 = F6::start().await;
    let ambtenaar = f6.ambtenaar();
    let kind = new_id();
    let born = ambtenaar.register("Geboorte", birth(kind, "2026-01-01", "Dirk")).await;
    let number = issue_bsn(&ambtenaar, kind, 1).based_on([born.id()]).validated().await.accepted();

    // When the birth is annulled
    let annulled = ambtenaar.annul(&born).validated().await.accepted();

    // Then the number is suspended through it; nobody may amend a number, so that is not offered
    let found = list(&f6, "").await;
    assert_eq!(found.len(), 1);
    assert_eq!((text(&found[0]["kind"]), id(&found[0]["event"])), item("SUSPENDED", &number));
    assert_eq!(ids(&found[0]["causes"]), [born.id(), annulled.id()]);
    assert_eq!(remedies(&found[0]), [item("annul", &annulled), item("annul", &number)]);

    // When the annulment is annulled, then it is back in force and off the list
    ambtenaar.annul(&annulled).validated().await.accepted();
    assert_eq!(waiting(&f6, "").await, []);
    assert_eq!(waiting(&f6, &known_at(annulled.registered())).await, [item("SUSPENDED", &number)]);
}

#[tokio::test]
async fn what_rests_on_a_claim_that_nobody_judged_is_suspended_by_it() {
    // Given a declared birth, and a choice of name that is based on it
    let f6 = F6::start().await;
    let ambtenaar = f6.ambtenaar();
    let kind = new_id();
    let declared = declare(&f6.ouder(), kind, "2026-01-01", "Dirk").await.accepted();
    let number = issue_bsn(&ambtenaar, kind, 2).based_on([declared.id()]).validated().await.accepted();

    // Then both wait, and judging the birth is what resolves either
    let found = list(&f6, "").await;
    assert_eq!(found.iter().map(|item| text(&item["kind"])).collect::<Vec<_>>(), ["OPEN_CLAIM", "SUSPENDED"]);
    assert_eq!(remedies(&found[1])[0], item("validate", &declared));

    // When it is accepted, then neither waits
    ambtenaar.validate(&declared).await.accepted();
    assert_eq!(waiting(&f6, "").await, []);
    assert_eq!(f6.status(&number).await, "VALIDATED");
}

#[tokio::test]
async fn a_correction_that_nobody_validated_is_on_the_list() {
    let f6 = F6::start().await;
    let ambtenaar = f6.ambtenaar();
    let kind = new_id();
    let born = ambtenaar.register("Geboorte", birth(kind, "2026-01-02", "Dirk")).await;
    let amend = ambtenaar.amend("Geboorte", &born, birth(kind, "2026-01-01", "Dirk")).await.accepted();
    let found = list(&f6, "").await;
    assert_eq!((text(&found[0]["kind"]), id(&found[0]["event"])), item("UNVALIDATED_CORRECTION", &amend));
    assert_eq!(remedies(&found[0]), [item("validate", &amend), item("annul", &amend)]);
    ambtenaar.validate(&amend).await.accepted();
    assert_eq!(waiting(&f6, "").await, []);
}

#[tokio::test]
async fn another_claim_is_contested_by_what_falls_with_the_basis_of_a_third() {
    // Given a marriage, its end, which is based on the death of somebody else, and a second marriage
    let f6 = F6::start().await;
    let [anna, bram, carla, dirk] = adults(&f6);
    let ambtenaar = f6.ambtenaar();
    let died = ambtenaar.register("Overlijden", death(dirk, "2015-01-01")).await;
    ambtenaar.register("Huwelijk", marriage(anna, bram, "2010-01-01")).await;
    let ended = json!({ "partner1": anna, "partner2": bram, "datum": "2015-01-01", "reden": "S" });
    let ended = ambtenaar.claim("Ontbinding", ended).based_on([died.id()]).validated().await.accepted();
    let second = ambtenaar.register("Huwelijk", marriage(anna, carla, "2016-01-01")).await;
    assert_eq!(waiting(&f6, "").await, []);

    // When the death, which is about none of them, is annulled
    let annulled = ambtenaar.annul(&died).validated().await.accepted();

    // Then the divorce is suspended, and the second marriage is contested by the first: the clerk is warned, and both wait
    assert_eq!(annulled.warnings().len(), 1);
    assert_eq!(annulled.warnings()[0].because, [second.id()]);
    let found = waiting(&f6, "").await;
    assert_eq!(found, [item("SUSPENDED", &ended), item("CONTESTED", &second)]);
}

#[tokio::test]
async fn the_list_is_filtered_by_kind_type_object_and_age() {
    // Given three claims and a correction that wait, registered in three years
    let f6 = F6::start().await;
    let mut history = History::beginning("2001-01-01T09:00:00Z");
    let (anna, bram) = (adult(&mut history), adult(&mut history));
    let geboorte =
        history.at("2010-05-05T09:00:00Z").claim("Geboorte", birth(new_id(), "2010-05-04", "Dirk"));
    let wedding = history.at("2011-05-05T09:00:00Z").claim("Huwelijk", marriage(anna, bram, "2011-05-04"));
    let dies = history.at("2012-05-05T09:00:00Z").claim("Overlijden", death(anna, "2012-05-04"));
    f6.import(&history);
    let born = f6.persoon(bram).ask("events(first: 1) { edges { node { id } } }").await;
    let born = id(&born["events"]["edges"][0]["node"]);
    let amend = f6.ambtenaar().amend("Geboorte", born, birth(bram, "1980-01-02", "Bram")).await.accepted();
    let [g, w, d] = [geboorte, wedding, dies].map(|event| item("OPEN_CLAIM", event));
    let c = item("UNVALIDATED_CORRECTION", &amend);

    let asked = async |arguments: &str| waiting(&f6, arguments).await;
    assert_eq!(asked("").await, [g.clone(), w.clone(), d.clone(), c.clone()]);
    assert_eq!(asked("(kinds: [UNVALIDATED_CORRECTION, CONTESTED])").await, std::slice::from_ref(&c));
    assert_eq!(asked("(kinds: OPEN_CLAIM, eventTypes: [\"Geboorte\"])").await, std::slice::from_ref(&g));
    assert_eq!(asked("(eventTypes: [\"Geboorte\", \"Huwelijk\"])").await, [g.clone(), w.clone(), c.clone()]);
    assert_eq!(asked(&format!("(objectId: \"{bram}\")")).await, [w.clone(), c.clone()]);
    assert_eq!(asked(&format!("(objectId: \"{anna}\", kinds: [OPEN_CLAIM])")).await, [w.clone(), d.clone()]);
    assert_eq!(asked(&format!("(objectId: \"{}\")", new_id())).await, []);
    // A date means that whole day
    assert_eq!(asked("(registeredBefore: \"2011-05-05\")").await, std::slice::from_ref(&g));
    assert_eq!(asked("(registeredBefore: \"2011-05-06\")").await, [g.clone(), w.clone()]);
    assert_eq!(asked("(registeredAfter: \"2011-05-05\")").await, [d.clone(), c.clone()]);
    let instant = "(registeredAfter: \"2011-05-05T08:59:59Z\", registeredBefore: \"2011-05-05T09:00:01Z\")";
    assert_eq!(asked(instant).await, std::slice::from_ref(&w));
    assert_eq!(asked("(knownAt: \"2011-12-31\")").await, [g, w]);
}

#[tokio::test]
async fn fifty_items_are_paged_without_gaps_or_doubles() {
    // Given fifty open claims, with validated ones between them
    let f6 = F6::start().await;
    let mut history = History::beginning("2010-01-01T09:00:00Z");
    let mut expected = Vec::new();
    for day in 0..50 {
        let datum = format!("2009-{:02}-{:02}", day / 25 + 1, day % 25 + 1);
        expected.push(history.claim("Geboorte", birth(new_id(), &datum, "Dirk")));
        history.fact("Geboorte", birth(new_id(), &datum, "Eva"));
    }
    f6.import(&history);

    // When they are read, seven at a time
    let (mut found, mut after, mut pages) = (Vec::new(), Value::Null, 0);
    loop {
        let query = "query($after: String) { workList(first: 7, after: $after) { edges { cursor node { event { id } } }
                     pageInfo { hasNextPage hasPreviousPage startCursor endCursor } } }";
        let page = f6.clerk().query(query, &json!({ "after": after })).await.data()["workList"].clone();
        let edges = page["edges"].as_array().expect("edges");
        assert_eq!(page["pageInfo"]["hasPreviousPage"], !after.is_null());
        assert_eq!(page["pageInfo"]["startCursor"], edges[0]["cursor"]);
        found.extend(edges.iter().map(|edge| id(&edge["node"]["event"])));
        pages += 1;
        if page["pageInfo"]["hasNextPage"] == json!(false) {
            break;
        }
        after = page["pageInfo"]["endCursor"].clone();
    }
    // Then all of them were there, once, oldest first
    assert_eq!((found, pages), (expected, 8));
}

#[tokio::test]
async fn a_list_takes_as_many_statements_for_forty_as_for_two_and_whatever_else_is_stored() {
    // Given a store with few events and one with many, and open claims of persons who are known
    let f6 = Setup::default().count_statements().start().await;
    let counter = f6.statements.as_ref().expect("statements are counted");
    let mut statements = Vec::new();
    for (year, size, more) in [("2010", 2, 0), ("2011", 38, 300)] {
        let mut history = History::beginning(&format!("{year}-01-01T09:00:00Z"));
        for _ in 0..size {
            let (anna, bram) = (adult(&mut history), adult(&mut history));
            history.claim("Huwelijk", marriage(anna, bram, "2009-05-05"));
        }
        for _ in 0..more {
            adult(&mut history);
        }
        f6.import(&history);
        let before = counter.count();
        assert_eq!(list(&f6, "(first: 100)").await.len(), if size == 2 { 2 } else { 40 });
        statements.push(counter.count() - before);
    }
    assert!(statements[0] > 0, "the counter stands in between");
    assert!(statements[1] <= statements[0], "statements for two, and for forty: {statements:?}");
}

#[tokio::test]
async fn a_remedy_says_who_may_do_it() {
    // Given event types that ask for four eyes, and an open claim of a clerk
    let f6 = Setup::default()
        .write_config(
            "    description: Two persons marry, or enter into a registered partnership.\n",
            "    four_eyes: true\n",
        )
        .start()
        .await;
    let [anna, bram] = adults(&f6);
    let clerk = f6.clerk();
    let married = clerk.claim("Huwelijk", marriage(anna, bram, "2020-02-02")).await.accepted();

    // Then the one who claimed it is told that another validates it, and may annul it
    let found = list(&f6, "").await;
    let [validate, annul] = [&found[0]["resolvedBy"][0], &found[0]["resolvedBy"][1]];
    assert_eq!((&validate["fourEyes"], &validate["allowed"]), (&json!(true), &json!(false)));
    assert_eq!(validate["message"], "accept this Huwelijk, or reject it; another than who made it does that");
    assert_eq!((&annul["fourEyes"], &annul["allowed"]), (&json!(false), &json!(true)));
    clerk.validate(&married).await.refused("FOUR_EYES");

    // And a colleague may do both
    let query = "{ workList { edges { node { resolvedBy { allowed } } } } }";
    let colleague = f6.ambtenaar().query(query, &json!({})).await.data();
    let allowed = json!([{ "allowed": true }, { "allowed": true }]);
    assert_eq!(colleague["workList"]["edges"][0]["node"]["resolvedBy"], allowed);
}

#[tokio::test]
async fn who_may_not_read_events_may_not_read_the_list() {
    let f6 = F6::start().await;
    let query = "{ workList { edges { cursor } } }";
    for principal in [f6.burger(), f6.ouder()] {
        assert_eq!(principal.query(query, &json!({})).await.error_at("FORBIDDEN"), "workList");
    }
}

#[tokio::test]
async fn what_a_list_is_asked_by_is_refused_where_it_makes_no_sense() {
    let f6 = F6::start().await;
    for (arguments, code) in [
        ("(first: 0)", "INVALID_PAGE"),
        ("(after: \"42\")", "INVALID_PAGE"),
        ("(eventTypes: [\"Geboort\"])", "UNKNOWN_EVENT_TYPE"),
        ("(objectId: \"x\")", "INVALID_ID"),
        ("(registeredBefore: \"soon\")", "INVALID_MOMENT"),
    ] {
        let query = format!("{{ workList{arguments} {{ edges {{ cursor }} }} }}");
        assert_eq!(f6.clerk().query(&query, &json!({})).await.error_at(code), "workList", "{arguments}");
    }
}

/// Numbers that look like chance, and are the same every time.
struct Dice(u64);

impl Dice {
    fn roll(&mut self, sides: usize) -> usize {
        self.0 = self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        usize::try_from(self.0 >> 33).expect("31 bits") % sides
    }

    fn of<'a, T>(&mut self, all: &'a [T]) -> &'a T {
        &all[self.roll(all.len())]
    }
}

/// A random command about a few persons and the events so far; whatever it contests, it accepts.
fn command<'a>(
    f6: &'a F6,
    dice: &mut Dice,
    persons: &[Uuid],
    events: &[(Uuid, String, Uuid)],
) -> Command<'a> {
    let ambtenaar = f6.ambtenaar();
    let [one, other] = [(); 2].map(|()| *dice.of(persons));
    let datum = format!("{}-0{}-0{}", 1985 + dice.roll(30), 1 + dice.roll(9), 1 + dice.roll(9));
    let claims: Vec<_> = events.iter().filter(|(_, kind, _)| kind == "Claim").collect();
    let target = |dice: &mut Dice| if events.is_empty() { new_id() } else { dice.of(events).0 };
    let throw = dice.roll(12);
    let command = match throw {
        0 => ambtenaar.claim("Geboorte", birth(one, &datum, "Anna")),
        1 | 2 => ambtenaar.claim("Huwelijk", marriage(one, other, &datum)),
        3 => ambtenaar.claim("Overlijden", death(one, &datum)),
        4 => issue_bsn(&ambtenaar, one, u32::try_from(dice.roll(500)).expect("few")),
        5 => {
            let ends = json!({ "partner1": one, "partner2": other, "datum": datum, "reden": "S" });
            ambtenaar.claim("Ontbinding", ends)
        }
        6 | 7 => return ambtenaar.validate(target(dice)).despite(claims.iter().map(|(id, ..)| *id)),
        8 => return ambtenaar.reject(target(dice)).despite(claims.iter().map(|(id, ..)| *id)),
        9 if claims.iter().any(|(_, _, born)| !born.is_nil()) => {
            let births: Vec<_> = claims.iter().filter(|(_, _, born)| !born.is_nil()).collect();
            let (claim, _, born) = dice.of(&births);
            ambtenaar.amend("Geboorte", *claim, birth(*born, &datum, "Anna"))
        }
        _ => ambtenaar.annul(target(dice)),
    };
    let is_claim = throw < 6;
    let command = if is_claim && !events.is_empty() && dice.roll(2) == 0 {
        command.based_on([dice.of(events).0])
    } else {
        command
    };
    let command = if dice.roll(3) > 0 { command.validated() } else { command };
    if is_claim { command.despite(claims.iter().map(|(id, ..)| *id)) } else { command }
}

/// What each event is worth at a moment, as the list should have it.
async fn worth(f6: &F6, moment: &str) -> Vec<(String, Uuid)> {
    let query = format!(
        "{{ events(first: 500, knownAt: \"{moment}\") {{ edges {{ node {{ id status eventKind }} }} }} }}"
    );
    let data = f6.clerk().query(&query, &json!({})).await.data();
    let edges = data["events"]["edges"].as_array().expect("edges").clone();
    let kind = |node: &Value| match (text(&node["status"]).as_str(), text(&node["eventKind"]).as_str()) {
        ("CLAIMED", "Claim") => Some("OPEN_CLAIM"),
        ("CLAIMED", _) => Some("UNVALIDATED_CORRECTION"),
        ("CONTESTED", _) => Some("CONTESTED"),
        ("SUSPENDED", _) => Some("SUSPENDED"),
        _ => None,
    };
    edges.iter().filter_map(|edge| Some(item(kind(&edge["node"])?, id(&edge["node"])))).collect()
}

async fn random_history(f6: &F6, dice: &mut Dice, commands: usize) -> Vec<String> {
    let persons: Vec<Uuid> = (0..5).map(|_| new_id()).collect();
    let (mut events, mut moments): (Vec<(Uuid, String, Uuid)>, Vec<String>) = (Vec::new(), Vec::new());
    for _ in 0..commands {
        let accepted: Option<Accepted> = command(f6, dice, &persons, &events).await.decided().ok();
        for event in accepted.iter().flat_map(Accepted::events) {
            let born = event["eventData"]["kind"].as_str().and_then(|born| born.parse().ok());
            events.push((id(event), text(&event["eventKind"]), born.unwrap_or_default()));
        }
        moments.extend(accepted.map(|accepted| accepted.registered().to_owned()));
    }
    moments
}

#[tokio::test]
async fn at_every_moment_the_list_is_what_the_statuses_of_all_events_say() {
    for seed in seeds() {
        // Given a history of random commands
        let f6 = F6::start().await;
        let moments = random_history(&f6, &mut Dice(seed), 110).await;
        assert!(moments.len() > 40, "only {} commands were accepted", moments.len());

        // Then at every moment the list has the events that wait by their own status, and no others
        let mut seen: Vec<String> = Vec::new();
        let mut expected = Vec::new();
        for moment in &moments {
            let worth = worth(&f6, moment).await;
            assert_eq!(waiting(&f6, &known_at(moment)).await, worth, "seed {seed}, at {moment}");
            seen.extend(worth.iter().map(|(kind, _)| kind.clone()));
            expected.push(worth);
        }
        for kind in ["OPEN_CLAIM", "UNVALIDATED_CORRECTION", "CONTESTED", "SUSPENDED"] {
            assert!(seen.iter().any(|of| of == kind), "seed {seed} has nothing {kind}");
        }

        // When the index is what a migration makes of the log, and when it is built anew, then it still is
        let kept: String = f6.database.value(ROWS).await;
        for rebuild in [false, true] {
            if rebuild {
                assert!(f6.query_api(["rebuild"]).status().expect("query-api runs").success());
            } else {
                migrated_anew(&f6).await;
            }
            for (moment, worth) in moments.iter().zip(&expected).step_by(5) {
                assert_eq!(&waiting(&f6, &known_at(moment)).await, worth, "rebuilt {rebuild}, at {moment}");
            }
        }
        // And what the append keeps is what is built anew, row by row
        let rebuilt: String = f6.database.value(ROWS).await;
        assert_eq!(kept, rebuilt, "seed {seed}");
    }
}

/// The whole index, as text.
const ROWS: &str = "SELECT coalesce(string_agg(format('%s %s %s-%s', position, kind, since, until), E'\\n' ORDER BY position, since), '') FROM work_item";

/// Empties the index, and fills it as the migration does.
async fn migrated_anew(f6: &F6) {
    use sqlx::{AssertSqlSafe, Executor};
    let up = include_str!("../../migration/sql/m20261127_000006_work/up.sql");
    let fill = &up[up.find("WITH first_judgement").expect("it fills the table")..];
    let fill = &fill[..fill.find(';').expect("a statement ends")];
    let mut owner = f6.database.connect(tests::Role::Migration).await;
    owner.execute("TRUNCATE work_item").await.expect("it is derived");
    owner.execute(AssertSqlSafe(fill.to_owned())).await.expect("the migration fills it");
}

/// Which histories; more, to look for one that is told wrongly: `WORK_LIST_SEEDS=1,2,3`.
fn seeds() -> Vec<u64> {
    let given = std::env::var("WORK_LIST_SEEDS").unwrap_or_else(|_| "3,14".to_owned());
    given.split(',').map(|seed| seed.parse().expect("a number")).collect()
}

#[tokio::test]
async fn two_servers_keep_one_list() {
    // Given two write servers on one database
    let f6 = Setup::default().write_servers(2).start().await;
    let ambtenaar = f6.ambtenaar();
    let other = ambtenaar.through(1);
    let kind = new_id();

    // When each goes on where the other left off
    let declared = ambtenaar.claim("Geboorte", birth(kind, "2026-01-01", "Dirk")).await.accepted();
    let number = issue_bsn(&other, kind, 3).based_on([declared.id()]).validated().await.accepted();
    assert_eq!(waiting(&f6, "").await, [item("OPEN_CLAIM", &declared), item("SUSPENDED", &number)]);
    other.validate(&declared).await.accepted();
    assert_eq!(waiting(&f6, "").await, []);
    let annulled = ambtenaar.annul(&declared).validated().await.accepted();
    assert_eq!(waiting(&f6, "").await, [item("SUSPENDED", &number)]);
    other.annul(&annulled).validated().await.accepted();
    assert_eq!(waiting(&f6, "").await, []);
}

#[tokio::test]
async fn a_command_that_is_sent_again_changes_nothing_on_the_list() {
    let f6 = F6::start().await;
    let family = Family::registered_in(&f6);
    let (ambtenaar, event) = (f6.ambtenaar(), new_id());
    let data = json!({ "persoon": family.moeder, "bsn": bsn(4) });
    let claim = || {
        let claim = ambtenaar.claim("BsnToegekend", data.clone()).id(event);
        claim.with("occurredAt", json!("2026-01-07T10:00:00Z"))
    };
    claim().await.accepted();
    claim().await.accepted();
    assert_eq!(waiting(&f6, "").await, [item("OPEN_CLAIM", event)]);
    ambtenaar.validate(event).await.accepted();
    claim().await.accepted();
    assert_eq!(waiting(&f6, "").await, []);
}

#[tokio::test]
async fn commands_that_are_committed_together_leave_the_list_right() {
    // Given two write servers, and clerks who claim, judge and annul at the same time, whatever comes of it
    let f6 = Setup::default().write_servers(2).start().await;
    let ambtenaar = f6.ambtenaar();
    let clerks = (0..40).map(async |number: usize| {
        let clerk = ambtenaar.through(number % 2);
        let (kind, born, based) = (new_id(), new_id(), new_id());
        clerk.claim("Geboorte", birth(kind, "2026-01-01", "Dirk")).id(born).await.accepted();
        let number_of = u32::try_from(number).expect("few");
        let bsn = issue_bsn(&clerk, kind, number_of).id(based).based_on([born]).validated();
        let other = ambtenaar.through((number + 1) % 2);
        let (bsn, judged) = futures::join!(bsn.into_future(), other.validate(born).into_future());
        drop((bsn.accepted(), judged.accepted()));
        if number.is_multiple_of(3) {
            clerk.annul(born).validated().await.accepted();
        }
    });
    futures::future::join_all(clerks).await;

    // Then the list is what the statuses say
    let data =
        f6.clerk().query("{ events(first: 500) { edges { node { createdAt } } } }", &json!({})).await.data();
    let edges = data["events"]["edges"].as_array().expect("edges").clone();
    let last = text(&edges.last().expect("events")["node"]["createdAt"]);
    let now = waiting(&f6, "(first: 500)").await;
    assert_eq!(now, worth(&f6, &last).await);
    assert_eq!(now.len(), 14, "as many numbers as births were annulled");
}
