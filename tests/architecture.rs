//! The invariants of ARCHITECTURE.md, read from the sources and from cargo; and the printed schemas.

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};
use std::process::Command;

use serde_json::Value;
use tests::{binary, root, run, sources};

#[test]
fn only_the_append_of_write_api_inserts_events() {
    let inserts = code(&["delivery", "door", "entity", "migration", "query-api", "read-model", "write-api"])
        .into_iter()
        .filter(|(_, text)| says_any(text, &["insert into event"]));
    let paths: Vec<PathBuf> = inserts.map(|(path, _)| path).collect();
    assert!(!paths.is_empty(), "this test no longer finds the append");
    for path in &paths {
        assert!(
            path.starts_with("write-api/src/append") || *path == Path::new("write-api/src/append.rs"),
            "{}",
            path.display()
        );
    }
}

#[test]
fn query_api_and_the_event_reader_cannot_write() {
    for (path, text) in code(&["query-api", "read-model", "door"]) {
        // The one command that builds derived indexes, as another role.
        if path == Path::new("query-api/src/rebuild.rs") {
            assert!(
                says_any(&text, &["insert into search_term"])
                    && !says_any(&text, &["insert into event", "update event", "update head", "delete from"])
            );
            continue;
        }
        if path == Path::new("query-api/src/rebuild/work.rs") {
            let others = text.replace("insert into work_item", "").replace("delete from work_item", "");
            assert!(!says_any(&others, &["insert into", "update event", "update head", "delete from"]));
            continue;
        }
        let writing = [
            "insert into",
            "update event",
            "update head",
            "delete from",
            "truncate ",
            "activemodel",
            "for update",
        ];
        assert!(!says_any(&text, &writing), "{} writes", path.display());
    }
}

#[test]
fn the_pure_part_of_read_model_knows_no_database_no_clock_and_no_chance() {
    for (path, text) in pure_read_model() {
        let outside = [
            "sqlx",
            "sea_orm",
            "entity::",
            "tokio",
            "std::fs",
            "std::net",
            "std::env",
            "std::time",
            "utc::now",
            "local::now",
            "chrono::local",
            "now_v7",
            "new_v4",
            "rand::",
        ];
        for word in outside {
            assert!(!says_any(&text, &[word]), "{} knows {word}", path.display());
        }
    }
}

#[test]
fn graphql_types_are_not_database_models() {
    for (path, text) in code(&["query-api", "write-api", "door", "read-model"]) {
        let both =
            says_any(&text, &["async_graphql"]) && says_any(&text, &["sea_orm", "entity::", "sqlx::fromrow"]);
        assert!(!both, "{} mixes them", path.display());
    }
    for (path, text) in code(&["entity"]) {
        assert!(!says_any(&text, &["async_graphql"]), "{} knows GraphQL", path.display());
    }
}

#[test]
fn dependencies_between_crates_point_inward() {
    // From the inside out: each may use only what stands before it, and the servers never each other
    let allowed: BTreeMap<&str, &[&str]> = BTreeMap::from([
        // An outsider: it speaks to the servers over HTTP alone
        ("bsn-issuer", &[] as &[&str]),
        ("read-model", &[]),
        ("entity", &[]),
        ("policy", &["read-model"]),
        ("door", &["policy"]),
        ("migration", &["entity"]),
        ("processing-log", &["door", "read-model"]),
        ("query-api", &["door", "entity", "policy", "processing-log", "read-model"]),
        ("write-api", &["door", "entity", "migration", "policy", "processing-log", "read-model"]),
        ("delivery", &["door", "policy", "processing-log", "read-model"]),
    ]);
    let members = dependencies();
    for (member, dependencies) in &members {
        let Some(allowed) = allowed.get(member.as_str()) else {
            continue;
        };
        for dependency in dependencies.iter().filter(|name| members.contains_key(*name)) {
            assert!(allowed.contains(&dependency.as_str()), "{member} depends on {dependency}");
        }
    }
    assert!(allowed.keys().all(|name| members.contains_key(*name)), "a crate is gone: {:?}", members.keys());
}

#[test]
fn no_modules_of_a_crate_form_a_circle() {
    for member in
        ["bsn-issuer", "read-model", "policy", "write-api", "query-api", "delivery", "door", "processing-log"]
    {
        let mut uses = module_uses(member);
        // Take away, again and again, what uses nothing that is left; a circle remains
        while let Some(free) = uses.iter().find(|(_, used)| used.is_empty()).map(|(module, _)| module.clone())
        {
            uses.remove(&free);
            uses.values_mut().for_each(|used| {
                used.remove(&free);
            });
        }
        assert!(uses.is_empty(), "a circle among the modules of {member}: {uses:#?}");
    }
}

#[test]
fn every_test_that_the_threat_model_names_exists() {
    let model = std::fs::read_to_string(root().join("SECURITY.md")).expect("SECURITY.md");
    let named: Vec<(&str, &str)> = model.split('`').filter_map(|code| code.split_once("::")).collect();
    assert!(!named.is_empty(), "this test no longer finds the names");
    for (module, test) in named {
        let path = root().join(format!("tests/scenarios/{module}.rs"));
        let text =
            std::fs::read_to_string(&path).unwrap_or_else(|error| panic!("{}: {error}", path.display()));
        assert!(text.contains(&format!("fn {test}(")), "{module} has no {test}");
    }
}

