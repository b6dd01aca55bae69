//! Custody: who has it over a minor, on a day, as known on another; by a ruling, or by law.
//!
//! Every answer is told in one line: which kind, who has it, and why.

use serde_json::{Value, json};
use tests::{F6, History, Question, Setup, bsn, new_id};
use uuid::Uuid;

use crate::family::{Family, adult, birth, death, marriage};

const GEZAG: &str = "gezag { soort indicatie grond artikel instelling houders { naam { voornamen } } }";

/// `EenhoofdigOuderlijkGezag 1 (Anna): EnigeOuder`; `geen` where there is no custody.
async fn told(question: Question<'_>) -> String {
    let gezag = question.ask(GEZAG).await["gezag"].clone();
    if gezag.is_null() {
        return "geen".to_owned();
    }
    let text = |key: &str| gezag[key].as_str().unwrap_or("-").to_owned();
    let names = gezag["houders"].as_array().expect("a list").iter();
    let mut names: Vec<String> =
        names.map(|holder| holder["naam"]["voornamen"].as_str().unwrap_or("?").to_owned()).collect();
    names.extend(gezag["instelling"].as_str().map(str::to_owned));
    format!("{} {} ({}): {}", text("soort"), text("indicatie"), names.join(", "), text("grond"))
}

async fn on(f6: &F6, kind: Uuid, day: &str) -> String {
    told(f6.persoon(kind).as_of(day)).await
}

/// Anna and Bram, and their child Kim, of whom the deed of birth names Anna alone.
struct Household {
    history: History,
    anna: Uuid,
    bram: Uuid,
    kim: Uuid,
}

impl Household {
    /// Kim is born on this day.
    fn born(datum: &str) -> Self {
        Self::with(datum, |_| json!({}))
    }

    /// The same, with more in the deed of birth.
    fn with(datum: &str, more: impl FnOnce(&Family) -> Value) -> Self {
        let mut history = History::beginning("2000-01-01T09:00:00Z");
        let family = Family::registered(&mut history);
        let mut household = Self { history, anna: family.moeder, bram: family.vader, kim: new_id() };
        let mut deed = birth(household.kim, datum, "Kim");
        deed["moeder"] = json!(family.moeder);
        for (key, value) in more(&family).as_object().expect("a structure") {
            deed[key] = value.clone();
        }
        household.fact("Geboorte", deed);
        household
    }

    /// Kim is born on this day to Anna and Bram, who married on 1 May 2010.
    fn married(datum: &str) -> Self {
        let mut household = Self::with(datum, |family| json!({ "ouder2": family.vader }));
        household.fact("Huwelijk", marriage(household.anna, household.bram, "2010-05-01"));
        household
    }

    fn fact(&mut self, event_type: &str, data: Value) -> Uuid {
        self.history.fact(event_type, data)
    }

    fn recognised(&mut self, datum: &str, more: Value) {
        let mut data =
            json!({ "kind": self.kim, "erkenner": self.bram, "moeder": self.anna, "datum": datum });
        for (key, value) in more.as_object().expect("a structure") {
            data[key] = value.clone();
        }
        self.fact("Erkenning", data);
    }

    fn divorced(&mut self, datum: &str) {
        let data = json!({ "partner1": self.anna, "partner2": self.bram, "datum": datum, "reden": "S" });
        self.fact("Ontbinding", data);
    }

    fn ruled(&mut self, datum: &str, ruling: Value) {
        let mut data = json!({ "kind": self.kim, "datum": datum });
        for (key, value) in ruling.as_object().expect("a structure") {
            data[key] = value.clone();
        }
        self.fact("GezagUitspraak", data);
    }

    fn guardianship(&mut self, persoon: Uuid, fase: &str, datum: &str) {
        self.fact("Curatele", json!({ "persoon": persoon, "fase": fase, "datum": datum }));
    }

    async fn started(&self) -> F6 {
        let f6 = F6::start().await;
        f6.import(&self.history);
        f6
    }
}

const BOTH: &str = "GezamenlijkOuderlijkGezag 12 (Anna, Bram): Verbintenis";

