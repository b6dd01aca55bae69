//! What the documents tell a reader to paste works, in the order in which they tell it.

use serde_json::{Value, json};
use tests::{F6, root, sources};

#[tokio::test]
async fn the_examples_of_the_readme_work() {
    let text = std::fs::read_to_string(root().join("README.md")).expect("there is a README");
    let examples = examples(&text);
    for kind in ["mutation", "query"] {
        assert!(
            examples.iter().any(|example| example.starts_with(kind)),
            "the README has no {kind} to paste"
        );
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

/// Every block of GraphQL that is an operation; blocks that show types are not for pasting.
fn examples(text: &str) -> Vec<String> {
    let blocks = text.split("```graphql\n").skip(1).filter_map(|rest| rest.split_once("```"));
    let operations = blocks.map(|(block, _)| block.trim().to_owned());
    operations
        .filter(|block| ["mutation", "query", "{"].iter().any(|start| block.starts_with(start)))
        .collect()
}

/// All examples of one document, by a civil servant, on an F6 of its own.
async fn work(examples: &[String], path: &str) {
    let f6 = F6::start().await;
    for example in examples {
        if example.starts_with("mutation") {
            let answer = f6.clerk().mutate(example, &json!({})).await.expect("an answer").data();
            for (field, payload) in answer.as_object().expect("data") {
                assert_eq!(payload.get("refusals").unwrap_or(&json!([])), &json!([]), "{path}: {field}");
            }
        } else {
            let answer = f6.clerk().query(example, &json!({})).await.data();
            let found = answer.as_object().expect("data").values().any(|value| *value != Value::Null);
            assert!(found, "{path}: nothing is found by {example}");
        }
    }
}
