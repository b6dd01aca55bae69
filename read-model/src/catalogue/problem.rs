//! What is wrong with a config: where, what, and what would be right.

use std::fmt;
use std::panic::resume_unwind;
use std::thread;

use serde::de::DeserializeOwned;
use serde_json::Value;

use super::yaml::{Document, Step};
use crate::shown::cut;

/// Reads a YAML text as a config `C` and compiles it; `file` names it in messages.
///
/// # Errors
/// Every mistake that was found, each with its line; one in the shape of the config hides what lies behind it.
pub fn compile_yaml<C: DeserializeOwned, T: Send>(
    file: &str,
    source: &str,
    compile: impl FnOnce(&C, &mut Report) -> T + Send,
) -> Result<T, Problems> {
    thread::scope(|scope| {
        let compiling = || read_and_compile(file, source, compile);
        match thread::Builder::new().stack_size(STACK).spawn_scoped(scope, compiling) {
            Ok(compiling) => compiling.join().unwrap_or_else(|panic| resume_unwind(panic)),
            Err(error) => {
                let message = format!("there is no room to read it in: {error}");
                Err(Problems {
                    file: file.to_owned(),
                    problems: vec![Problem { path: Vec::new(), line: 1, message }],
                })
            }
        }
    })
}

/// Room for what is nested as deep as it may be, whoever asks: without optimisation, each bracket of an expression takes the
/// parser 150 kB, and each level of YAML 40 kB.
const STACK: usize = 16 << 20;

fn read_and_compile<C: DeserializeOwned, T>(
    file: &str,
    source: &str,
    compile: impl FnOnce(&C, &mut Report) -> T,
) -> Result<T, Problems> {
    let problems = |problems| Problems { file: file.to_owned(), problems };
    let document = Document::parse(source).map_err(|error| {
        problems(vec![Problem { path: Vec::new(), line: error.line, message: error.message }])
    })?;
    let mut report = Report::default();
    let compiled = parse_config(document.to_json(), &mut report).map(|config| compile(&config, &mut report));
    match compiled {
        Some(compiled) if report.found.is_empty() => Ok(compiled),
        _ => Err(problems(located(&document, report))),
    }
}

fn located(document: &Document, report: Report) -> Vec<Problem> {
    let mut problems: Vec<Problem> = report
        .found
        .into_iter()
        .map(|(path, message)| Problem { line: document.line(&path), path, message })
        .collect();
    problems.sort_by_key(|problem| problem.line);
    problems.dedup();
    problems
}

/// The config in its typed shape.
fn parse_config<C: DeserializeOwned>(json: Value, report: &mut Report) -> Option<C> {
    serde_path_to_error::deserialize(json)
        .map_err(|error| {
            let path = error.path().iter().filter_map(|segment| match segment {
                serde_path_to_error::Segment::Map { key } => Some(Step::from(key.as_str())),
                serde_path_to_error::Segment::Seq { index } => Some(Step::from(*index)),
                serde_path_to_error::Segment::Enum { .. } | serde_path_to_error::Segment::Unknown => None,
            });
            report.within(path.collect::<Vec<_>>(), |report| report.say(error.inner().to_string()));
        })
        .ok()
}

/// One mistake in a config file.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Problem {
    /// Where in the document.
    pub path: Vec<Step>,
    /// The line, from 1.
    pub line: u64,
    /// What is wrong, with the value, and what would be right.
    pub message: String,
}

/// Every mistake found in one config file; never empty.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Problems {
    /// The file, as it was named.
    pub file: String,
    /// The mistakes, in the order of their lines.
    pub problems: Vec<Problem>,
}

impl std::error::Error for Problems {}

impl fmt::Display for Problems {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (index, problem) in self.problems.iter().enumerate() {
            let newline = if index == 0 { "" } else { "\n" };
            write!(
                f,
                "{newline}{}:{}: {}: {}",
                self.file,
                problem.line,
                dotted(&problem.path),
                problem.message
            )?;
        }
        Ok(())
    }
}