#[tokio::test]
async fn married_parents_have_custody_together_until_the_child_is_eighteen() {
    // Given Kim, born to a married couple
    let household = Household::married("2012-06-15");
    let (f6, kim) = (household.started().await, household.kim);

    // Then both have custody from the birth on, and nobody before
    assert_eq!(on(&f6, kim, "2012-06-14").await, "geen");
    assert_eq!(on(&f6, kim, "2012-06-15").await, BOTH);
    let article = f6.persoon(kim).as_of("2020-01-01").ask("gezag { artikel } minderjarig").await;
    assert_eq!(article, json!({ "gezag": { "artikel": "1:251 en 1:253aa BW" }, "minderjarig": true }));

    // And until the day before the eighteenth birthday
    assert_eq!(on(&f6, kim, "2030-06-14").await, BOTH);
    assert_eq!(on(&f6, kim, "2030-06-15").await, "geen");
    // Of the parents, who are of age, nobody has
    assert_eq!(on(&f6, household.anna, "2020-01-01").await, "geen");
}

#[tokio::test]
async fn a_registered_partnership_gives_custody_as_a_marriage_does() {
    let mut household = Household::with("2012-06-15", |family| json!({ "ouder2": family.vader }));
    let bond = marriage(household.anna, household.bram, "2011-01-01");
    household.fact("Partnerschap", bond);
    let f6 = household.started().await;
    assert_eq!(on(&f6, household.kim, "2015-01-01").await, BOTH);
}

#[tokio::test]
async fn a_recognition_before_2023_leaves_custody_to_the_mother_until_they_marry() {
    // Given parents who are not married, a recognition on the last day of 2022, and a wedding in 2024
    let mut household = Household::born("2022-06-15");
    household.recognised("2022-12-31", json!({}));
    let wedding = marriage(household.anna, household.bram, "2024-04-04");
    household.fact("Huwelijk", wedding);
    let f6 = household.started().await;
    let on = async |day| on(&f6, household.kim, day).await;
    assert_eq!(on("2022-12-30").await, "EenhoofdigOuderlijkGezag 1 (Anna): EnigeOuder");
    assert_eq!(on("2022-12-31").await, "EenhoofdigOuderlijkGezag 1 (Anna): AlleenMoeder");
    assert_eq!(on("2024-04-03").await, "EenhoofdigOuderlijkGezag 1 (Anna): AlleenMoeder");
    assert_eq!(on("2024-04-04").await, BOTH);
}

#[tokio::test]
async fn a_recognition_since_2023_gives_custody_to_both() {
    let mut household = Household::born("2022-06-15");
    household.recognised("2023-01-01", json!({}));
    let f6 = household.started().await;
    assert_eq!(on(&f6, household.kim, "2022-12-31").await, "EenhoofdigOuderlijkGezag 1 (Anna): EnigeOuder");
    assert_eq!(
        on(&f6, household.kim, "2023-01-01").await,
        "GezamenlijkOuderlijkGezag 12 (Anna, Bram): Erkenning"
    );
}

#[tokio::test]
async fn a_recognition_may_leave_custody_to_the_mother_alone() {
    // Given parents who declare so, or a mother in whose place the court consented
    for because in ["gezagMoederAlleen", "toestemmingRechter"] {
        let mut household = Household::born("2022-06-15");
        household.recognised("2023-03-03", json!({ because: true }));
        let f6 = household.started().await;
        let told = on(&f6, household.kim, "2024-01-01").await;
        assert_eq!(told, "EenhoofdigOuderlijkGezag 1 (Anna): AlleenMoeder", "{because}");
    }
}

#[tokio::test]
async fn a_recognition_before_the_birth_counts_by_its_own_day() {
    // Given a deed of birth that names the other parent, and when he recognised the child
    for (recognised, told) in [
        ("2022-12-31", "EenhoofdigOuderlijkGezag 1 (Anna): AlleenMoeder"),
        ("2023-01-01", "GezamenlijkOuderlijkGezag 12 (Anna, Bram): Erkenning"),
        // Of a date that may lie on either side it is not told
        ("0000-00-00", "Onbekend - (): OuderschapOnduidelijk"),
    ] {
        let household =
            Household::with("2023-02-02", |family| json!({ "ouder2": family.vader, "erkendOp": recognised }));
        assert_eq!(on(&household.started().await, household.kim, "2024-01-01").await, told, "{recognised}");
    }
}