#[test]
fn the_committed_schemas_are_those_that_the_servers_print() {
    for (server, file) in [("write-api", "schemas/write.graphql"), ("query-api", "schemas/query.graphql")] {
        let mut print = Command::new(binary(server));
        print.arg("--print-schema").current_dir(root());
        let printed = String::from_utf8(run(&mut print).stdout).expect("a schema is text");
        let committed =
            std::fs::read_to_string(root().join(file)).unwrap_or_else(|error| panic!("{file}: {error}"));
        assert!(
            printed.trim() == committed.trim(),
            "{file} is out of date: `{server} --print-schema > {file}`"
        );
    }
}

/// The sources of these crates, without comments and without what follows `#[cfg(test)]`, in lower case.
fn code(crates: &[&str]) -> Vec<(PathBuf, String)> {
    let all = crates.iter().flat_map(|name| sources(&format!("{name}/src"), "rs"));
    all.map(|(path, text)| (path, without_comments(&text).to_lowercase())).collect()
}

/// The policy is a function of what it is asked as well.
#[test]
fn the_policy_knows_no_database_no_clock_and_no_chance() {
    for (path, text) in code(&["policy"]) {
        for word in ["sqlx", "tokio", "std::fs", "std::env", "std::time", "utc::now", "now_v7", "rand::"] {
            assert!(!says_any(&text, &[word]), "{} knows {word}", path.display());
        }
    }
}

fn pure_read_model() -> Vec<(PathBuf, String)> {
    let mut files = code(&["read-model"]);
    for impure in ["reader", "pool"] {
        let module = Path::new("read-model/src").join(impure);
        files.retain(|(path, _)| !path.starts_with(&module) && *path != module.with_extension("rs"));
    }
    files.retain(|(path, _)| path != Path::new("read-model/src/lib.rs"));
    files
}

fn without_comments(text: &str) -> String {
    let shipped = text.split("#[cfg(test)]").next().unwrap_or_default();
    shipped.lines().map(|line| line.split("//").next().unwrap_or_default()).collect::<Vec<_>>().join("\n")
}

fn says_any(text: &str, words: &[&str]) -> bool {
    words.iter().any(|word| text.contains(word))
}

/// Each member of the workspace, with the crates that it is built from.
fn dependencies() -> BTreeMap<String, BTreeSet<String>> {
    let mut cargo = Command::new(env!("CARGO"));
    cargo.args(["metadata", "--format-version", "1", "--no-deps", "--offline"]).current_dir(root());
    let metadata: Value = serde_json::from_slice(&run(&mut cargo).stdout).expect("metadata is JSON");
    let name = |value: &Value| value["name"].as_str().expect("a name").to_owned();
    let packages = metadata["packages"].as_array().expect("packages").iter();
    let built_from = |package: &Value| {
        let dependencies = package["dependencies"].as_array().expect("dependencies").iter();
        dependencies.filter(|dependency| dependency["kind"].is_null()).map(name).collect()
    };
    packages.map(|package| (name(package), built_from(package))).collect()
}

/// Each top-level module of a crate, with the other top-level modules that it names.
fn module_uses(member: &str) -> BTreeMap<String, BTreeSet<String>> {
    let source = format!("{member}/src");
    let files = sources(&source, "rs");
    let reexports = reexports(&files, Path::new(&source));
    let mut uses: BTreeMap<String, BTreeSet<String>> = BTreeMap::new();
    for (path, text) in &files {
        let inside = path.strip_prefix(&source).expect("a source of the crate");
        let module =
            inside.iter().next().expect("a file").to_string_lossy().trim_end_matches(".rs").to_owned();
        if ["lib", "main", "bin"].contains(&module.as_str()) {
            continue;
        }
        let text = without_comments(text);
        let named = text.split("crate::").skip(1).flat_map(first_names);
        let named = named.map(|name| reexports.get(&name).cloned().unwrap_or(name));
        let used = uses.entry(module.clone()).or_default();
        used.extend(named.filter(|name| *name != module));
    }
    let modules: BTreeSet<String> = uses.keys().cloned().collect();
    uses.values_mut().for_each(|used| used.retain(|name| modules.contains(name)));
    uses
}

/// What the root of a crate shows of its modules under its own name, and from which module it comes.
fn reexports(files: &[(PathBuf, String)], source: &Path) -> BTreeMap<String, String> {
    let root = files.iter().find(|(path, _)| *path == source.join("lib.rs"));
    let text = root.map(|(_, text)| without_comments(text)).unwrap_or_default();
    let statements = text
        .split("use ")
        .skip(1)
        .filter_map(|rest| rest.split_once(';'))
        .map(|(statement, _)| statement.to_owned());
    let pairs = statements.filter_map(|statement| {
        let (module, names) = statement.trim_start_matches("crate::").split_once("::")?;
        let names = names.split(|c: char| !c.is_alphanumeric() && c != '_').filter(|name| !name.is_empty());
        Some(names.map(|name| (name.to_owned(), module.to_owned())).collect::<Vec<_>>())
    });
    pairs.flatten().collect()
}

/// The first name after `crate::`, or each first name of `crate::{…}`.
fn first_names(path: &str) -> Vec<String> {
    let word = |text: &str| text.chars().take_while(|c| c.is_alphanumeric() || *c == '_').collect::<String>();
    let Some(group) = path.strip_prefix('{') else {
        return vec![word(path)];
    };
    let mut depth = 0;
    let mut names = vec![String::new()];
    for c in group.chars() {
        match c {
            '}' if depth == 0 => break,
            '{' => depth += 1,
            '}' => depth -= 1,
            ',' if depth == 0 => names.push(String::new()),
            _ if depth == 0 => names.last_mut().expect("a name was begun").push(c),
            _ => {}
        }
    }
    names.iter().map(|name| word(name.trim())).collect()
}
