//! TLS: who the server is, who the client is, and certificates that change while the servers run.

use axum::body::{Body, to_bytes};
use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use futures::{SinkExt, StreamExt};
use hmac::{Hmac, Mac};
use hyper_util::rt::{TokioExecutor, TokioIo};
use reqwest::StatusCode;
use serde_json::{Value, json};
use sha2::Sha256;
use tests::{Authority, F6, Heard, Identity, Server, Setup, Wire, new_id};
use tokio::net::TcpStream;
use tokio_rustls::client::TlsStream;
use tokio_tungstenite::client_async;
use tokio_tungstenite::tungstenite::client::IntoClientRequest;
use tokio_tungstenite::tungstenite::{Message, http::HeaderValue};

use crate::connections::{code, request, until};

const SMALL: &str = "{ __typename }";

/// The servers of an F6 that speak TLS.
fn secured(authority: &Authority, identity: &Identity) -> Setup {
    let (certificate, key) = authority.install(identity);
    Setup::default().env("F6_TLS_CERTIFICATE", &certificate).env("F6_TLS_KEY", &key)
}

/// Those that ask for the client's certificate as well.
fn mutual(authority: &Authority, clients: &Authority) -> Setup {
    secured(authority, &authority.identity()).env("F6_TLS_CLIENT_AUTHORITY", &clients.certificate())
}

/// What is answered to `{ __typename }` over this connection.
async fn ask(stream: TlsStream<TcpStream>, token: &str) -> Heard {
    let mut wire = Wire::over(stream);
    wire.say(request(token, &json!({ "query": SMALL }))).await;
    wire.hear().await
}

/// Whether anything is answered to whoever connects so: with TLS 1.3 a client learns only then that it was refused.
async fn is_let_in(authority: &Authority, server: &Server, identity: Option<&Identity>, token: &str) -> bool {
    let Ok(stream) = authority.connect(server, identity, &["http/1.1"]).await else { return false };
    let mut wire = Wire::over(stream);
    wire.say(request(token, &json!({ "query": SMALL }))).await;
    wire.hears().await.is_some_and(|heard| heard.status == StatusCode::OK)
}

#[tokio::test]
async fn both_servers_speak_tls_over_either_version_of_http() {
    // Given an F6 with a certificate
    let authority = Authority::new();
    let f6 = secured(&authority, &authority.identity()).start().await;
    for server in [&f6.write[0], &f6.query] {
        // Then it is spoken to over HTTP/1.1
        let stream = authority.connect(server, None, &["http/1.1"]).await.expect("TLS");
        assert_eq!(ask(stream, f6.clerk().token()).await.status, StatusCode::OK);
        // And over HTTP/2, where a client knows that
        let stream = authority.connect(server, None, &["h2", "http/1.1"]).await.expect("TLS");
        assert_eq!(stream.get_ref().1.alpn_protocol(), Some(b"h2".as_slice()));
        let answer = over_http_2(stream, f6.clerk().token()).await;
        assert!(answer["data"]["__typename"].is_string(), "{answer}");
        // And not by who does not trust its authority, nor without TLS
        assert!(Authority::new().connect(server, None, &[]).await.is_err());
        let mut plain = Wire::open(server).await;
        plain.say("GET /healthz HTTP/1.1\r\nhost: f6\r\n\r\n").await;
        assert!(!plain.ended().await.contains("HTTP/1.1"));
    }
}

async fn over_http_2(stream: TlsStream<TcpStream>, token: &str) -> Value {
    let handshake = hyper::client::conn::http2::handshake(TokioExecutor::new(), TokioIo::new(stream)).await;
    let (mut sender, connection) = handshake.expect("HTTP/2");
    let driven = tokio::spawn(connection);
    let request = hyper::Request::post("https://f6.example/graphql")
        .header("authorization", format!("Bearer {token}"))
        .header("content-type", "application/json")
        .body(Body::from(json!({ "query": SMALL }).to_string()))
        .expect("a request");
    let answer = sender.send_request(request).await.expect("an answer");
    let bytes = to_bytes(Body::new(answer.into_body()), usize::MAX).await.expect("a body");
    driven.abort();
    serde_json::from_slice(&bytes).expect("JSON")
}

