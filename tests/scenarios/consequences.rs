//! What follows from a correction: exactly what changes, told before it is made, beside it, and ever after.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::{Value, json};
use tests::{Accepted, Command, F6, History, Setup, new_id};
use uuid::Uuid;

use crate::family::{adult, adults, birth, death, issue_bsn, marriage};

/// Everything that events say of a person, over the whole material line.
const WHOLE: &str = "history {
    naam { value { voornamen geslachtsnaam } from { day } until { day } }
    geboortedatum { value { text } from { day } until { day } }
    bsn { value from { day } until { day } }
    moeder { value { id } from { day } until { day } }
    ouder2 { value { id } from { day } until { day } }
    ouderschap2 { value { grond sinds { text } } from { day } until { day } }
    kinderen { value { id } from { day } until { day } }
    jongsteKindGeboren { value { text } from { day } until { day } }
    partner { value { id } from { day } until { day } }
    vorigePartner { value { id } from { day } until { day } }
    verbintenis { value { soort sinds { text } } from { day } until { day } }
    nationaliteiten { value from { day } until { day } }
    overlijdensdatum { value { text } from { day } until { day } }
  }";

/// What follows from that on the day that is asked about.
const DERIVED: &str = "leeftijd opschorting onderCuratele verstrekkingsbeperking minderjarig bevoegdTotGezag oudersVerbonden
    erkendMetGezag partnersBijGeboorte { id } gezagUitspraakDuidelijk gezagGrondslag { grond indicatie derden { id } instelling }
    gezagRustBij { id } gezagHouders { id } gezagGrond gezag { soort indicatie grond artikel instelling houders { id } }";

/// A field of a person.
type FieldOf = (Uuid, String);

/// What is told of each field of these persons, as known at a moment.
async fn told(f6: &F6, persons: &[Uuid], known_at: Option<&str>) -> BTreeMap<FieldOf, Value> {
    let mut told = BTreeMap::new();
    for person in persons {
        let question = f6.persoon(*person);
        let question = known_at.map_or(question.clone(), |moment| question.known_at(moment));
        let answer = question.ask(&format!("{WHOLE} {DERIVED}")).await;
        let derived = answer.as_object().into_iter().flatten().filter(|(name, _)| *name != "history");
        // A field of which nothing was ever said has no periods.
        let fields = answer["history"].as_object().into_iter().flatten();
        let fields = fields.filter(|(_, periods)| **periods != json!([])).chain(derived);
        told.extend(fields.map(|(field, periods)| ((*person, field.clone()), periods.clone())));
    }
    told
}

/// The fields that are not told alike.
fn differing(before: &BTreeMap<FieldOf, Value>, after: &BTreeMap<FieldOf, Value>) -> BTreeSet<FieldOf> {
    let of = |told: &BTreeMap<FieldOf, Value>, field| told.get(field).cloned().unwrap_or_default();
    let all = before.keys().chain(after.keys());
    all.filter(|field| of(before, field) != of(after, field)).cloned().collect()
}

/// The fields that consequences name.
fn named(consequences: &Value) -> BTreeSet<FieldOf> {
    let mut named = BTreeSet::new();
    for object in list(&consequences["objects"]) {
        let id = object["id"].as_str().expect("an id").parse().expect("a UUID");
        let changes = list(&object["changes"]);
        named.extend(changes.iter().map(|change| (id, text(change, "field").to_owned())));
    }
    for change in list(&consequences["derived"]) {
        named.insert((text(change, "id").parse().expect("a UUID"), text(change, "field").to_owned()));
    }
    named
}

fn list(value: &Value) -> &[Value] {
    value.as_array().unwrap_or_else(|| panic!("no list: {value}"))
}

