//! The same question on the same basis gives the same bytes for ever.

use serde_json::{Value, json};
use tests::{Answer, F6, History, Question, bsn, new_id};
use uuid::Uuid;

use crate::family::{address, adult, birth, marriage, move_to};

const COUPLES: usize = 250;
const MOVES_PER_PERSON: usize = 8;

/// Everything that an answer can hold, references included.
const EVERYTHING: &str = "
    basis { id position knownAt asOf minTrust catalogue }
    naam { voornamen voorvoegsel geslachtsnaam } geslacht geboortedatum { text earliest latest precision } bsn leeftijd
    partner { naam { voornamen } bsn partner { bsn } verblijfplaats { adres { straat } } }
    verbintenis { soort sinds { text } } moeder { bsn } kinderen { bsn } nationaliteiten
    verblijfplaats { adres { straat huisnummer } gemeente functie land } overlijdensdatum { text }";

#[tokio::test]
async fn an_answer_is_the_same_on_its_basis_whatever_came_after() {
    // Given couples, and the answers to several questions about each of them, stored as they came
    let mut f6 = F6::start().await;
    let mut history = History::beginning("2015-01-01T09:00:00Z");
    let couples = Couple::registered(&mut history);
    f6.import(&history);
    let mut stored = Vec::new();
    for couple in &couples {
        for question in questions(&f6, couple) {
            stored.push(question.send(EVERYTHING).await);
        }
    }

    // When 10,000 events follow about these same persons, corrections and annulments among them
    history.forget("2021-01-01T09:00:00Z");
    for couple in &couples {
        couple.live_on(&mut history);
    }
    assert_eq!(history.len(), 10_000);
    f6.import(&history);
    // And the answers of today are others, and both servers have started anew
    let first = questions(&f6, &couples[0]).remove(0).send(EVERYTHING).await;
    assert_ne!(first.bytes, stored[0].bytes);
    f6.write[0].restart(&[]).await;
    f6.query.restart(&[]).await;

    // Then each stored answer, asked again on its basis, is the same to the byte
    let asked = couples.iter().flat_map(|couple| questions(&f6, couple));
    for (question, stored) in asked.zip(&stored) {
        let again = question.on(&basis(stored)).send(EVERYTHING).await;
        assert_eq!(String::from_utf8_lossy(&again.bytes), String::from_utf8_lossy(&stored.bytes));
    }
}

/// Now, on an earlier day, with earlier knowledge, and with claims.
fn questions<'a>(f6: &'a F6, couple: &Couple) -> Vec<Question<'a>> {
    vec![
        f6.persoon(couple.anna),
        f6.persoon(couple.bram).as_of("2011-06-01"),
        f6.persoon(couple.anna).known_at("2015-06-01"),
        f6.persoon(couple.bram).claimed(),
    ]
}

/// Two persons with a story, and the events of it that will be corrected.
struct Couple {
    anna: Uuid,
    bram: Uuid,
    adres: Uuid,
    birth: Uuid,
    marriage: Uuid,
}

impl Couple {
    /// Born and married as registered in 2015; the rest as registered in 2016.
    fn registered(history: &mut History) -> Vec<Self> {
        let couples: Vec<Self> = (0..COUPLES).map(|_| Self::married(history)).collect();
        history.at("2016-01-01T09:00:00Z");
        for (number, couple) in (0..).zip(&couples) {
            history.fact("BsnToegekend", json!({ "persoon": couple.anna, "bsn": bsn(number) }));
            history.fact("Verhuizing", move_to(couple.bram, couple.adres, "2012-00-00"));
            history.claim("Verhuizing", move_to(couple.bram, couple.adres, "2014-01-01"));
        }
        couples
    }

    fn married(history: &mut History) -> Self {
        let (anna, bram, adres) = (new_id(), adult(history), address(history));
        let birth = history.fact("Geboorte", birth(anna, "1980-00-00", "Anna"));
        let marriage = history.fact("Huwelijk", marriage(anna, bram, "2010-05-05"));
        Self { anna, bram, adres, birth, marriage }
    }

    /// 40 events: each moves 8 times, Anna's birth is amended, their marriage annulled.
    fn live_on(&self, history: &mut History) {
        for day in 0..MOVES_PER_PERSON {
            let date = format!("20{:02}-{:02}-{:02}", 16 + day % 5, 1 + day % 12, 1 + day % 28);
            history.fact("Verhuizing", move_to(self.anna, self.adres, &date));
            history.fact("Verhuizing", move_to(self.bram, new_id(), &date));
        }
        history.amend(self.birth, birth(self.anna, "1981-02-03", "Annabel"));
        let annulment = history.annul(self.marriage);
        history.annul(annulment);
        history.annul(self.marriage);
    }
}

fn basis(answer: &Answer) -> Value {
    let basis = answer.data()["persoon"]["basis"].clone();
    assert!(basis.is_object(), "every answer that is asked again is about somebody");
    basis
}
