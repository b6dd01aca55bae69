//! GraphiQL, for development: a page of our own around vendored files, with no request to any other host.

use axum::extract::Path;
use axum::http::header::{
    CACHE_CONTROL, CONTENT_ENCODING, CONTENT_SECURITY_POLICY, CONTENT_TYPE, REFERRER_POLICY,
    X_CONTENT_TYPE_OPTIONS,
};
use axum::http::{HeaderName, StatusCode};
use axum::response::{IntoResponse, Response};
use chrono::Duration;
use serde_json::json;

use crate::door::{Door, Graphiql};
use crate::media::Media;
use crate::refusal::Refusal;
use crate::token::sign_development_token_for;

/// A working day; reloading the page gives a new token.
const TOKEN_LIFETIME: Duration = Duration::hours(10);

/// Forbids the browser what we promise: any script, style, worker or request that is not from this server.
const POLICY: &str = "default-src 'none'; script-src 'self'; worker-src 'self'; connect-src 'self'; \
                      style-src 'self' 'unsafe-inline'; img-src 'self' data:; font-src data:; \
                      base-uri 'none'; form-action 'none'; frame-ancestors 'none'";

const PAGE: &str = include_str!("../assets/graphiql/page.html");

pub(crate) fn page(door: &Door, page: &Graphiql) -> Response {
    let headers = page.principal.as_ref().map(|principal| {
        let token = sign_development_token_for(principal, TOKEN_LIFETIME, door.clock.now());
        format!("{{\n  \"Authorization\": \"Bearer {token}\"\n}}")
    });
    let options = json!({
        "title": escape(&page.title),
        "endpoint": door.http.path,
        "defaultQuery": page.query,
        "headers": headers,
    });
    // Within a script element, text ends at the first `</script`.
    let options = options.to_string().replace('<', "\\u003c");
    let html = PAGE.replace("{{title}}", &escape(&page.title)).replace("{{options}}", &options);
    let headers = [
        (CONTENT_TYPE, "text/html; charset=utf-8"),
        (CACHE_CONTROL, "no-store"),
        (CONTENT_SECURITY_POLICY, POLICY),
        (REFERRER_POLICY, "no-referrer"),
        (X_CONTENT_TYPE_OPTIONS, "nosniff"),
    ];
    (headers, html).into_response()
}

fn escape(text: &str) -> String {
    text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;").replace('"', "&quot;")
}

/// The files that the page consists of.
pub(crate) async fn asset(Path(file): Path<String>) -> Response {
    macro_rules! vendored {
        ($name:literal) => {
            (include_bytes!(concat!("../assets/graphiql/", $name, ".gz")).as_slice(), true)
        };
    }
    let (bytes, compressed) = match file.as_str() {
        "start.js" => (include_bytes!("../assets/graphiql/start.js").as_slice(), false),
        "graphiql.js" => vendored!("graphiql.js"),
        "graphiql.css" => vendored!("graphiql.css"),
        "editor.worker.js" => vendored!("editor.worker.js"),
        "json.worker.js" => vendored!("json.worker.js"),
        "graphql.worker.js" => vendored!("graphql.worker.js"),
        _ => {
            return Refusal::NotFound { path: "the GraphQL path".to_owned() }.respond(Media::Json);
        }
    };
    let media = if file.ends_with(".css") { "text/css" } else { "text/javascript" };
    let encoding: Option<(HeaderName, &str)> = compressed.then_some((CONTENT_ENCODING, "gzip"));
    let headers = [(CONTENT_TYPE, media), (CACHE_CONTROL, "no-cache"), (X_CONTENT_TYPE_OPTIONS, "nosniff")];
    (StatusCode::OK, headers, encoding.map(|header| [header]), bytes).into_response()
}