/// Gives a correction and holds what it changes against what was told of it: beforehand, beside it, and afterwards.
async fn correct(f6: &F6, persons: &[Uuid], command: Command<'_>) -> Accepted {
    let command = command.validated().with_consequences();
    // Given what is known before
    let before = told(f6, persons, None).await;
    let last = f6.persoon(persons[0]).ask("basis { knownAt }").await["basis"]["knownAt"].clone();
    let last = last.as_str().expect("a moment").to_owned();

    // When it is only asked what would follow, then that is told, and nothing changes
    let foretold = command.clone().dry_run().await.accepted().consequences().clone();
    assert_eq!(told(f6, persons, None).await, before, "a dry run writes nothing");

    // When it is done, then the same is told, and afterwards too
    let corrected = command.await.accepted();
    let followed = corrected.consequences().clone();
    assert_eq!(untold(&followed), untold(&foretold));
    // (where the correction itself, registered just before, comes to count)
    let mut afterwards = untold(&consequences(f6, corrected.validation(), "REGISTERED").await);
    let events = afterwards["events"].as_array_mut().expect("a list");
    events.retain(|event| event["event"]["id"] != json!(corrected.id()));
    assert_eq!(afterwards, untold(&followed));

    // Then exactly what was named differs, and as known before, every answer is what it was
    assert_eq!(differing(&before, &told(f6, persons, None).await), named(&followed));
    assert_eq!(told(f6, persons, Some(&last)).await, before);
    corrected
}

/// Without the events' own ids, which a dry run invents.
fn untold(consequences: &Value) -> Value {
    let mut consequences = consequences.clone();
    for object in consequences["objects"].as_array_mut().into_iter().flatten() {
        for change in object["changes"].as_array_mut().into_iter().flatten() {
            change.as_object_mut().expect("an object").remove("through");
        }
    }
    consequences
}

/// What followed from an event.
async fn consequences(f6: &F6, event: Uuid, at: &str) -> Value {
    let query = format!(
        "query($id: UUID!) {{ consequences(eventId: $id, at: {at}) {{
           objects {{ id objectType changes {{ field from until before after through {{ id }} }} }}
           derived {{ id field before after }}
           events {{ event {{ id }} before after breaks {{ name message }} }}
           revisit {{ id }} }} }}"
    );
    f6.ambtenaar().query(&query, &json!({ "id": event })).await.data()["consequences"].clone()
}

/// Each event whose status changes: which, from what, to what.
fn statuses(consequences: &Value) -> Vec<(Uuid, &str, &str)> {
    let status =
        |event: &'_ Value| -> Uuid { event["event"]["id"].as_str().expect("an id").parse().expect("a UUID") };
    let of = |event| (status(event), text(event, "before"), text(event, "after"));
    list(&consequences["events"]).iter().map(of).collect()
}

fn text<'a>(value: &'a Value, field: &str) -> &'a str {
    value[field].as_str().unwrap_or_else(|| panic!("no {field}: {value}"))
}

/// A nationality that follows from a parent's.
fn dutch_through(persoon: Uuid, datum: &str, parent: Uuid) -> Value {
    json!({ "persoon": persoon, "nationaliteit": "0001", "datum": datum, "reden": "017", "ontleendAan": parent })
}

fn born_of(kind: Uuid, datum: &str, moeder: Uuid, ouder2: Option<Uuid>) -> Value {
    let mut data = birth(kind, datum, "Dirk");
    data["moeder"] = json!(moeder);
    if let Some(ouder2) = ouder2 {
        data["ouder2"] = json!(ouder2);
    }
    data
}

#[tokio::test]
async fn a_corrected_birth_date_contests_a_marriage_under_age() {
    // Given a marriage of two who were adults, as far as was known
    let f6 = F6::start().await;
    let mut history = History::beginning("2000-01-01T09:00:00Z");
    let (anna, bram) = (new_id(), adult(&mut history));
    let born = history.fact("Geboorte", birth(anna, "1980-01-01", "Anna"));
    f6.import(&history);
    let married = f6.ambtenaar().register("Huwelijk", marriage(anna, bram, "1999-09-09")).await;

    // When it turns out that she was fourteen
    let amend = f6.ambtenaar().amend("Geboorte", born, birth(anna, "1985-01-01", "Anna"));
    let amended = correct(&f6, &[anna, bram], amend).await;

    // Then her birth date changes, on the stretches where it did not hold and where it does
    let followed = amended.consequences();
    let changes = &list(&followed["objects"])[0]["changes"];
    let dates: Vec<_> = list(changes)
        .iter()
        .filter(|change| change["field"] == "geboortedatum")
        .map(|change| json!([change["from"], change["until"], change["before"], change["after"]]))
        .collect();
    assert_eq!(
        dates,
        [
            json!(["1980-01-01", "1985-01-01", "1980-01-01", null]),
            json!(["1985-01-01", null, "1980-01-01", "1985-01-01"])
        ]
    );
    // And the marriage is contested, by the rule that it breaks; its fields are under investigation
    assert_eq!(statuses(followed), [(married.id(), "VALIDATED", "CONTESTED")]);
    assert_eq!(list(&followed["events"])[0]["breaks"][0]["name"], "both-are-adults");
    let doubted = f6.persoon(bram).ask("inOnderzoek").await;
    assert_eq!(doubted, json!({ "inOnderzoek": ["partner", "verbintenis"] }));
    // And the chain of events that makes the difference is told
    let through = &list(changes)[0]["through"];
    let ids: Vec<&str> = list(through).iter().map(|event| text(event, "id")).collect();
    assert!(ids.contains(&amended.id().to_string().as_str()), "{ids:?}");
}