#[tokio::test]
async fn a_websocket_is_spoken_over_tls() {
    let authority = Authority::new();
    let f6 = secured(&authority, &authority.identity()).start().await;
    let stream = authority.connect(&f6.query, None, &["http/1.1"]).await.expect("TLS");
    assert_eq!(acknowledged(stream, f6.clerk().token()).await, Some(()));
}

#[tokio::test]
async fn a_client_shows_a_certificate_where_one_is_asked_for() {
    // Given an F6 that lets in the clients of one authority, and one that lets in those without a certificate too
    let (authority, clients, others) = (Authority::new(), Authority::new(), Authority::new());
    let strict = mutual(&authority, &clients).start().await;
    let lenient = mutual(&authority, &clients).env("F6_TLS_CLIENT_OPTIONAL", "true").start().await;
    let (known, unknown) = (clients.identity(), others.identity());
    for (f6, without) in [(&strict, false), (&lenient, true)] {
        for server in [&f6.write[0], &f6.query] {
            let token = f6.clerk().token().to_owned();
            let enters = async |identity| is_let_in(&authority, server, identity, &token).await;
            // Then a client of that authority is let in, one of another is not, and one without as it is set
            assert!(enters(Some(&known)).await);
            assert!(!enters(Some(&unknown)).await);
            assert_eq!(enters(None).await, without);
        }
    }
}

#[tokio::test]
async fn a_certificate_is_exchanged_while_the_servers_run() {
    // Given an F6 with a certificate, and a connection that stands
    let authority = Authority::new();
    let f6 = secured(&authority, &authority.identity()).start().await;
    let server = &f6.write[0];
    let connect = async || authority.connect(server, None, &["http/1.1"]).await.expect("TLS");
    let shown = async || connect().await.get_ref().1.peer_certificates().expect("a certificate")[0].to_vec();
    let (before, mut standing) = (shown().await, Wire::over(connect().await));

    // When half a certificate is written, then the server says so and goes on with the former
    authority.spoil();
    until(async || server.log().contains("the former are kept")).await;
    assert_eq!(shown().await, before);

    // When a whole one is, then new connections are shown that, and the one that stands goes on
    authority.install(&authority.identity());
    until(async || shown().await != before).await;
    standing.say(request(f6.clerk().token(), &json!({ "query": SMALL }))).await;
    assert_eq!(standing.hear().await.status, StatusCode::OK);
    // And both were counted
    let mut wire = Wire::over(connect().await);
    wire.say("GET /metrics HTTP/1.1\r\nhost: f6\r\n\r\n").await;
    let metrics = String::from_utf8(wire.hear().await.bytes).expect("text");
    assert!(metrics.contains("f6_tls_reloads_total{outcome=\"failed\"} "), "{metrics}");
    assert!(!metrics.contains("f6_tls_reloads_total{outcome=\"failed\"} 0"), "{metrics}");
    assert!(!metrics.contains("f6_tls_reloads_total{outcome=\"loaded\"} 0"), "{metrics}");
}

#[tokio::test]
async fn handshakes_that_are_never_finished_keep_nobody_out_and_end() {
    // Given a server with room for four, and three that connect and say nothing or no TLS
    let authority = Authority::new();
    let setup = secured(&authority, &authority.identity()).env("F6_MAX_CONNECTIONS", "4");
    let f6: F6 = setup.env("F6_HEADER_TIMEOUT", "1").start().await;
    let server = &f6.query;
    let mut stalled = [Wire::open(server).await, Wire::open(server).await, Wire::open(server).await];
    stalled[0].say([0x16, 0x03, 0x01]).await;

    // Then a fourth is answered, and the three are let go
    let stream = authority.connect(server, None, &["http/1.1"]).await.expect("TLS");
    assert_eq!(ask(stream, f6.clerk().token()).await.status, StatusCode::OK);
    for wire in &mut stalled {
        wire.ended().await;
    }
}

