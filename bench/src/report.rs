//! What was measured: a table for people, and JSON for machines.

use std::fmt::Write as _;
use std::path::Path;

use serde::Serialize;

/// A figure, and what it has to be.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub(crate) struct Judged {
    pub(crate) name: String,
    pub(crate) value: f64,
    pub(crate) goal: f64,
    /// Which side of the goal is the good one.
    pub(crate) direction: Direction,
    pub(crate) met: bool,
}

/// Which side of a goal is the good one.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum Direction {
    AtLeast,
    AtMost,
}

/// A figure that explains others and has no goal of its own.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub(crate) struct Figure {
    pub(crate) name: String,
    pub(crate) value: f64,
    pub(crate) unit: &'static str,
}

/// Everything that one run measured.
#[derive(Debug, Default)]
pub(crate) struct Report {
    pub(crate) judged: Vec<Judged>,
    pub(crate) figures: Vec<Figure>,
}

impl Report {
    pub(crate) fn at_least(&mut self, name: impl Into<String>, value: f64, goal: f64) {
        self.judge(name.into(), value, goal, Direction::AtLeast);
    }

    pub(crate) fn at_most(&mut self, name: impl Into<String>, value: f64, goal: f64) {
        self.judge(name.into(), value, goal, Direction::AtMost);
    }

    pub(crate) fn figure(&mut self, name: impl Into<String>, value: f64, unit: &'static str) {
        self.figures.push(Figure { name: name.into(), value, unit });
    }

    fn judge(&mut self, name: String, value: f64, goal: f64, direction: Direction) {
        // A figure that could not be computed is no number, and meets no goal.
        let met = match direction {
            Direction::AtLeast => value >= goal,
            Direction::AtMost => value <= goal,
        };
        self.judged.push(Judged { name, value, goal, direction, met });
    }

    /// The table that a run ends with.
    pub(crate) fn table(&self) -> String {
        let names = self.judged.iter().map(|row| &row.name).chain(self.figures.iter().map(|row| &row.name));
        let width = names.map(|name| name.chars().count()).max().unwrap_or(0);
        let mut table = String::new();
        for Judged { name, value, goal, direction, met } in &self.judged {
            let (sign, mark) = (direction.sign(), if *met { "✓" } else { "✗" });
            let _ = writeln!(table, "{mark} {name:width$}  {:>10}  {sign} {goal}", short(*value));
        }
        for Figure { name, value, unit } in &self.figures {
            let _ = writeln!(table, "  {name:width$}  {:>10}  {unit}", short(*value));
        }
        table
    }

    /// Writes `report.json`, the figures with goals, and beside it `figures.json`, those that explain them.
    pub(crate) fn write(&self, folder: &Path) -> std::io::Result<()> {
        std::fs::create_dir_all(folder)?;
        std::fs::write(folder.join("report.json"), pretty(&self.judged)?)?;
        std::fs::write(folder.join("figures.json"), pretty(&self.figures)?)
    }
}

impl Direction {
    const fn sign(self) -> &'static str {
        match self {
            Self::AtLeast => "≥",
            Self::AtMost => "≤",
        }
    }
}

/// The value in the middle; the mean of the two in the middle where their number is even; no number of nothing.
pub(crate) fn median(values: impl IntoIterator<Item = f64>) -> f64 {
    let mut values: Vec<f64> = values.into_iter().collect();
    values.sort_by(f64::total_cmp);
    match (values.len() / 2, values.len() % 2) {
        (0, 0) => f64::NAN,
        (middle, 0) => f64::midpoint(values[middle - 1], values[middle]),
        (middle, _) => values[middle],
    }
}

fn pretty(rows: &impl Serialize) -> std::io::Result<String> {
    Ok(serde_json::to_string_pretty(rows)? + "\n")
}

/// Three digits that count.
fn short(value: f64) -> String {
    match value.abs() {
        size if size >= 100.0 => format!("{value:.0}"),
        size if size >= 10.0 => format!("{value:.1}"),
        _ => format!("{value:.2}"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_median_is_in_the_middle_and_not_led_by_one_slow_round() {
        assert_eq!(median([3.0, 1.0, 900.0]), 3.0);
        assert_eq!(median([4.0, 1.0, 2.0, 900.0]), 3.0);
        assert!(median([]).is_nan());
    }

    #[test]
    fn a_goal_is_met_on_its_good_side_and_by_equality() {
        let mut report = Report::default();
        report.at_least("rate", 1.0, 1.0);
        report.at_least("rate", 0.99, 1.0);
        report.at_most("time", 1.0, 1.0);
        report.at_most("time", 1.01, 1.0);
        report.at_least("nothing was measured", f64::NAN, 1.0);
        report.at_most("nothing was measured", f64::NAN, 1.0);
        let met: Vec<bool> = report.judged.iter().map(|row| row.met).collect();
        assert_eq!(met, [true, false, true, false, false, false]);
    }

    #[test]
    fn the_report_is_a_list_of_name_value_goal_and_met() {
        let mut report = Report::default();
        report.at_most("start-up of write-api, seconds", 0.25, 1.0);
        let json = serde_json::to_value(&report.judged).unwrap();
        assert_eq!(
            json,
            serde_json::json!([{
                "name": "start-up of write-api, seconds", "value": 0.25, "goal": 1.0, "direction": "at_most", "met": true
            }])
        );
    }

    #[test]
    fn the_table_shows_what_was_missed() {
        let mut report = Report::default();
        report.at_least("appends", 0.4, 0.45);
        report.figure("rows", 12_345.6, "a second");
        assert_eq!(report.table(), "✗ appends        0.40  ≥ 0.45\n  rows          12346  a second\n");
    }
}