#[tokio::test]
async fn custody_is_never_guessed() {
    // Given a deed of birth that names two parents, of whom neither a bond nor a recognition is known
    let unclear = Household::with("2012-06-15", |family| json!({ "ouder2": family.vader }));
    let f6 = unclear.started().await;
    assert_eq!(on(&f6, unclear.kim, "2015-01-01").await, "Onbekend - (): OuderschapOnduidelijk");

    // Given a foundling, somebody of whom only the year of birth is known, and somebody of whom not even that is
    let mut history = History::beginning("2000-01-01T09:00:00Z");
    let children = ["2012-06-15", "2012-00-00", "0000-00-00"].map(|datum| {
        let kind = new_id();
        history.fact("Geboorte", birth(kind, datum, "Sam"));
        kind
    });
    let f6 = F6::start().await;
    f6.import(&history);
    let [foundling, by_year, undated] = children;
    assert_eq!(on(&f6, foundling, "2015-01-01").await, "Onbekend - (): OudersOnbekend");
    assert_eq!(on(&f6, by_year, "2029-12-31").await, "Onbekend - (): OudersOnbekend");
    assert_eq!(on(&f6, by_year, "2030-06-01").await, "Onbekend - (): LeeftijdOnbekend");
    assert_eq!(on(&f6, by_year, "2030-12-31").await, "geen");
    assert_eq!(on(&f6, undated, "2015-01-01").await, "Onbekend - (): LeeftijdOnbekend");
}

#[tokio::test]
async fn custody_goes_on_after_a_divorce() {
    let mut household = Household::married("2012-06-15");
    household.divorced("2015-02-02");
    let f6 = household.started().await;
    assert_eq!(on(&f6, household.kim, "2015-02-01").await, BOTH);
    assert_eq!(on(&f6, household.kim, "2020-01-01").await, BOTH);
}

#[tokio::test]
async fn a_bond_that_ended_before_the_recognition_gives_no_custody() {
    let mut household = Household::born("2016-06-15");
    let wedding = marriage(household.anna, household.bram, "2010-05-01");
    household.fact("Huwelijk", wedding);
    household.divorced("2015-02-02");
    household.recognised("2016-07-07", json!({}));
    let f6 = household.started().await;
    let told = on(&f6, household.kim, "2020-01-01").await;
    assert_eq!(told, "EenhoofdigOuderlijkGezag 1 (Anna): AlleenMoeder");
}

#[tokio::test]
async fn when_a_parent_dies_the_other_goes_on_and_after_both_it_is_for_a_guardian() {
    // Given Bram, who dies in 2018, and Anna in 2021; Chris becomes guardian by a ruling
    let mut household = Household::married("2012-06-15");
    let mut bram = death(household.bram, "2018-03-03");
    bram["partner"] = json!(household.anna);
    household.fact("Overlijden", bram);
    household.fact("Overlijden", death(household.anna, "2021-04-04"));
    let chris = adult(&mut household.history);
    household.ruled("2021-06-06", json!({ "fase": "Begin", "indicatie": "D", "derden": [chris] }));
    let f6 = household.started().await;
    let on = async |day| on(&f6, household.kim, day).await;
    assert_eq!(on("2018-03-02").await, BOTH);
    assert_eq!(on("2018-03-03").await, "EenhoofdigOuderlijkGezag 1 (Anna): OuderOverleden");
    assert_eq!(on("2021-04-04").await, "Onbekend - (): HoudersOverleden");
    assert_eq!(on("2021-06-06").await, "Voogdij D (Chris): Uitspraak");
}

#[tokio::test]
async fn when_the_mother_dies_who_had_it_alone_the_other_parent_does_not_get_it_by_law() {
    let mut household = Household::born("2016-06-15");
    household.recognised("2016-07-07", json!({}));
    household.fact("Overlijden", death(household.anna, "2021-04-04"));
    let f6 = household.started().await;
    assert_eq!(on(&f6, household.kim, "2022-01-01").await, "Onbekend - (): HoudersOverleden");
}

#[tokio::test]
async fn a_ruling_goes_before_the_law_until_it_ends() {
    // Given married parents, custody of the mother alone, then of her with Chris, then of an institution, and then by law
    let mut household = Household::married("2012-06-15");
    let chris = adult(&mut household.history);
    household.ruled("2015-01-01", json!({ "fase": "Begin", "indicatie": "1" }));
    household.ruled("2016-01-01", json!({ "fase": "Begin", "indicatie": "1D", "derden": [chris] }));
    household.ruled("2017-01-01", json!({ "fase": "Begin", "indicatie": "D", "instelling": "Jeugdzorg" }));
    household.ruled("2018-01-01", json!({ "fase": "Einde" }));
    let f6 = household.started().await;
    let on = async |day| on(&f6, household.kim, day).await;
    assert_eq!(on("2014-12-31").await, BOTH);
    assert_eq!(on("2015-01-01").await, "EenhoofdigOuderlijkGezag 1 (Anna): Uitspraak");
    assert_eq!(on("2016-01-01").await, "GezamenlijkGezag 1D (Anna, Chris): Uitspraak");
    assert_eq!(on("2017-01-01").await, "Voogdij D (Jeugdzorg): Uitspraak");
    assert_eq!(on("2018-01-01").await, BOTH);
}

