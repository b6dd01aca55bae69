use axum::http::HeaderValue;
use jsonwebtoken::{EncodingKey, Header, encode};
use serde_json::{Value, json};
use uuid::Uuid;

use super::*;

/// Public keys of an issuer, and a token by each: from noon to one o'clock on 1 November 2026.
const ISSUER: &str = include_str!("issuer.json");

fn at(time: &str) -> DateTime<Utc> {
    format!("2026-11-01T{time}Z").parse().unwrap()
}

fn options() -> TokenOptions {
    TokenOptions::default()
}

impl Tokens {
    fn verify(&self, token: &str, now: DateTime<Utc>) -> Result<Principal, TokenError> {
        Ok(self.verified(token, Peer::default(), now)?.principal)
    }
}

fn issuer() -> (Tokens, Value) {
    let keys = keys::parse(ISSUER, "https://issuer.example", "f6").unwrap();
    let tokens = Tokens {
        keys,
        leeway: chrono::Duration::seconds(30),
        development: false,
        bound: false,
        published: None,
    };
    (tokens, serde_json::from_str::<Value>(ISSUER).unwrap()["tokens"].take())
}

impl Tokens {
    /// The tokens of an issuer, as in production.
    pub(crate) fn of_test_issuer() -> Self {
        issuer().0
    }

    /// One of its tokens.
    pub(crate) fn test_issuers_token() -> String {
        issuer().1["ed"].as_str().unwrap().to_owned()
    }
}

fn development() -> Tokens {
    Tokens::load(&TokenOptions { dev: true, ..options() }).unwrap()
}

/// A development token with some claims or header members changed; null leaves one out.
fn changed(claims: Value, header: Header) -> String {
    let mut all = json!({
        "iss": "f6-development", "aud": "f6-development", "exp": at("13:00:00").timestamp(),
        "sub": Uuid::from_u128(7), "source_type": "ambtenaar",
    });
    for (name, value) in claims.as_object().unwrap() {
        all[name] = value.clone();
    }
    let all: serde_json::Map<_, _> =
        all.as_object().unwrap().clone().into_iter().filter(|(_, value)| !value.is_null()).collect();
    encode(&header, &all, &EncodingKey::from_secret(development::DEVELOPMENT_KEY)).unwrap()
}

fn development_header() -> Header {
    Header { kid: Some("f6-development".to_owned()), ..Header::default() }
}

#[test]
fn a_token_by_any_key_of_the_set_names_its_principal() {
    let (issuer, tokens) = issuer();
    for key in ["rsa", "ec", "ed"] {
        let principal = issuer.verify(tokens[key].as_str().unwrap(), at("12:30:00")).unwrap();
        let expected = "11111111-2222-4333-8444-555555555555".parse().unwrap();
        assert_eq!(principal, Principal::new(expected, "ouder"), "{key}");
    }
}

#[test]
fn a_token_holds_until_its_end_and_the_leeway_after_it() {
    let (issuer, tokens) = issuer();
    let token = tokens["ed"].as_str().unwrap();
    assert!(issuer.verify(token, at("13:00:29")).is_ok());
    assert_eq!(issuer.verify(token, at("13:00:30")), Err(TokenError::Expired));
}

#[test]
fn a_token_that_was_tampered_with_is_refused() {
    let (issuer, tokens) = issuer();
    let [header, _, signature] =
        tokens["ed"].as_str().unwrap().split('.').collect::<Vec<_>>().try_into().unwrap();
    let other = tokens["ec"].as_str().unwrap().split('.').nth(1).unwrap();
    let same_claims = format!("{header}.{other}.{signature}");
    assert!(issuer.verify(&same_claims, at("12:30:00")).is_ok(), "the claims of both tokens are the same");
    let forged = changed(json!({}), development_header());
    let claims = forged.split('.').nth(1).unwrap();
    let refused = issuer.verify(&format!("{header}.{claims}.{signature}"), at("12:30:00"));
    assert_eq!(refused, Err(TokenError::WrongSignature));
}

