//! How options are read from a command line or the environment.

use std::time::Duration;

/// Reads a number of seconds, such as `30` or `0.5`.
///
/// # Errors
/// What would be one.
pub fn seconds(text: &str) -> Result<Duration, String> {
    let number = text.trim_end_matches('s').parse::<f64>().ok();
    number
        .filter(|number| *number > 0.0)
        .and_then(|number| Duration::try_from_secs_f64(number).ok())
        .ok_or_else(|| format!("`{text}` is not a number of seconds above zero, such as 30 or 0.5"))
}

/// Reads a number of things of which there must be one.
///
/// # Errors
/// What would be such a number.
pub fn at_least_one(text: &str) -> Result<usize, String> {
    let number = text.parse().ok().filter(|number| *number > 0);
    number.ok_or_else(|| format!("`{text}` is not a number from 1"))
}

/// Reads a path to serve at, such as `/graphql`.
pub(crate) fn path(text: &str) -> Result<String, String> {
    let segments = text.strip_prefix('/').unwrap_or_default();
    let plain = segments.chars().all(|char| char.is_ascii_alphanumeric() || "-._~/".contains(char));
    if segments.is_empty() || !plain || segments.ends_with('/') || segments.contains("//") {
        return Err(format!("`{text}` is no path such as /graphql"));
    }
    if matches!(text, "/healthz" | "/readyz" | "/metrics") || segments.starts_with("graphiql/") {
        return Err(format!("`{text}` is taken; choose another, such as /graphql"));
    }
    Ok(text.to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_time_out_is_a_number_of_seconds() {
        assert_eq!(seconds("30"), Ok(Duration::from_secs(30)));
        assert_eq!(seconds("0.5s"), Ok(Duration::from_millis(500)));
        for wrong in ["0", "-1", "soon", "", "inf", "NaN"] {
            assert!(seconds(wrong).is_err(), "{wrong}");
        }
    }

    #[test]
    fn a_path_begins_with_a_slash_and_takes_no_one_elses_place() {
        assert_eq!(path("/api/graphql").as_deref(), Ok("/api/graphql"));
        for wrong in ["graphql", "/", "/a b", "/{all}", "/healthz", "/metrics", "/a//b", "/a/", "/graphiql/x"]
        {
            assert!(path(wrong).is_err(), "{wrong}");
        }
    }
}
