//! `docs/errors.md`: each code is provoked by the example that stands below it.

use std::path::Path;

use chrono::SecondsFormat;
use door::{Clock, SystemClock};
use serde_json::{Value, json};
use tests::{Answer, F6, Setup, root};

/// How a code is told of that nobody can provoke from outside a server.
const NOT_FROM_OUTSIDE: &str = "Not ";

/// What stands below one heading of the page.
struct Section {
    name: String,
    text: String,
}

/// One block of code: its language, and what it says.
struct Example {
    language: String,
    text: String,
}

impl Section {
    /// Every section of this level in a text.
    fn all(text: &str, level: &str) -> Vec<Self> {
        let heading = format!("\n{level} ");
        let name_and_text = text.split(&heading).skip(1).filter_map(|section| section.split_once('\n'));
        name_and_text
            .map(|(name, text)| Self { name: name.trim_matches('`').to_owned(), text: text.to_owned() })
            .collect()
    }

    fn examples(&self) -> Vec<Example> {
        let blocks = self.text.split("```").skip(1).step_by(2);
        let example = |block: &str| {
            let (language, text) = block.split_once('\n').expect("a block has a language");
            Example { language: language.to_owned(), text: text.to_owned() }
        };
        blocks.map(example).collect()
    }
}

#[tokio::test]
async fn every_example_of_the_page_of_errors_gets_its_code() {
    let page = std::fs::read_to_string(root().join("docs/errors.md")).expect("the page of errors");
    let setup =
        Setup::default().env("F6_BODY_TIMEOUT", "1").write_config("  Naamskeuze:\n", "    four_eyes: true\n");
    let mut reader = Reader { f6: setup.start().await, basis: String::new() };
    for part in Section::all(&page, "##") {
        let codes = part.text.lines().filter_map(|line| line.strip_prefix("| `")?.split('`').next());
        let sections = Section::all(&part.text, "###");
        let (provoked, given): (Vec<_>, Vec<_>) =
            sections.iter().partition(|section| section.name.chars().all(|letter| !letter.is_lowercase()));
        for example in given.iter().flat_map(|section| section.examples()) {
            reader.try_out(&example, None).await;
        }
        assert_eq!(
            codes.collect::<Vec<_>>(),
            provoked.iter().map(|section| &section.name).collect::<Vec<_>>()
        );
        for section in provoked {
            reader.provoke(section).await;
        }
    }
}

/// Somebody who tries out what a page says.
struct Reader {
    f6: F6,
    /// The id of the basis of the last answer that told one.
    basis: String,
}

impl Reader {
    async fn provoke(&mut self, section: &Section) {
        let examples = section.examples();
        if examples.is_empty() {
            assert!(section.text.trim().starts_with(NOT_FROM_OUTSIDE), "{} has no example", section.name);
        }
        for (index, example) in examples.iter().enumerate() {
            let last = index + 1 == examples.len();
            self.try_out(example, last.then_some(&section.name)).await;
        }
    }

    /// Sends one example, which is refused with this code, or not at all.
    async fn try_out(&mut self, example: &Example, code: Option<&str>) {
        let told = match example.language.as_str() {
            "graphql" => vec![self.graphql(&example.text).await],
            "http" => self.http(&example.text).await,
            "json" => vec![self.import(&example.text)],
            other => panic!("{other} is no language of an example"),
        };
        for codes in told {
            match code {
                Some(code) => assert!(
                    codes.iter().any(|told| told == code),
                    "no {code}, but {codes:?}, by {}",
                    example.text
                ),
                None => assert_eq!(codes, [""; 0], "{}", example.text),
            }
        }
    }

    /// The codes of what one GraphQL document is answered with, warnings too.
    async fn graphql(&mut self, text: &str) -> Vec<String> {
        let (principal, text) = match text.strip_prefix("# by a ").and_then(|rest| rest.split_once('\n')) {
            Some((by, text)) => (self.f6.principal(by), text),
            None => (self.f6.clerk(), text),
        };
        let text = text.replace("<basis>", &self.basis);
        let answer = match text.starts_with("mutation") {
            true => principal.mutate(&text, &json!({})).await.expect("the write API answers"),
            false => principal.query(&text, &json!({})).await,
        };
        if let Some(basis) = answer.json().pointer("/data/persoon/basis/id").and_then(Value::as_str) {
            self.basis = basis.to_owned();
        }
        codes(&answer)
    }

    /// The same of an HTTP request, to both servers.
    async fn http(&self, text: &str) -> Vec<Vec<String>> {
        let clerk = self.f6.clerk();
        let text = text.replace("<token>", clerk.token());
        let (head, body) = text.split_once("\n\n").unwrap_or((text.trim_end(), ""));
        let body = body.trim_end();
        let mut head = head.replace('\n', "\r\n") + "\r\nHost: f6\r\n";
        if !head.contains("Content-Length") && !head.contains("Transfer-Encoding") {
            head += &format!("Content-Length: {}\r\n", body.len());
        }
        let request = head + "\r\n" + body + "\r\n";
        let mut told = Vec::new();
        for server in [&self.f6.write[0], &self.f6.query] {
            told.push(codes(&server.send_as_it_stands(request.as_bytes()).await));
        }
        told
    }

    /// The codes in the report of an import of one line.
    fn import(&self, text: &str) -> Vec<String> {
        let text = text.replace("<now>", &SystemClock.now().to_rfc3339_opts(SecondsFormat::Micros, true));
        let line: Value = serde_json::from_str(&text).expect("an event is JSON");
        let (file, report) = (self.f6.file("example.ndjson"), self.f6.file("report.ndjson"));
        std::fs::write(&file, line.to_string()).expect("a file");
        let arguments = [Path::new("import"), &file, Path::new("--report"), &report];
        self.f6.write_api(arguments).output().expect("the import runs");
        let report = std::fs::read_to_string(report).expect("a report");
        let line = |line: &str| serde_json::from_str::<Value>(line).expect("JSON")["code"].clone();
        report.lines().map(|told| line(told).as_str().expect("a code").to_owned()).collect()
    }
}

/// The codes of everything that an answer says is wrong, and of its warnings other than those of a rule.
fn codes(answer: &Answer) -> Vec<String> {
    let body = answer.json();
    let payloads = body["data"].as_object().into_iter().flat_map(|data| data.values());
    let warnings = payloads.flat_map(|payload| payload["warnings"].as_array().cloned().unwrap_or_default());
    let warned = warnings.filter_map(|warning| warning["code"].as_str().map(str::to_owned));
    answer.complaints().into_iter().map(|complaint| complaint.code).chain(warned).collect()
}
