//! Whose web page it is that a browser connects for.
//!
//! The rule by which pages of other sites are kept from asking (CORS) does not hold for `WebSockets`: a browser opens one to
//! any server, and says for which page in `Origin` (RFC 6454, section 7; RFC 6455, section 10.2).

use axum::http::HeaderMap;
use axum::http::header::{HOST, ORIGIN};

use crate::refusal::Refusal;
use crate::shown::shown_text;

/// Pages of every origin.
const ANY: &str = "*";

/// Whether what sends these headers may connect: a program, a page of the host that it connects to, or one of an allowed
/// origin.
///
/// # Errors
/// [`Refusal::Origin`].
pub(crate) fn may_connect(headers: &HeaderMap, allowed: &[String]) -> Result<(), Refusal> {
    let Some(origin) = headers.get(ORIGIN) else { return Ok(()) };
    let origin = String::from_utf8_lossy(origin.as_bytes());
    // By which scheme is for whoever ends TLS to say, which may be another machine.
    let host = origin.split_once("://").map(|(_, host)| host.as_bytes());
    let own =
        host.zip(headers.get(HOST)).is_some_and(|(host, own)| host.eq_ignore_ascii_case(own.as_bytes()));
    let named = |allowed: &String| allowed == ANY || allowed.eq_ignore_ascii_case(&origin);
    match own || allowed.iter().any(named) {
        true => Ok(()),
        false => Err(Refusal::Origin { origin: shown_text(&origin) }),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn connects(origin: Option<&str>, allowed: &[&str]) -> bool {
        let mut headers = HeaderMap::new();
        headers.insert(HOST, "f6.zonnendaal.example:8102".parse().unwrap());
        if let Some(origin) = origin {
            headers.insert(ORIGIN, origin.parse().unwrap());
        }
        let allowed: Vec<String> = allowed.iter().map(|origin| (*origin).to_owned()).collect();
        may_connect(&headers, &allowed).is_ok()
    }

    #[test]
    fn a_program_connects_and_a_page_of_the_host_itself() {
        assert!(connects(None, &[]));
        assert!(connects(Some("https://f6.zonnendaal.example:8102"), &[]));
        assert!(connects(Some("http://F6.Zonnendaal.example:8102"), &[]));
    }

    #[test]
    fn a_page_of_another_origin_connects_where_that_is_allowed() {
        let balie = "https://balie.zonnendaal.example";
        assert!(!connects(Some(balie), &[]));
        assert!(connects(Some(balie), &["https://other.example", balie]));
        assert!(connects(Some(balie), &["*"]));
        // An origin is its scheme and its port too.
        assert!(!connects(Some("http://balie.zonnendaal.example"), &[balie]));
        assert!(!connects(Some("https://f6.zonnendaal.example"), &[balie]));
    }

    #[test]
    fn a_page_that_hides_where_it_is_from_is_of_no_origin() {
        assert!(!connects(Some("null"), &[]));
        assert!(!connects(Some(""), &[]));
    }
}