#[tokio::test]
async fn whoever_is_under_guardianship_has_no_custody_as_long_as_that_lasts() {
    // Given Bram, under guardianship from 2014 to 2016, and Anna from 2015 on
    let mut household = Household::married("2012-06-15");
    let (anna, bram) = (household.anna, household.bram);
    household.guardianship(bram, "Begin", "2014-01-01");
    household.guardianship(anna, "Begin", "2015-01-01");
    household.guardianship(bram, "Einde", "2016-01-01");
    let f6 = household.started().await;
    let on = async |day| on(&f6, household.kim, day).await;
    assert_eq!(on("2013-12-31").await, BOTH);
    assert_eq!(on("2014-01-01").await, "EenhoofdigOuderlijkGezag 1 (Anna): OuderOnbevoegd");
    assert_eq!(on("2015-01-01").await, "TijdelijkGeenGezag - (): NiemandBevoegd");
    assert_eq!(on("2016-01-01").await, "EenhoofdigOuderlijkGezag 2 (Bram): OuderOnbevoegd");
}

#[tokio::test]
async fn a_parent_who_is_a_minor_has_no_custody_before_coming_of_age() {
    // Given Kim, born to Anna when she was sixteen
    let household = Household::born("2006-06-15");
    let f6 = household.started().await;
    assert_eq!(on(&f6, household.kim, "2008-03-02").await, "TijdelijkGeenGezag - (): NiemandBevoegd");
    assert_eq!(on(&f6, household.kim, "2008-03-03").await, "EenhoofdigOuderlijkGezag 1 (Anna): EnigeOuder");
    // She herself was a foundling, and a minor
    assert_eq!(on(&f6, household.anna, "2008-03-02").await, "Onbekend - (): OudersOnbekend");
}

#[tokio::test]
async fn a_ruling_that_does_not_tell_who_has_custody_is_no_answer() {
    // Given a ruling that gives it to both parents, of whom one is not known
    let mut household = Household::born("2012-06-15");
    household.ruled("2016-01-01", json!({ "fase": "Begin", "indicatie": "12" }));
    let f6 = household.started().await;
    assert_eq!(on(&f6, household.kim, "2015-12-31").await, "EenhoofdigOuderlijkGezag 1 (Anna): EnigeOuder");
    assert_eq!(on(&f6, household.kim, "2016-01-01").await, "Onbekend - (): UitspraakOnduidelijk");
}

#[tokio::test]
async fn who_married_before_eighteen_is_of_age() {
    let mut household = Household::born("1998-06-15");
    let chris = adult(&mut household.history);
    let wedding = marriage(household.kim, chris, "2015-06-15");
    household.fact("Huwelijk", wedding);
    let f6 = household.started().await;
    assert_ne!(on(&f6, household.kim, "2015-06-14").await, "geen");
    assert_eq!(on(&f6, household.kim, "2015-06-15").await, "geen");
}

#[tokio::test]
async fn a_woman_who_is_married_to_the_mother_shares_custody_where_there_is_no_other_parent() {
    // Given Anna, married to Dora when Kim is born
    let mut household = Household::born("2014-06-15");
    let dora = new_id();
    let mut deed = birth(dora, "1985-05-05", "Dora");
    deed["geslacht"] = json!("V");
    household.fact("Geboorte", deed);
    let wedding = marriage(household.anna, dora, "2013-03-03");
    household.fact("Huwelijk", wedding);
    // And Anna, who dies
    household.fact("Overlijden", death(household.anna, "2018-08-08"));
    let f6 = household.started().await;
    let told = on(&f6, household.kim, "2015-01-01").await;
    assert_eq!(told, "GezamenlijkGezag 1D (Anna, Dora): PartnerVanMoeder");
    assert_eq!(on(&f6, household.kim, "2019-01-01").await, "Voogdij D (Dora): OuderOverleden");
}