#[tokio::test]
async fn a_nationality_falls_through_three_generations() {
    // Given a grandmother, a mother and a child, each Dutch through the one before
    let f6 = F6::start().await;
    let mut history = History::beginning("2000-01-01T09:00:00Z");
    let (oma, moeder, kind, other) = (adult(&mut history), new_id(), new_id(), adult(&mut history));
    history.fact("Geboorte", born_of(moeder, "2000-01-02", oma, None));
    history.at("2020-01-01T09:00:00Z");
    history.fact("Geboorte", born_of(kind, "2019-12-31", moeder, None));
    let first = json!({ "persoon": oma, "nationaliteit": "0001", "datum": "1999-01-01", "reden": "027" });
    let acquired = history.fact("NationaliteitVerkregen", first);
    history.fact("NationaliteitVerkregen", dutch_through(moeder, "2000-01-02", oma));
    history.fact("NationaliteitVerkregen", dutch_through(kind, "2019-12-31", moeder));
    f6.import(&history);

    // When the grandmother's turns out never to have been acquired
    let annulled = correct(&f6, &[oma, moeder, kind, other], f6.ambtenaar().annul(acquired)).await;

    // Then nobody of the three was ever Dutch, and both claims that say so are contested
    let changed = [oma, moeder, kind].map(|person| (person, "nationaliteiten".to_owned()));
    assert_eq!(named(annulled.consequences()), BTreeSet::from(changed));
    assert_eq!(
        statuses(annulled.consequences()).iter().map(|(_, from, to)| (*from, *to)).collect::<Vec<_>>(),
        [("VALIDATED", "ANNULLED"), ("VALIDATED", "CONTESTED"), ("VALIDATED", "CONTESTED")]
    );

    // When the annulment is annulled, then each is what it was
    let before = told(&f6, &[oma, moeder, kind], None).await;
    correct(&f6, &[oma, moeder, kind, other], f6.ambtenaar().annul(&annulled)).await;
    assert_eq!(differing(&before, &told(&f6, &[oma, moeder, kind], None).await).len(), 3);
}

#[tokio::test]
async fn a_recognition_annulled_by_a_court_takes_with_it_what_followed() {
    // Given a child that was recognised, and is Belgian through who recognised it
    let f6 = F6::start().await;
    let mut history = History::beginning("2000-01-01T09:00:00Z");
    let (moeder, vader, kind) = (adult(&mut history), adult(&mut history), new_id());
    history.fact("Geboorte", born_of(kind, "2000-01-01", moeder, None));
    let recognised = json!({ "kind": kind, "erkenner": vader, "moeder": moeder, "datum": "2000-01-01" });
    let recognised = history.at("2001-01-01T09:00:00Z").fact("Erkenning", recognised);
    history.fact(
        "NationaliteitVerkregen",
        json!({ "persoon": vader, "nationaliteit": "0052", "datum": "1980-01-01" }),
    );
    let through =
        json!({ "persoon": kind, "nationaliteit": "0052", "datum": "2000-01-01", "ontleendAan": vader });
    let through = history.fact("NationaliteitVerkregen", through);
    f6.import(&history);

    // When the recognition is annulled
    let annulled = correct(&f6, &[moeder, vader, kind], f6.ambtenaar().annul(recognised)).await;

    // Then he is no parent, and the nationality is contested: it follows from who is none
    let followed = annulled.consequences();
    assert!(named(followed).contains(&(kind, "ouder2".to_owned())));
    assert!(named(followed).contains(&(vader, "kinderen".to_owned())));
    assert!(statuses(followed).contains(&(through, "VALIDATED", "CONTESTED")), "{followed}");
}