#[tokio::test]
async fn a_token_that_is_bound_to_a_certificate_is_of_no_use_to_another() {
    // Given two clients whom an F6 knows, a token that is bound to the certificate of one, and one that is not bound
    let (authority, clients) = (Authority::new(), Authority::new());
    let f6 = mutual(&authority, &clients).start().await;
    let (owner, thief) = (clients.identity(), clients.identity());
    let token = bound_to(&owner.thumbprint());
    for server in [&f6.write[0], &f6.query] {
        let connect = async |identity| {
            authority.connect(server, Some(identity), &["http/1.1"]).await.expect("both are known")
        };
        // Then its owner is answered, and the other is told whose it is not
        assert_eq!(ask(connect(&owner).await, &token).await.status, StatusCode::OK);
        let refused = ask(connect(&thief).await, &token).await;
        assert_eq!((refused.status.as_u16(), code(&refused.json())), (401, "UNAUTHENTICATED".to_owned()));
        assert!(refused.json().to_string().contains("another certificate"), "{refused:?}");
        assert_eq!(ask(connect(&thief).await, f6.clerk().token()).await.status, StatusCode::OK);
    }
    // And the same holds for streams, however they are spoken
    let connect = async |identity| {
        authority.connect(&f6.query, Some(identity), &["http/1.1"]).await.expect("both are known")
    };
    let head = request(&token, &json!({ "query": SMALL }));
    let mut events = Wire::over(connect(&thief).await);
    events.say(head.replace("content-type:", "accept: text/event-stream\r\ncontent-type:")).await;
    assert_eq!(events.hear().await.status, StatusCode::UNAUTHORIZED);
    assert_eq!(acknowledged(connect(&owner).await, &token).await, Some(()));
    assert_eq!(acknowledged(connect(&thief).await, &token).await, None);
}

#[tokio::test]
async fn where_every_token_must_be_bound_no_other_is_accepted() {
    let (authority, clients) = (Authority::new(), Authority::new());
    let f6 = mutual(&authority, &clients).env("F6_TOKEN_BOUND", "true").start().await;
    let client = clients.identity();
    for server in [&f6.write[0], &f6.query] {
        let connect = async || authority.connect(server, Some(&client), &["http/1.1"]).await.expect("TLS");
        assert_eq!(ask(connect().await, &bound_to(&client.thumbprint())).await.status, StatusCode::OK);
        let refused = ask(connect().await, f6.clerk().token()).await;
        assert_eq!((refused.status.as_u16(), code(&refused.json())), (401, "UNAUTHENTICATED".to_owned()));
    }
}

/// Whether a WebSocket is acknowledged to who names this token.
async fn acknowledged(stream: TlsStream<TcpStream>, token: &str) -> Option<()> {
    let mut request = "wss://f6.example/graphql".into_client_request().expect("a request");
    let protocol = HeaderValue::from_static("graphql-transport-ws");
    request.headers_mut().insert("sec-websocket-protocol", protocol);
    let (mut socket, _) = client_async(request, stream).await.expect("a WebSocket");
    let payload = json!({ "Authorization": format!("Bearer {token}") });
    let init = json!({ "type": "connection_init", "payload": payload }).to_string();
    socket.send(Message::text(init)).await.expect("it is sent");
    let heard = socket.next().await.expect("an answer").expect("a message");
    if let Message::Close(Some(close)) = heard {
        assert_eq!(u16::from(close.code), 4403, "{close}");
        return None;
    }
    assert_eq!(heard.to_text().expect("text"), json!({ "type": "connection_ack" }).to_string());
    Some(())
}

/// A development token of a civil servant that only who has the certificate with this thumbprint may use.
fn bound_to(thumbprint: &str) -> String {
    let claims = json!({
        "iss": "f6-development", "aud": "f6-development", "exp": 4_102_444_800_u64, "sub": new_id(),
        "source_type": "ambtenaar", "cnf": { "x5t#S256": thumbprint },
    });
    let part = |part: &Value| URL_SAFE_NO_PAD.encode(part.to_string());
    let signed = format!("{}.{}", part(&json!({ "alg": "HS256", "kid": "f6-development" })), part(&claims));
    let key = b"F6 development key, known to everybody, accepted with --dev alone";
    let mut mac = Hmac::<Sha256>::new_from_slice(key).expect("any key");
    mac.update(signed.as_bytes());
    format!("{signed}.{}", URL_SAFE_NO_PAD.encode(mac.finalize().into_bytes()))
}