fn dotted(path: &[Step]) -> String {
    let mut text = String::new();
    for step in path {
        match step {
            Step::Key(key) => {
                if !text.is_empty() {
                    text.push('.');
                }
                text.push_str(key);
            }
            Step::Index(index) => text.push_str(&format!("[{index}]")),
        }
    }
    if text.is_empty() { "(the whole file)".into() } else { text }
}

/// The longest message, in characters: it has room for the name of every event type there is.
const LONGEST: usize = 2_000;

/// Collects mistakes while a config is compiled; paths are relative to where the collector stands.
#[derive(Debug, Default)]
pub struct Report {
    at: Vec<Step>,
    pub(super) found: Vec<(Vec<Step>, String)>,
}

impl Report {
    /// Runs `check` one or more steps deeper.
    pub fn within<T>(
        &mut self,
        steps: impl IntoIterator<Item = Step>,
        check: impl FnOnce(&mut Self) -> T,
    ) -> T {
        let depth = self.at.len();
        self.at.extend(steps);
        let result = check(self);
        self.at.truncate(depth);
        result
    }

    /// Notes a mistake here; on one line, and not at length, whatever it repeats of the config.
    pub fn say(&mut self, message: impl Into<String>) {
        let message = message.into().replace(['\r', '\n'], " ");
        self.found.push((self.at.clone(), cut(&message, LONGEST)));
    }
}

/// `one of a, b, c`, and the nearest of them where a slip of the pen is likely.
pub fn one_of<'a>(given: &str, names: impl IntoIterator<Item = &'a str>) -> String {
    let names: Vec<&str> = names.into_iter().collect();
    let near = names.iter().find(|name| slip(given, name));
    let list = names.join(", ");
    match near {
        Some(name) => format!("did you mean `{name}`? There are: {list}"),
        None => format!("there are: {list}"),
    }
}

/// How many edits are a slip of the pen.
const SLIP: usize = 2;

/// Whether two words differ by no more than a slip of the pen, and in whatever case.
fn slip(a: &str, b: &str) -> bool {
    // What is given may be a megabyte, and comparing takes time in proportion to both.
    if a.chars().take(b.len() + SLIP + 1).count() > b.chars().count() + SLIP {
        return false;
    }
    let (a, b): (Vec<char>, Vec<char>) =
        (a.to_lowercase().chars().collect(), b.to_lowercase().chars().collect());
    let mut row: Vec<usize> = (0..=b.len()).collect();
    for (i, left) in a.iter().enumerate() {
        let mut diagonal = row[0];
        row[0] = i + 1;
        for (j, right) in b.iter().enumerate() {
            let replaced = diagonal + usize::from(left != right);
            diagonal = row[j + 1];
            row[j + 1] = replaced.min(row[j] + 1).min(diagonal + 1);
        }
    }
    row[b.len()] <= SLIP
}

#[cfg(test)]
mod tests {
    use std::time::{Duration, Instant};

    use super::one_of;

    #[test]
    fn the_nearest_name_is_told_where_a_slip_of_the_pen_is_likely() {
        let told = |given| one_of(given, ["Geboorte", "Overlijden"]);
        assert_eq!(told("geboorte"), "did you mean `Geboorte`? There are: Geboorte, Overlijden");
        assert_eq!(told("Geborte"), "did you mean `Geboorte`? There are: Geboorte, Overlijden");
        assert_eq!(told("Wedergeboorte"), "there are: Geboorte, Overlijden");
    }

    #[test]
    fn an_endless_name_is_compared_with_none() {
        let (given, begun) = ("é".repeat(5_000_000), Instant::now());
        assert_eq!(one_of(&given, ["Geboorte"; 100]).find("did you mean"), None);
        assert!(begun.elapsed() < Duration::from_secs(5), "{:?}", begun.elapsed());
    }
}