#[tokio::test]
async fn a_death_recorded_for_the_wrong_person_is_undone_as_if_it_never_was() {
    // Given a couple of which one is recorded as having died, and the bond as ended by it
    let f6 = F6::start().await;
    let [anna, bram] = adults(&f6);
    let ambtenaar = f6.ambtenaar();
    ambtenaar.register("Huwelijk", marriage(anna, bram, "2005-05-05")).await;
    let alive = told(&f6, &[anna, bram], None).await;
    let mut died = death(anna, "2020-02-02");
    died["partner"] = json!(bram);
    let died = ambtenaar.register("Overlijden", died).await;

    // When it turns out to have been somebody else
    correct(&f6, &[anna, bram], ambtenaar.annul(&died)).await;

    // Then everything is back as it was
    assert_eq!(told(&f6, &[anna, bram], None).await, alive);
}

#[tokio::test]
async fn a_wrong_validation_is_annulled_and_the_claim_waits_again() {
    // Given a death that was validated
    let f6 = F6::start().await;
    let [anna] = adults(&f6);
    let claimed = f6.ambtenaar().claim("Overlijden", death(anna, "2020-02-02")).await.accepted();
    let validated = f6.ambtenaar().validate(&claimed).await.accepted();

    // When the validation was a mistake
    let annulled = correct(&f6, &[anna], f6.ambtenaar().annul(&validated)).await;

    // Then the death is only claimed
    assert_eq!(
        statuses(annulled.consequences()),
        [(claimed.id(), "VALIDATED", "CLAIMED"), (validated.id(), "VALIDATED", "ANNULLED")]
    );
    assert_eq!(f6.persoon(anna).ask("overlijdensdatum { text }").await, json!({ "overlijdensdatum": null }));
}

#[tokio::test]
async fn a_correction_is_itself_corrected() {
    // Given a birth date that was corrected
    let f6 = F6::start().await;
    let mut history = History::beginning("2000-01-01T09:00:00Z");
    let anna = new_id();
    let born = history.fact("Geboorte", birth(anna, "1980-01-01", "Anna"));
    f6.import(&history);
    let ambtenaar = f6.ambtenaar();
    let first = told(&f6, &[anna], None).await;
    let amend = ambtenaar.amend("Geboorte", born, birth(anna, "1981-01-01", "Anna"));
    let amended = correct(&f6, &[anna], amend).await;

    // When it is corrected once more, then the newest counts
    let again = ambtenaar.amend("Geboorte", born, birth(anna, "1982-01-01", "Anna"));
    let again = correct(&f6, &[anna], again).await;
    let date = "geboortedatum { text }";
    assert_eq!(f6.persoon(anna).ask(date).await, json!({ "geboortedatum": { "text": "1982-01-01" } }));

    // When the newest is annulled, then the one before; and when that is, too, then the claim as it was made
    correct(&f6, &[anna], ambtenaar.annul(&again)).await;
    assert_eq!(f6.persoon(anna).ask(date).await, json!({ "geboortedatum": { "text": "1981-01-01" } }));
    correct(&f6, &[anna], ambtenaar.annul(&amended)).await;
    assert_eq!(told(&f6, &[anna], None).await, first);
}

#[tokio::test]
async fn what_was_done_because_of_an_event_is_named_to_be_looked_at_again() {
    // Given a number that a system issued because of a birth, and a name of somebody else that is based on that
    let f6 = F6::start().await;
    let ambtenaar = f6.ambtenaar();
    let kind = new_id();
    let born = ambtenaar.register("Geboorte", birth(kind, "2026-01-01", "Dirk")).await;
    let number = issue_bsn(&f6.principal("systeem"), kind, 1).based_on([born.id()]).validated();
    let number = number.await.accepted();

    // When the birth gets another date, then the number stands, and is to be looked at again
    let amend = ambtenaar.amend("Geboorte", &born, birth(kind, "2026-01-02", "Dirk"));
    let amended = correct(&f6, &[kind], amend).await;
    assert_eq!(amended.consequences()["revisit"], json!([{ "id": number.id() }]));
    assert_eq!(f6.status(&number).await, "VALIDATED");

    // When the birth is annulled, then the number is suspended
    let annulled = correct(&f6, &[kind], ambtenaar.annul(&born)).await;
    assert_eq!(annulled.consequences()["revisit"], json!([{ "id": number.id() }]));
    assert!(statuses(annulled.consequences()).contains(&(number.id(), "VALIDATED", "SUSPENDED")));
    assert!(named(annulled.consequences()).contains(&(kind, "bsn".to_owned())));
}