#[test]
fn the_development_key_is_accepted_in_development_alone() {
    let token =
        sign_development_token("ambtenaar", Uuid::from_u128(7), chrono::Duration::hours(1), at("12:00:00"));
    let principal = Principal::new(Uuid::from_u128(7), "ambtenaar");
    assert_eq!(development().verify(&token, at("12:30:00")), Ok(principal));
    assert_eq!(issuer().0.verify(&token, at("12:30:00")), Err(TokenError::UnknownKey));
}

#[test]
fn a_public_key_is_no_secret_to_sign_with() {
    let (issuer, _) = issuer();
    let header = Header { kid: Some("rsa".to_owned()), ..Header::default() };
    assert_eq!(issuer.verify(&changed(json!({}), header), at("12:30:00")), Err(TokenError::WrongAlgorithm));
}

#[test]
fn each_thing_that_can_be_wrong_has_its_own_name() {
    let late = at("12:31:00").timestamp();
    let cases = [
        (json!({ "iss": "someone" }), TokenError::WrongIssuer),
        (json!({ "iss": null }), TokenError::MissingClaim("iss")),
        (json!({ "aud": ["a", "b"] }), TokenError::WrongAudience),
        (json!({ "aud": null }), TokenError::MissingClaim("aud")),
        (json!({ "exp": null }), TokenError::MissingClaim("exp")),
        (json!({ "exp": "soon" }), TokenError::Malformed),
        (json!({ "nbf": late }), TokenError::NotYetValid),
        (json!({ "sub": "jan" }), TokenError::SubjectNotUuid),
        (json!({ "sub": null }), TokenError::MissingClaim("sub")),
        (json!({ "source_type": null }), TokenError::MissingClaim("source_type")),
        (json!({ "source_type": "" }), TokenError::SourceType),
        (json!({ "source_type": "x".repeat(101) }), TokenError::SourceType),
    ];
    for (claims, error) in cases {
        let token = changed(claims.clone(), development_header());
        assert_eq!(development().verify(&token, at("12:30:00")), Err(error), "{claims}");
    }
    let critical = Header { crit: Some(vec!["b64".to_owned()]), ..development_header() };
    assert_eq!(
        development().verify(&changed(json!({}), critical), at("12:30:00")),
        Err(TokenError::Critical)
    );
    for text in ["", "x", "a.b.c", "eyJhbGciOiJub25lIn0.e30."] {
        assert_eq!(development().verify(text, at("12:30:00")), Err(TokenError::Malformed), "{text}");
    }
}

#[test]
fn a_token_without_a_key_id_is_tried_only_where_there_is_one_key() {
    let token = changed(json!({}), Header::default());
    assert!(development().verify(&token, at("12:30:00")).is_ok());
    let mut several = development();
    several.keys.extend(issuer().0.keys);
    assert_eq!(several.verify(&token, at("12:30:00")), Err(TokenError::UnknownKey));
}

#[tokio::test]
async fn the_header_is_one_bearer_token() {
    let token = changed(json!({}), development_header());
    let authenticate = async |values: &[&str]| {
        let headers =
            values.iter().map(|value| (AUTHORIZATION, HeaderValue::from_str(value).unwrap())).collect();
        development().session(&headers, Peer::default(), at("12:30:00")).await
    };
    assert!(authenticate(&[&format!("Bearer {token}")]).await.is_ok());
    assert!(authenticate(&[&format!("bearer  {token}")]).await.is_ok());
    for (values, error) in [
        (&[] as &[&str], TokenError::Missing),
        (&[&token], TokenError::NotBearer),
        (&["Basic abc"], TokenError::NotBearer),
        (&["Bearer a", "Bearer b"], TokenError::NotBearer),
        (&["Bearer a"], TokenError::Malformed),
    ] {
        assert_eq!(authenticate(values).await.unwrap_err(), error, "{values:?}");
    }
}

