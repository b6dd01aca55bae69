//! No token, a wrong one, an expired one, and one of a type that may not do this.

use chrono::{DateTime, TimeDelta, Utc};
use door::{Clock, SystemClock, sign_development_token};
use serde_json::json;
use tests::new_id;

use super::besieged::{Besieged, Told};
use crate::family::birth;

const BIRTH: &str =
    "mutation($data: GeboorteData!) { claimGeboorte(input: { data: $data }) { refusals { code message } } }";
const QUESTION: &str = "{ personen(ids: [\"0190163d-8694-739b-aea5-966c26f8ad90\"]) { bsn } }";

/// A clerk's token that is accepted for an hour from this moment on.
fn signed(source_type: &str, at: DateTime<Utc>) -> String {
    sign_development_token(source_type, new_id(), TimeDelta::hours(1), at)
}

/// What both servers say to somebody with this token, whom they do not let in.
async fn not_let_in(f6: &Besieged, token: Option<&str>) -> [Told; 2] {
    let data = json!({ "data": birth(new_id(), "2026-01-01", "Dirk") });
    let written = f6.f6.mutate(0, token, BIRTH, &data).await.expect("the write API answers");
    let asked = f6.f6.query(token, QUESTION, &json!({})).await;
    [written, asked].map(|answer| {
        assert_eq!(answer.status, 401, "{token:?}");
        Told::new(token.unwrap_or("no token"), &answer)
    })
}

#[tokio::test]
async fn a_token_that_is_not_accepted_is_refused() {
    let f6 = Besieged::start().await;
    let now = SystemClock.now();
    let good = signed("ambtenaar", now);
    let (unsigned, _) = good.rsplit_once('.').expect("a token has three parts");
    for (token, words) in [
        (None, "no token; send `Authorization: Bearer <token>`"),
        (Some(""), "not of the form `Bearer <token>`; send one of that form"),
        (Some("made.up.token"), "not a JSON Web Token; send one as the issuer made it"),
        (Some(&*"a".repeat(10_000)), "not a JSON Web Token; send one as the issuer made it"),
        (Some(&*format!("{unsigned}.")), "the token's signature is not that of its key; send it as"),
        (Some(&*signed("ambtenaar", now - TimeDelta::hours(2))), "the token has expired; get a new one"),
        (Some(&*signed("", now)), "`source_type` is empty or longer than 100 characters; get one"),
    ] {
        for told in not_let_in(&f6, token).await {
            told.refused("UNAUTHENTICATED", &[words]);
        }
    }
    f6.unharmed().await;
}

#[tokio::test]
async fn a_token_of_a_type_that_may_not_do_this_is_refused() {
    let f6 = Besieged::start().await;
    for (source_type, words) in [
        ("burger", "`burger` may not claim Geboorte; who may: ouder, ambtenaar"),
        ("systeem", "`systeem` may not claim Geboorte; who may: ouder, ambtenaar"),
        ("koning", "`koning` is no source type of this F6; there are: burger, ouder"),
    ] {
        let principal = f6.f6.principal(source_type);
        let data = json!({ "data": birth(new_id(), "2026-01-01", "Dirk") });
        let answer = principal.mutate(BIRTH, &data).await.expect("the write API answers");
        Told::new(source_type, &answer).refused("FORBIDDEN", &[words]);
        let answer = principal.query(QUESTION, &json!({})).await;
        let words = format!("`{source_type}` may not read objects of type Persoon");
        Told::new(source_type, &answer).refused("FORBIDDEN", &[&words, "lets only: ambtenaar"]);
    }
    f6.unharmed().await;
}

#[tokio::test]
async fn a_document_that_selects_nothing_needs_a_token_like_any_other() {
    let f6 = Besieged::start().await;
    // The schema's own fields are looked at without a token; a fragment that does not exist is none of them.
    let nowhere = "{ ...Nowhere }";
    let written = f6.f6.mutate(0, None, nowhere, &json!({})).await.expect("the write API answers");
    let asked = f6.f6.query(None, nowhere, &json!({})).await;
    for answer in [written, asked] {
        assert_eq!(answer.status, 401, "{answer:?}");
    }
    f6.unharmed().await;
}