#[tokio::test]
async fn a_void_marriage_undoes_a_surname_a_parenthood_and_a_nationality() {
    // Given a child whose father is its father by his marriage to the mother, whose nationality is the father's, and
    // whose surname was chosen because of that marriage
    let f6 = F6::start().await;
    let mut history = History::beginning("2000-01-01T09:00:00Z");
    let (moeder, vader, kind) = (adult(&mut history), adult(&mut history), new_id());
    let belgian = json!({ "persoon": vader, "nationaliteit": "0052", "datum": "1980-01-01" });
    history.fact("NationaliteitVerkregen", belgian);
    f6.import(&history);
    let ambtenaar = f6.ambtenaar();
    let married = ambtenaar.register("Huwelijk", marriage(moeder, vader, "2010-05-05")).await;
    let mut born = born_of(kind, "2012-03-03", moeder, Some(vader));
    born["ouderDoorHuwelijk"] = json!(true);
    let born = ambtenaar.register("Geboorte", born).await;
    let through =
        json!({ "persoon": kind, "nationaliteit": "0052", "datum": "2012-03-03", "ontleendAan": vader });
    let through = ambtenaar.register("NationaliteitVerkregen", through).await;
    let name = json!({ "kind": kind, "datum": "2012-03-03", "naam": { "voornamen": "Dirk", "geslachtsnaam": "Peeters" } });
    let chosen = ambtenaar.claim("Naamskeuze", name).based_on([married.id()]);
    let chosen = chosen.validated().await.accepted();

    // When the marriage turns out to be void
    let annulled = correct(&f6, &[moeder, vader, kind], ambtenaar.annul(&married)).await;

    // Then all of it is undone, and the events that said so are suspended or contested
    let of_child: Vec<String> = named(annulled.consequences())
        .into_iter()
        .filter_map(|(person, field)| (person == kind).then_some(field))
        .collect();
    let set = ["naam", "nationaliteiten", "ouder2", "ouderschap2"];
    assert!(set.iter().all(|field| of_child.iter().any(|changed| changed == field)), "{of_child:?}");
    // And so is what follows from it on the day that is asked about: custody
    assert!(of_child.iter().any(|changed| changed == "gezagHouders"), "{of_child:?}");
    let expected = [
        (married.id(), "VALIDATED", "ANNULLED"),
        (born.id(), "VALIDATED", "CONTESTED"),
        (through.id(), "VALIDATED", "CONTESTED"),
        (chosen.id(), "VALIDATED", "SUSPENDED"),
    ];
    assert_eq!(statuses(annulled.consequences()), expected);
    let child = f6.persoon(kind).ask("naam { geslachtsnaam } ouder2 { id } nationaliteiten").await;
    assert_eq!(
        child,
        json!({ "naam": { "geslachtsnaam": "Jansen" }, "ouder2": null, "nationaliteiten": null })
    );
}

#[tokio::test]
async fn what_follows_now_is_what_differs_without_the_event() {
    // Given a marriage that was dissolved later
    let f6 = F6::start().await;
    let [anna, bram, other] = adults(&f6);
    let ambtenaar = f6.ambtenaar();
    let married = ambtenaar.register("Huwelijk", marriage(anna, bram, "2005-05-05")).await;
    let dissolved = ambtenaar
        .register(
            "Ontbinding",
            json!({ "partner1": anna, "partner2": bram, "datum": "2010-10-10", "reden": "S" }),
        )
        .await;
    ambtenaar.register("Huwelijk", marriage(anna, other, "2015-05-05")).await;

    // Then what followed from it when it was registered has no end, and nothing of the divorce
    let then = consequences(&f6, married.validation(), "REGISTERED").await;
    let partner: Vec<Value> = changes_of(&then, anna, "partner");
    assert_eq!(partner, [json!(["2005-05-05", null, null, bram])]);

    // And what hangs on it now ends with the divorce, which without it would be of nobody
    let now = consequences(&f6, married.id(), "NOW").await;
    assert_eq!(changes_of(&now, anna, "partner"), [json!(["2005-05-05", "2010-10-10", null, bram])]);
    assert_eq!(statuses(&now), [(dissolved.id(), "CONTESTED", "VALIDATED")]);
}

