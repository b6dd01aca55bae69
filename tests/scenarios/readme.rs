//! What the documents tell a reader to paste works, in the order in which they tell it, and answers what they show.

use std::fs::File;
use std::io::Read;

use flate2::read::GzDecoder;
use serde_json::{Value, json};
use tests::{F6, root, run, sources};

/// The test person of whom the documents show answers: Janus Naaktgeboren, and the three addresses of his residences.
const OF_JANUS: [&str; 4] = [
    "ee24c40c-95ef-505a-a68b-fb6e0cf222a2",
    "719f278d-22cd-5faa-b836-04def8ef35e0",
    "5d1c033a-55ff-5d1e-b38b-38ccd38b1691",
    "00a5eeea-3d22-543e-9594-4a6092d981ec",
];

/// An operation to paste, who is to send it, and the data of its answer where the document shows them.
struct Example {
    by: Option<String>,
    operation: String,
    answer: Option<Value>,
}

#[tokio::test]
async fn the_examples_of_the_readme_work() {
    let text = std::fs::read_to_string(root().join("README.md")).expect("there is a README");
    let examples = examples(&text);
    for kind in ["mutation", "query"] {
        assert!(
            examples.iter().any(|example| example.operation.starts_with(kind)),
            "the README has no {kind} to paste"
        );
    }
    // What it shows of a person of the demo is printed by the demo too
    let printed = std::fs::read_to_string(root().join("demo/queries.md")).expect("there are queries");
    let shown: Vec<&Example> = examples.iter().filter(|example| example.answer.is_some()).collect();
    assert!(!shown.is_empty(), "the README shows no answer");
    for Example { operation, .. } in shown {
        assert!(printed.contains(operation), "demo/queries.md does not have {operation}");
    }
    work(&examples, "README.md").await;
}

#[tokio::test]
async fn the_examples_of_the_other_documents_work() {
    let mut documents = sources("docs", "md");
    let architecture =
        std::fs::read_to_string(root().join("ARCHITECTURE.md")).expect("there is an ARCHITECTURE");
    documents.push(("ARCHITECTURE.md".into(), architecture));
    // The examples of the page of errors are refused: `errors_page.rs` is about them.
    for (path, text) in documents.into_iter().filter(|(path, _)| !path.ends_with("errors.md")) {
        let examples = examples(&text);
        if !examples.is_empty() {
            work(&examples, &path.display().to_string()).await;
        }
    }
}

/// Every block of GraphQL that is an operation, with the JSON behind it; blocks that show types are not for pasting.
fn examples(text: &str) -> Vec<Example> {
    let blocks = text.split("```graphql\n").skip(1).filter_map(|rest| rest.split_once("```"));
    let example = |(block, rest): (&str, &str)| {
        let shown = rest.trim_start().strip_prefix("```json\n").and_then(|rest| rest.split_once("```"));
        let answer = shown.map(|(json, _)| serde_json::from_str(json).expect("the answer shown is JSON"));
        let (by, operation) = match block.strip_prefix("# by a ").and_then(|rest| rest.split_once('\n')) {
            Some((by, operation)) => (Some(by.to_owned()), operation),
            None => (None, block),
        };
        Example { by, operation: operation.trim().to_owned(), answer }
    };
    let is_operation = |example: &Example| {
        ["mutation", "query", "{"].iter().any(|start| example.operation.starts_with(start))
    };
    blocks.map(example).filter(is_operation).collect()
}

/// All examples of one document, by a civil servant where no other is named, on an F6 of its own that knows Janus.
async fn work(examples: &[Example], path: &str) {
    let f6 = F6::start().await;
    import_janus(&f6);
    for Example { by, operation, answer: shown } in examples {
        let caller = by.as_deref().map_or_else(|| f6.clerk(), |by| f6.principal(by));
        if operation.starts_with("mutation") {
            let answer = caller.mutate(operation, &json!({})).await.expect("an answer").data();
            for (field, payload) in answer.as_object().expect("data") {
                assert_eq!(payload.get("refusals").unwrap_or(&json!([])), &json!([]), "{path}: {field}");
            }
            if let Some(shown) = shown {
                assert_eq!(*shown, json!({ "data": answer }), "{path}: {operation} answers {answer:#}");
            }
        } else {
            let answer = caller.query(operation, &json!({})).await.data();
            let found = answer.as_object().expect("data").values().any(|value| *value != Value::Null);
            assert!(found, "{path}: nothing is found by {operation}");
            if let Some(shown) = shown {
                assert_eq!(*shown, json!({ "data": answer }), "{path}: {operation} answers {answer:#}");
            }
        }
    }
}

/// The events of the demo that are about Janus and where he lived.
fn import_janus(f6: &F6) {
    let demo = File::open(root().join("demo/events.ndjson.gz")).expect("the events of the demo");
    let mut lines = String::new();
    GzDecoder::new(demo).read_to_string(&mut lines).expect("text");
    let mut of_janus: Vec<Value> = Vec::new();
    for line in lines.lines() {
        let event: Value = serde_json::from_str(line).expect("an event");
        let objects = event["object_ids"].as_array().into_iter().flatten();
        let mut targets = event["event_reference"].as_array().into_iter().flatten();
        if objects.filter_map(Value::as_str).all(|object| OF_JANUS.contains(&object))
            && targets.all(|id| of_janus.iter().any(|event| event["id"] == *id))
        {
            of_janus.push(event);
        }
    }
    let file = f6.file("janus.ndjson");
    let lines: Vec<String> = of_janus.iter().map(|event| format!("{event}\n")).collect();
    std::fs::write(&file, lines.concat()).expect("a file");
    run(&mut f6.write_api(["import".as_ref(), file.as_os_str()]));
}
