//! Which media type a client sends, and which it wants back.

use axum::http::header::{ACCEPT, CONTENT_ENCODING, CONTENT_TYPE};
use axum::http::{HeaderMap, HeaderName};

/// The media types in which a GraphQL answer is given.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Media {
    /// Status codes say whether the request was executed.
    GraphQlResponse,
    /// For older clients: 200 for every well-formed request.
    Json,
}

impl Media {
    pub(crate) const fn content_type(self) -> &'static str {
        match self {
            Self::GraphQlResponse => "application/graphql-response+json; charset=utf-8",
            Self::Json => "application/json; charset=utf-8",
        }
    }

    /// The one that a client prefers, `None` where it accepts neither.
    ///
    /// A client that names no preference gets the older one, which every client can read.
    pub(crate) fn accepted(headers: &HeaderMap) -> Option<Self> {
        let ranges = ranges(headers, &ACCEPT)?;
        if ranges.is_empty() {
            return Some(Self::Json);
        }
        let newer = weight(&ranges, "application/graphql-response+json");
        let older = weight(&ranges, "application/json");
        let preferred =
            if newer.named { newer.quality >= older.quality } else { newer.quality > older.quality };
        match (preferred, newer.quality.max(older.quality)) {
            (_, 0) => None,
            (true, _) => Some(Self::GraphQlResponse),
            (false, _) => Some(Self::Json),
        }
    }
}

/// Whether the client names HTML among what it accepts, as browsers do and others do not.
pub(crate) fn wants_html(headers: &HeaderMap) -> bool {
    ranges(headers, &ACCEPT).is_some_and(|ranges| weight(&ranges, "text/html").wanted_by_name())
}

/// Whether the client wants a stream of events, by name, and rather than one answer.
pub(crate) fn wants_events(headers: &HeaderMap) -> bool {
    ranges(headers, &ACCEPT).is_some_and(|ranges| {
        let events = weight(&ranges, "text/event-stream");
        let single =
            ["application/graphql-response+json", "application/json"].map(|media| weight(&ranges, media));
        let rather =
            single.iter().filter(|single| single.named).all(|single| single.quality < events.quality);
        events.wanted_by_name() && rather
    })
}

/// Whether the body is said to be JSON, in UTF-8 and not compressed.
pub(crate) fn sends_json(headers: &HeaderMap) -> bool {
    let mut types = headers.get_all(CONTENT_TYPE).iter();
    let (Some(value), None) = (types.next(), types.next()) else {
        return false;
    };
    let Ok(value) = value.to_str() else { return false };
    let mut parts = value.split(';').map(str::trim);
    let json = parts.next().is_some_and(|media| media.eq_ignore_ascii_case("application/json"));
    let utf8 = parts.filter_map(|part| part.split_once('=')).all(|(name, value)| {
        !name.eq_ignore_ascii_case("charset") || value.trim_matches('"').eq_ignore_ascii_case("utf-8")
    });
    let plain = headers.get_all(CONTENT_ENCODING).iter().all(|value| value == "identity");
    json && utf8 && plain
}

/// One of the ranges of an `Accept` header, with its quality in thousandths.
struct Range<'a> {
    media: &'a str,
    quality: u16,
}

/// How much a client wants a media type, and whether it names it or only covers it by a `*`.
struct Weight {
    quality: u16,
    named: bool,
}

impl Weight {
    fn wanted_by_name(&self) -> bool {
        self.named && self.quality > 0
    }
}

/// `None` where the header is not text.
fn ranges<'a>(headers: &'a HeaderMap, name: &HeaderName) -> Option<Vec<Range<'a>>> {
    let mut ranges = Vec::new();
    for value in headers.get_all(name) {
        let parts = value.to_str().ok()?.split(',').map(str::trim).filter(|part| !part.is_empty());
        ranges.extend(parts.map(range));
    }
    Some(ranges)
}

fn range(text: &str) -> Range<'_> {
    let mut parts = text.split(';').map(str::trim);
    let media = parts.next().unwrap_or_default();
    let quality = parts
        .filter_map(|part| part.split_once('='))
        .find(|(name, _)| name.trim().eq_ignore_ascii_case("q"))
        .map_or(Some(1.0), |(_, value)| value.trim().parse::<f32>().ok());
    // What cannot be read is not wanted.
    let quality = quality.filter(|quality| (0.0..=1.0).contains(quality)).unwrap_or(0.0);
    Range { media, quality: (quality * 1000.0) as u16 }
}

