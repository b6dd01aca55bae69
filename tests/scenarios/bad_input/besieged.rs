//! An F6 that gets nothing but bad input, and is none the worse for it.

use serde_json::{Value, json};
use tests::{Answer, Complaint, F6, Principal};

/// What is inside, and no caller should learn of.
const INSIDE: [&str; 18] = [
    "async_graphql",
    "async-graphql",
    "expected value",
    "invalid type",
    "jsonschema",
    "jsonwebtoken",
    "panic",
    "pest",
    "postgres",
    "serde",
    "sqlx",
    "thread '",
    "unwrap",
    ".rs:",
    "INSERT ",
    "SELECT ",
    "Err(",
    "Some(",
];

/// How long a message may be, in characters, whatever was sent.
const LONGEST: usize = 700;

/// An F6 under siege.
pub(super) struct Besieged {
    pub(super) f6: F6,
    stored: i64,
}

impl Besieged {
    pub(super) async fn start() -> Self {
        Self::with(F6::start().await).await
    }

    /// One that holds something already.
    pub(super) async fn with(f6: F6) -> Self {
        let stored = f6.database.events().await;
        Self { f6, stored }
    }

    pub(super) fn clerk(&self) -> Principal<'_> {
        self.f6.clerk()
    }

    /// What the write API says to this document.
    pub(super) async fn write(&self, document: &str, variables: &Value) -> Told {
        let answer = self.clerk().mutate(document, variables).await.expect("the write API answers");
        Told::new(document, &answer)
    }

    /// What the query API says to this document.
    pub(super) async fn ask(&self, document: &str, variables: &Value) -> Told {
        Told::new(document, &self.clerk().query(document, variables).await)
    }

    /// What both servers say to this body, byte by byte.
    pub(super) async fn post(&self, body: &[u8]) -> [Told; 2] {
        let clerk = self.clerk();
        let token = Some(clerk.token());
        let name = String::from_utf8_lossy(body);
        let [write, query] =
            [&self.f6.write[0], &self.f6.query].map(|server| server.post(token, body.to_vec()));
        [Told::new(&name, &write.await), Told::new(&name, &query.await)]
    }

    /// Nothing was stored, and both servers answer who asks for something.
    pub(super) async fn unharmed(&self) {
        assert_eq!(self.f6.database.events().await, self.stored, "something was stored");
        let asked = "{ __typename }";
        let written = self.clerk().mutate(asked, &json!({})).await.expect("the write API still answers");
        for answer in [written, self.clerk().query(asked, &json!({})).await] {
            assert_eq!(answer.data(), json!({ "__typename": "Query" }));
        }
        for server in [&self.f6.write[0], &self.f6.query] {
            assert!(!server.log().contains("panicked"), "{}", server.log());
        }
    }
}

/// What was said to one piece of bad input.
pub(super) struct Told {
    about: String,
    complaints: Vec<Complaint>,
}

impl Told {
    /// Checks what holds for every answer: no fault, nothing from inside, nothing without bound.
    pub(super) fn new(about: &str, answer: &Answer) -> Self {
        assert!(!answer.status.is_server_error(), "{}: {}", answer.status, cut(about));
        Self::of(about, answer.complaints())
    }

    /// The same of what an import reports.
    pub(super) fn of(about: &str, complaints: Vec<Complaint>) -> Self {
        let about = cut(about);
        for Complaint { code, message } in &complaints {
            assert_ne!(code, "INTERNAL", "{about}");
            assert!(message.chars().count() <= LONGEST, "{about}: {message}");
            let inside = INSIDE.iter().find(|inside| message.contains(*inside));
            assert!(inside.is_none(), "{about}: `{}` in {message}", inside.unwrap_or(&""));
        }
        Self { about, complaints }
    }

    /// It is refused, whatever for.
    #[track_caller]
    pub(super) fn refused_for_something(&self) {
        assert!(!self.complaints.is_empty(), "{}", self.about);
    }

    /// It is refused with this code, in a message with each of these words: value, rule and remedy.
    #[track_caller]
    pub(super) fn refused(&self, code: &str, words: &[&str]) {
        let right = |complaint: &Complaint| {
            complaint.code == code && words.iter().all(|word| complaint.message.contains(word))
        };
        assert!(
            self.complaints.iter().any(right),
            "{}: no {code} with {words:?} in {:#?}",
            self.about,
            self.complaints
        );
    }
}

/// What was sent, as far as the failure of a test should show it.
fn cut(about: &str) -> String {
    about.chars().take(200).collect()
}