/// The stretches of a field of a person: from, until, before, after.
fn changes_of(consequences: &Value, person: Uuid, field: &str) -> Vec<Value> {
    let of_person = list(&consequences["objects"]).iter().filter(|object| object["id"] == json!(person));
    let changes =
        of_person.flat_map(|object| list(&object["changes"])).filter(|change| change["field"] == field);
    changes
        .map(|change| json!([change["from"], change["until"], change["before"], change["after"]]))
        .collect()
}

/// A grandmother whose nationality so many children passed on to so many children each; the event by which she has it.
fn dutch_line(history: &mut History, children: usize) -> Uuid {
    let oma = adult(history);
    let first = json!({ "persoon": oma, "nationaliteit": "0001", "datum": "1999-01-01", "reden": "027" });
    let acquired = history.fact("NationaliteitVerkregen", first);
    for _ in 0..children {
        let moeder = new_id();
        history.fact("Geboorte", born_of(moeder, "2000-01-02", oma, None));
        history.fact("NationaliteitVerkregen", dutch_through(moeder, "2000-01-02", oma));
        for _ in 0..children {
            let kind = new_id();
            history.fact("Geboorte", born_of(kind, "2019-12-31", moeder, None));
            history.fact("NationaliteitVerkregen", dutch_through(kind, "2019-12-31", moeder));
        }
    }
    acquired
}

#[tokio::test]
async fn consequences_are_read_generation_by_generation_however_many_there_are_and_whoever_else_there_is() {
    // Given a family of three, one of twenty-one, and a hundred others
    let f6 = Setup::default().count_statements().start().await;
    let mut history = History::beginning("2020-01-01T09:00:00Z");
    let [small, large] = [1, 4].map(|children| dutch_line(&mut history, children));
    for _ in 0..100 {
        adult(&mut history);
    }
    f6.import(&history);
    let counter = f6.statements.as_ref().expect("statements are counted");

    // When it is asked what hangs on the nationality that each began with
    let mut statements = Vec::new();
    for (event, persons) in [(small, 3), (large, 21)] {
        let before = counter.count();
        let told = consequences(&f6, event, "NOW").await;
        assert_eq!(list(&told["objects"]).len(), persons);
        statements.push(counter.count() - before);
    }

    // Then each takes as many statements
    assert!(statements[0] > 0, "the counter stands in between");
    assert!(statements[1] <= statements[0], "statements for three, and for twenty-one: {statements:?}");
}

#[tokio::test]
async fn what_follows_is_shown_to_who_may_see_it() {
    // Given a birth
    let f6 = F6::start().await;
    let [anna] = adults(&f6);
    let died = f6.ambtenaar().register("Overlijden", death(anna, "2020-02-02")).await;

    // Then who may not read events learns nothing, and nobody learns anything of an event that does not exist
    let query = "query($id: UUID!) { consequences(eventId: $id) { objects { id } } }";
    let answer = f6.burger().query(query, &json!({ "id": died.id() })).await;
    assert_eq!(answer.error_at("FORBIDDEN"), "consequences");
    let answer = f6.ambtenaar().query(query, &json!({ "id": new_id() })).await;
    assert_eq!(answer.data(), json!({ "consequences": null }));

    // Nor who may not read them, of what their own claim would change
    let claim = f6.person("burger", anna).claim("Huwelijk", marriage(anna, new_id(), "2019-09-09"));
    let answer = claim.dry_run().with_consequences().send().await.expect("an answer");
    assert_eq!(answer.error_at("FORBIDDEN"), "claimHuwelijk.consequences");

    // And a claim that nobody has validated changes nothing
    let claimed =
        f6.ambtenaar().claim("Huwelijk", marriage(anna, new_id(), "2019-09-09")).with_consequences();
    let claimed = claimed.await.accepted();
    assert_eq!(claimed.consequences(), &json!({ "objects": [], "derived": [], "events": [], "revisit": [] }));
}