/// The most specific range that covers a media type decides.
fn weight(ranges: &[Range<'_>], media: &str) -> Weight {
    let group = media.split('/').next().unwrap_or_default();
    let quality = |wanted: &dyn Fn(&str) -> bool| {
        ranges.iter().filter(|range| wanted(range.media)).map(|range| range.quality).max()
    };
    let named = quality(&|range| range.eq_ignore_ascii_case(media));
    let covered = || {
        quality(&|range| {
            range.strip_suffix("/*").is_some_and(|prefix| prefix != "*" && prefix.eq_ignore_ascii_case(group))
        })
        .or_else(|| quality(&|range| range == "*/*"))
    };
    Weight { quality: named.or_else(covered).unwrap_or(0), named: named.is_some() }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn headers(name: HeaderName, values: &[&str]) -> HeaderMap {
        values.iter().map(|value| (name.clone(), value.parse().unwrap())).collect()
    }

    #[test]
    fn the_answer_is_in_the_media_type_that_the_client_prefers() {
        let newer = Some(Media::GraphQlResponse);
        let older = Some(Media::Json);
        let cases: [(&[&str], Option<Media>); 16] = [
            (&[], older),
            (&[""], older),
            (&["*/*"], older),
            (&["application/*"], older),
            (&["application/json"], older),
            (&["application/graphql-response+json"], newer),
            (&["application/graphql-response+json; charset=utf-8, application/json; charset=utf-8"], newer),
            (&["application/json, application/graphql-response+json"], newer),
            (&["application/json", "application/graphql-response+json;q=0.9"], older),
            (&["application/graphql-response+json, */*"], newer),
            (&["application/json;q=0, */*;q=0.1"], newer),
            (&["APPLICATION/JSON;Q=0.5"], older),
            (&["text/html"], None),
            (&["application/json;q=0"], None),
            (&["application/json;q=much"], None),
            (&["text/html, application/json;q=0.2"], older),
        ];
        for (accept, media) in cases {
            assert_eq!(Media::accepted(&headers(ACCEPT, accept)), media, "{accept:?}");
        }
    }

    #[test]
    fn a_browser_is_known_by_naming_html() {
        assert!(wants_html(&headers(ACCEPT, &["text/html,application/xhtml+xml,*/*;q=0.8"])));
        assert!(!wants_html(&headers(ACCEPT, &["*/*"])));
        assert!(!wants_html(&headers(ACCEPT, &["text/html;q=0"])));
    }

    #[test]
    fn a_stream_is_wanted_by_who_names_it_before_any_single_answer() {
        for stream in
            ["text/event-stream", "text/event-stream, */*;q=0.1", "application/json;q=0.5, text/event-stream"]
        {
            assert!(wants_events(&headers(ACCEPT, &[stream])), "{stream}");
        }
        for single in ["*/*", "text/*", "text/event-stream;q=0", "application/json, text/event-stream"] {
            assert!(!wants_events(&headers(ACCEPT, &[single])), "{single}");
        }
    }

    #[test]
    fn a_body_is_json_in_utf_8_or_nothing() {
        for right in
            ["application/json", "application/json; charset=utf-8", "Application/JSON;charset=\"UTF-8\""]
        {
            assert!(sends_json(&headers(CONTENT_TYPE, &[right])), "{right}");
        }
        let wrong: [&[&str]; 8] = [
            &[],
            &["text/plain"],
            &["application/x-www-form-urlencoded"],
            &["multipart/form-data; boundary=x"],
            &["application/json; charset=latin1"],
            &["application/jsonp"],
            &["application/graphql"],
            &["application/json", "text/plain"],
        ];
        for wrong in wrong {
            assert!(!sends_json(&headers(CONTENT_TYPE, wrong)), "{wrong:?}");
        }
        let mut compressed = headers(CONTENT_TYPE, &["application/json"]);
        compressed.insert(CONTENT_ENCODING, "gzip".parse().unwrap());
        assert!(!sends_json(&compressed));
    }
}