#[tokio::test]
async fn adoption_by_a_married_couple_gives_both_custody() {
    // Given a foundling, adopted in 2016
    let mut household = Household::born("2014-06-15");
    let (anna, bram, kim) = (household.anna, household.bram, new_id());
    household.fact("Geboorte", birth(kim, "2014-06-15", "Sam"));
    household.fact("Huwelijk", marriage(anna, bram, "2010-05-01"));
    let ruling = json!({ "instantie": "Rechtbank Den Haag", "datum": "2016-01-01" });
    let adoption = json!({ "kind": kim, "soort": "Adoptie", "datum": "2016-02-02", "vervallenOuders": [],
        "moeder": anna, "ouder2": bram, "uitspraak": ruling });
    household.fact("LatereVermelding", adoption);
    let f6 = household.started().await;
    assert_eq!(on(&f6, kim, "2016-02-01").await, "Onbekend - (): OudersOnbekend");
    assert_eq!(on(&f6, kim, "2016-02-02").await, BOTH);
}

#[tokio::test]
async fn a_marriage_that_turns_out_not_to_have_been_changes_custody_from_then_on() {
    // Given parents who married in 2010, which turned out in 2020 to be a mistake
    let mut household = Household::born("2012-06-15");
    household.recognised("2012-06-20", json!({}));
    let wedding = household.fact("Huwelijk", marriage(household.anna, household.bram, "2010-05-01"));
    household.history.at("2020-09-09T09:00:00Z").annul(wedding);
    let (f6, kim) = (household.started().await, household.kim);

    // Then of one and the same day it is told as it was known
    let known = async |moment| told(f6.persoon(kim).as_of("2015-01-01").known_at(moment)).await;
    assert_eq!(known("2020-09-08").await, BOTH);
    assert_eq!(known("2020-09-10").await, "EenhoofdigOuderlijkGezag 1 (Anna): AlleenMoeder");

    // And comparing the two names the events that made the difference: no event is about Kim
    let query =
        "query($id: UUID!) { compare(id: $id, from: { asOf: \"2015-01-01\", knownAt: \"2020-09-08\" },
        to: { asOf: \"2015-01-01\", knownAt: \"2020-09-10\" }) { field events { eventType eventKind } } }";
    let answer = f6.clerk().query(query, &json!({ "id": kim })).await.data();
    let changes = answer["compare"].as_array().expect("a list");
    let fields: Vec<&str> = changes.iter().filter_map(|change| change["field"].as_str()).collect();
    assert_eq!(
        fields,
        [
            "oudersVerbonden",
            "partnersBijGeboorte",
            "gezagGrondslag",
            "gezagRustBij",
            "gezagHouders",
            "gezagGrond",
            "gezag"
        ]
    );
    for change in changes {
        let events = change["events"].as_array().expect("a list");
        assert!(events.iter().all(|event| event["eventType"] == "Huwelijk"), "{change}");
        assert!(events.iter().any(|event| event["eventKind"] == "Correction"), "{change}");
    }
}

#[tokio::test]
async fn a_marriage_that_is_only_claimed_changes_nothing_unless_asked_for() {
    let mut household = Household::born("2012-06-15");
    household.recognised("2012-06-20", json!({}));
    let (f6, kim) = (household.started().await, household.kim);
    let wedding = marriage(household.anna, household.bram, "2015-05-05");
    f6.person("burger", household.anna).claim("Huwelijk", wedding).await.accepted();
    let asked = || f6.persoon(kim).as_of("2016-01-01");
    assert_eq!(told(asked()).await, "EenhoofdigOuderlijkGezag 1 (Anna): AlleenMoeder");
    assert_eq!(told(asked().claimed()).await, BOTH);
}

#[tokio::test]
async fn what_changed_of_a_parent_is_told_of_the_child_at_once() {
    // Given custody that was asked for, so that all that it follows from is kept in memory
    let household = Household::married("2012-06-15");
    let (f6, kim) = (household.started().await, household.kim);
    assert_eq!(on(&f6, kim, "2026-01-01").await, BOTH);
    // When the father dies, the next answer knows it
    f6.ambtenaar().register("Overlijden", death(household.bram, "2025-12-01")).await;
    assert_eq!(on(&f6, kim, "2026-01-01").await, "EenhoofdigOuderlijkGezag 1 (Anna): OuderOverleden");
    assert_eq!(on(&f6, kim, "2025-11-30").await, BOTH);
}

#[tokio::test]
async fn a_consumer_sees_custody_through_its_view_alone() {
    // Given a system, which may read cards, and no persons as such
    let household = Household::married("2012-06-15");
    let (f6, kim) = (household.started().await, household.kim);
    let systeem = f6.principal("systeem");
    let card = f6.one("bewonersKaart", kim).by(&systeem).as_of("2020-01-01");
    let told = card.ask("gezag gezagHouders { naam { voornamen } }").await;
    let holders = json!([{ "naam": { "voornamen": "Anna" } }, { "naam": { "voornamen": "Bram" } }]);
    assert_eq!(told, json!({ "gezag": "GezamenlijkOuderlijkGezag", "gezagHouders": holders }));
    let extract = f6.one("uittreksel", kim).by(&systeem).as_of("2020-01-01");
    assert_eq!(extract.ask("gezag gezagGrond").await, json!({ "gezag": "12", "gezagGrond": "Verbintenis" }));
}

#[tokio::test]
async fn custody_of_forty_children_is_read_in_as_many_statements_as_of_two() {
    // Given forty-two families, each with a child, of whom some were asked about before
    let mut f6 = Setup::default().count_statements().start().await;
    let mut history = History::beginning("2015-01-01T09:00:00Z");
    let (parents, children): (Vec<Uuid>, Vec<Uuid>) =
        (0..132).map(|number| parent_and_child(&mut history, number)).unzip();
    f6.import(&history);
    let counter = f6.statements.as_ref().expect("statements are counted");
    let [of_children, of_parents] = [
        "gezag { soort houders { naam { voornamen } partner { id } } }",
        "naam { voornamen } kinderen { gezag { soort houders { naam { voornamen } } } }",
    ];
    let asked = async |ids: &[Uuid], selection: &str| {
        let before = counter.count();
        let answer = f6.personen(ids).as_of("2020-01-01").ask(selection).await;
        let told = answer.to_string().matches("GezamenlijkOuderlijkGezag").count();
        assert_eq!(told, ids.len(), "{answer}");
        counter.count() - before
    };

    // When custody is asked of two children and of forty, and of the children of two persons and of forty
    let of_children = [asked(&children[..2], of_children).await, asked(&children[2..42], of_children).await];
    let of_parents = [asked(&parents[44..46], of_parents).await, asked(&parents[46..86], of_parents).await];

    // Then that takes no more statements
    for statements in [of_children, of_parents] {
        assert!(statements[0] > 0, "the counter stands in between");
        assert!(statements[1] <= statements[0], "statements for two, and for forty: {statements:?}");
    }

    // And so it is with a search: its page of forty takes as many as one of two
    let query = "query($first: Int) { searchPersonen(where: { voornamen: \"Kim\" }, asOf: \"2020-01-01\", first: $first) {
        edges { node { gezag { soort houders { naam { voornamen } } } } } } }";
    let mut statements = Vec::new();
    for first in [2, 40] {
        f6.query.restart(&[]).await;
        let before = counter.count();
        let found = f6.clerk().query(query, &json!({ "first": first })).await.data();
        assert_eq!(found["searchPersonen"]["edges"].as_array().map(Vec::len), Some(first));
        assert!(found["searchPersonen"]["edges"][0]["node"]["gezag"]["soort"] == "GezamenlijkOuderlijkGezag");
        statements.push(counter.count() - before);
    }
    assert!(statements[1] <= statements[0], "statements for two, and for forty: {statements:?}");
}

/// A mother who is married to the father of her child.
fn parent_and_child(history: &mut History, number: u32) -> (Uuid, Uuid) {
    let [anna, bram, kim] = [new_id(), new_id(), new_id()];
    history.fact("Geboorte", birth(anna, "1980-01-01", "Anna"));
    history.fact("Geboorte", birth(bram, "1980-01-01", "Bram"));
    history.fact("BsnToegekend", json!({ "persoon": anna, "bsn": bsn(number) }));
    history.fact("Huwelijk", marriage(anna, bram, "2010-05-05"));
    let mut deed = birth(kim, "2012-06-15", "Kim");
    deed["moeder"] = json!(anna);
    deed["ouder2"] = json!(bram);
    history.fact("Geboorte", deed);
    (anna, kim)
}
