//! The keys of an issuer, which it exchanges now and then: read from a file or a URL while the servers run.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use axum::Router;
use axum::http::StatusCode;
use axum::routing::get;
use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use futures::future::join_all;
use rcgen::{KeyPair, PKCS_ED25519, PublicKeyData, SigningKey};
use serde_json::{Value, json};
use tests::{Answer, Server, Setup, new_id};
use tokio::sync::watch;

use crate::connections::until;

const ISSUER: &str = "https://issuer.example";

/// A key with which an issuer signs.
struct Signer {
    id: String,
    key: KeyPair,
}

impl Signer {
    fn new(id: &str) -> Self {
        Self { id: id.to_owned(), key: KeyPair::generate_for(&PKCS_ED25519).expect("a key") }
    }

    /// The key set of which it is the only key.
    fn published(&self) -> String {
        let x = URL_SAFE_NO_PAD.encode(self.key.der_bytes());
        let key = json!({ "kty": "OKP", "crv": "Ed25519", "kid": self.id, "use": "sig", "x": x });
        json!({ "keys": [key] }).to_string()
    }

    /// A token of a civil servant.
    fn token(&self) -> String {
        let claims = json!({
            "iss": ISSUER, "aud": "f6", "exp": 4_102_444_800_u64, "sub": new_id(), "source_type": "ambtenaar",
        });
        let part = |part: &Value| URL_SAFE_NO_PAD.encode(part.to_string());
        let signed = format!("{}.{}", part(&json!({ "alg": "EdDSA", "kid": self.id })), part(&claims));
        let signature = self.key.sign(signed.as_bytes()).expect("a signature");
        format!("{signed}.{}", URL_SAFE_NO_PAD.encode(signature))
    }
}

/// An F6 that trusts the keys at this place.
fn trusting(keys: &str) -> Setup {
    let setup = Setup::default().env("F6_TOKEN_ISSUER", ISSUER).env("F6_TOKEN_AUDIENCE", "f6");
    setup.env("F6_TOKEN_KEYS", keys)
}

async fn ask(server: &Server, token: &str) -> Answer {
    server.post(Some(token), json!({ "query": "{ __typename }" }).to_string()).await
}

async fn accepts(server: &Server, signer: &Signer) -> bool {
    ask(server, &signer.token()).await.status == StatusCode::OK
}

#[tokio::test]
async fn keys_are_exchanged_in_their_file() {
    // Given an F6 whose keys stand in a file
    let path = std::env::temp_dir().join(format!("{}.json", new_id()));
    let write = |text: &str| std::fs::write(&path, text).expect("a temporary file");
    let (old, new) = (Signer::new("old"), Signer::new("new"));
    write(&old.published());
    let setup = trusting(&path.display().to_string()).env("F6_TOKEN_KEYS_PAUSE", "0.1");
    let f6 = setup.start().await;
    for server in [&f6.write[0], &f6.query] {
        write(&old.published());
        until(async || accepts(server, &old).await).await;
        assert!(!accepts(server, &new).await);

        // When the file is spoilt, then the last good keys are kept
        let failed =
            async || server.metrics().await.sum("f6_token_key_reads_total", &[("outcome", "failed")]);
        let before = failed().await;
        write("oeps");
        until(async || failed().await > before).await;
        assert!(accepts(server, &old).await);

        // When the new key stands there, then it is accepted, and the old one no more
        write(&new.published());
        until(async || accepts(server, &new).await).await;
        assert!(!accepts(server, &old).await);
    }
    std::fs::remove_file(&path).expect("the temporary file");
}

#[tokio::test]
async fn keys_are_fetched_from_their_url_when_a_token_names_one_that_is_not_known() {
    // Given an F6 that asks for keys once an hour
    let (old, new) = (Signer::new("old"), Signer::new("new"));
    let mut issuer = Issuer::start(&old.published()).await;
    let setup = trusting(&issuer.url).env("F6_TOKEN_KEYS_REFRESH", "3600").env("F6_TOKEN_KEYS_PAUSE", "0.1");
    let f6 = setup.start().await;
    for server in [&f6.write[0], &f6.query] {
        issuer.publish(Some(&old.published()));
        until(async || accepts(server, &old).await).await;

        // When the issuer is away, then its last keys are kept
        issuer.publish(None);
        let unknown = ask(server, &new.token()).await;
        assert_eq!((unknown.status.as_u16(), &*unknown.complaints()[0].code), (401, "UNAUTHENTICATED"));
        assert!(accepts(server, &old).await);

        // When it is back with another key, then a token by that is accepted as soon as it comes
        issuer.publish(Some(&new.published()));
        until(async || accepts(server, &new).await).await;
        assert!(!accepts(server, &old).await);
    }
}

#[tokio::test]
async fn a_flood_of_unknown_keys_does_not_become_one_of_fetches() {
    // Given servers that ask for keys once when they start, and then not for an hour
    let known = Signer::new("known");
    let issuer = Issuer::start(&known.published()).await;
    let setup = trusting(&issuer.url).env("F6_TOKEN_KEYS_REFRESH", "3600").env("F6_TOKEN_KEYS_PAUSE", "3600");
    let f6 = setup.start().await;
    for server in [&f6.write[0], &f6.query] {
        until(async || accepts(server, &known).await).await;
        // When two hundred tokens name keys that nobody knows, some at once
        let before = issuer.asked();
        for _ in 0..10 {
            let strangers: Vec<_> = (0..20).map(|_| Signer::new(&new_id().to_string()).token()).collect();
            for answer in join_all(strangers.iter().map(|token| ask(server, token))).await {
                assert_eq!(answer.status, StatusCode::UNAUTHORIZED);
            }
        }
        // Then the issuer is not asked for one of them, and who is known is answered
        assert_eq!(issuer.asked(), before);
        assert!(accepts(server, &known).await);
    }
    assert_eq!(issuer.asked(), 2, "once for each server");
}

/// An issuer that publishes its keys, or answers 503, and counts how often it is asked.
struct Issuer {
    url: String,
    keys: watch::Sender<Option<String>>,
    asked: Arc<AtomicUsize>,
}

impl Issuer {
    async fn start(keys: &str) -> Self {
        let (keys, told) = watch::channel(Some(keys.to_owned()));
        let asked = Arc::new(AtomicUsize::new(0));
        let counted = Arc::clone(&asked);
        let answer = move || {
            counted.fetch_add(1, Ordering::Relaxed);
            let keys = told.borrow().clone();
            async move { keys.ok_or(StatusCode::SERVICE_UNAVAILABLE) }
        };
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.expect("a port");
        let url = format!("http://{}/keys.json", listener.local_addr().expect("an address"));
        let routes = Router::new().route("/keys.json", get(answer));
        tokio::spawn(async move { axum::serve(listener, routes).await });
        Self { url, keys, asked }
    }

    fn publish(&mut self, keys: Option<&str>) {
        self.keys.send_replace(keys.map(str::to_owned));
    }

    fn asked(&self) -> usize {
        self.asked.load(Ordering::Relaxed)
    }
}