#[test]
fn a_token_that_is_bound_to_a_certificate_is_accepted_from_who_shows_that() {
    // SHA-256 of nothing, in base64url
    let cnf = json!({ "x5t#S256": "47DEQpj8HBSa-_TImW-5JCeuQeRkm5NMpJWZG3hSuFU" });
    let bound = changed(json!({ "cnf": cnf }), development_header());
    let otherwise = changed(json!({ "cnf": { "jkt": "47DEQpj8" } }), development_header());
    let free = changed(json!({}), development_header());
    let strict = Tokens { bound: true, ..development() };
    for (tokens, token, peer, expected) in [
        (&development(), &bound, Peer::with(b""), Ok(())),
        (&development(), &bound, Peer::with(b"other"), Err(TokenError::WrongCertificate)),
        (&development(), &bound, Peer::default(), Err(TokenError::WrongCertificate)),
        (&development(), &otherwise, Peer::with(b""), Err(TokenError::WrongCertificate)),
        (&development(), &free, Peer::default(), Ok(())),
        (&strict, &bound, Peer::with(b""), Ok(())),
        (&strict, &free, Peer::with(b""), Err(TokenError::NotBound)),
    ] {
        assert_eq!(tokens.verified(token, peer, at("12:30:00")).map(drop), expected);
    }
}

#[test]
fn options_that_would_accept_nothing_or_half_are_refused() {
    let refused = |options| Tokens::load(&options).unwrap_err().to_string();
    assert!(refused(options()).starts_with("no token would be accepted"));
    let half = TokenOptions { token_issuer: Some("a".to_owned()), ..options() };
    assert!(refused(half).ends_with("--token-audience is missing"));
    let absent = TokenOptions {
        token_issuer: Some("a".to_owned()),
        token_audience: Some("b".to_owned()),
        token_keys: Some(KeySource::File("no/such/file.json".into())),
        ..options()
    };
    assert_eq!(refused(absent), "cannot use the key set `no/such/file.json`");
}

#[test]
fn a_key_set_is_checked_when_it_is_read() {
    let set: Value = serde_json::from_str(ISSUER).unwrap();
    let refused =
        |keys: Value| keys::parse(&json!({ "keys": keys }).to_string(), "a", "b").unwrap_err().to_string();
    let with = |place: usize, name: &str, value: Value| {
        let mut key = set["keys"][place].clone();
        key[name] = value;
        key
    };
    let (rsa, ec) = (&set["keys"][0], &set["keys"][1]);
    assert_eq!(refused(json!([])), "it has no key for signatures");
    assert_eq!(refused(json!([with(0, "use", json!("enc"))])), "it has no key for signatures");
    assert_eq!(
        refused(json!([with(0, "n", json!("nUsv"))])),
        "key `rsa` is an RSA key of less than 2048 bits"
    );
    assert_eq!(refused(json!([with(1, "x", json!("AAAA"))])), "key `ec` is damaged");
    assert_eq!(refused(json!([{ "kty": "oct", "k": "c2VjcmV0", "kid": "s" }])), NOT_ACCEPTED);
    assert!(refused(json!([with(0, "alg", json!("RS512"))])).contains("`rsa` is not a public RS256"));
    assert!(refused(json!([rsa, with(1, "kid", json!("rsa"))])).contains("has no `kid` of its own"));
    assert!(refused(json!([rsa, with(1, "kid", Value::Null)])).contains("key number 2 has no `kid`"));
    assert!(keys::parse(&json!({ "keys": [ec] }).to_string(), "a", "b").is_ok());
    assert!(keys::parse("nonsense", "a", "b").is_err());
}

const NOT_ACCEPTED: &str = "key `s` is not a public RS256, ES256 or EdDSA (Ed25519) key";
