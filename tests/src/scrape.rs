use std::collections::BTreeMap;

/// What a server told of itself, in the text format of Prometheus.
#[derive(Debug)]
pub struct Scrape {
    /// The text as it came.
    pub text: String,
}

impl Scrape {
    /// What stands at this URL.
    pub async fn of(url: &str) -> Self {
        let answer = reqwest::get(url).await.unwrap_or_else(|error| panic!("{url}: {error}"));
        assert_eq!(answer.status(), 200, "{url}");
        let format = answer.headers()["content-type"].to_str().expect("a media type is text");
        assert!(format.starts_with("text/plain; version=0.0.4"), "{format}");
        Self { text: answer.text().await.expect("metrics are text") }
    }

    /// Every metric, with its type.
    pub fn types(&self) -> BTreeMap<&str, &str> {
        let types = self.text.lines().filter_map(|line| line.strip_prefix("# TYPE ")?.split_once(' '));
        types.collect()
    }

    /// The sum of the series of this name that have these labels: `("f6_commands_total", &[("outcome", "refused")])`.
    pub fn sum(&self, name: &str, labels: &[(&str, &str)]) -> f64 {
        let has = |line: &str, (label, value): &(&str, &str)| {
            [format!("{{{label}=\"{value}\""), format!(",{label}=\"{value}\"")]
                .iter()
                .any(|l| line.contains(l))
        };
        let of_name = |line: &&str| line.strip_prefix(name).is_some_and(|rest| rest.starts_with(['{', ' ']));
        let series =
            self.text.lines().filter(of_name).filter(|line| labels.iter().all(|label| has(line, label)));
        series.map(value).sum()
    }
}

fn value(line: &str) -> f64 {
    let value = line.rsplit(' ').next().and_then(|value| value.parse().ok());
    value.unwrap_or_else(|| panic!("no value in `{line}`"))
}
