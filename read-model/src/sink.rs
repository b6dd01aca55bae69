//! Where deliveries go: the address of a sink, parsed.

use url::Url;

use crate::shown::bounded;

/// How much of an address an error shows.
const SHOWN: usize = 60;

/// The longest address.
const MAX_LENGTH: usize = 2_000;

/// The port of a NATS server whose address names none.
const NATS_PORT: u16 = 4222;

/// Where deliveries go.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Sink {
    /// A webhook: each delivery is a request to this URL.
    Webhook(Url),
    /// A stream of NATS JetStream: each delivery is published on a subject that the stream takes.
    JetStream(JetStream),
}

/// A server of NATS, and below which subject it is told of events.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct JetStream {
    /// Its host and port.
    pub server: String,
    /// Whether it must speak TLS.
    pub tls: bool,
    /// What the subjects begin with, such as `f6.events`.
    pub prefix: String,
}

/// A text is not the address of a sink.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum SinkError {
    /// It is no URL with a host.
    #[error("`{0}` is no address; write one such as https://consumer.example/events")]
    NoAddress(String),
    /// It holds a name or a password, which whoever sees the subscription would see.
    #[error(
        "an address holds neither name nor password: a webhook knows F6 by its signature, and for NATS the worker has F6_NATS_CREDENTIALS"
    )]
    Password,
    /// Nothing is delivered by that protocol.
    #[error("`{0}` does not begin with https://, or with tls:// for NATS")]
    Scheme(String),
    /// It names no subject to publish on.
    #[error(
        "`{0}` names no subject; write what subjects are to begin with behind the server, such as tls://nats.example:4222/f6.events: words of letters, digits, `-` and `_` with a `.` between them, the first of which begins with a letter or a digit"
    )]
    Subject(String),
}

impl Sink {
    /// Parses the address of a sink.
    ///
    /// # Errors
    /// [`SinkError`].
    pub fn parse(text: &str) -> Result<Self, SinkError> {
        let shown = || bounded(text, SHOWN);
        let url = Url::parse(text).ok().filter(|url| url.has_host() && text.len() <= MAX_LENGTH);
        let url = url.ok_or_else(|| SinkError::NoAddress(shown()))?;
        if !url.username().is_empty() || url.password().is_some() {
            return Err(SinkError::Password);
        }
        match url.scheme() {
            "http" | "https" => Ok(Self::Webhook(url)),
            "nats" | "tls" => {
                JetStream::at(&url).map(Self::JetStream).ok_or_else(|| SinkError::Subject(shown()))
            }
            _ => Err(SinkError::Scheme(shown())),
        }
    }

    /// Whether nobody on the way can read what is delivered.
    #[must_use]
    pub fn is_encrypted(&self) -> bool {
        match self {
            Self::Webhook(url) => url.scheme() == "https",
            Self::JetStream(JetStream { tls, .. }) => *tls,
        }
    }
}

impl JetStream {
    fn at(url: &Url) -> Option<Self> {
        let prefix = url.path().strip_prefix('/').filter(|path| is_subject(path))?;
        if url.query().is_some() || url.fragment().is_some() {
            return None;
        }
        let server = format!("{}:{}", url.host_str()?, url.port().unwrap_or(NATS_PORT));
        Some(Self { server, tls: url.scheme() == "tls", prefix: prefix.to_owned() })
    }
}

/// Neither a wildcard, nor one of NATS's own: those begin with `$` and with `_`.
fn is_subject(text: &str) -> bool {
    let plain = |char: char| char.is_ascii_alphanumeric() || char == '-' || char == '_';
    text.starts_with(|char: char| char.is_ascii_alphanumeric())
        && text.split('.').all(|word| !word.is_empty() && word.chars().all(plain))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_webhook_is_an_url() {
        let sink = Sink::parse("https://consumer.example/events?of=f6").unwrap();
        assert!(sink.is_encrypted());
        assert!(!Sink::parse("http://127.0.0.1:9000/").unwrap().is_encrypted());
    }

    #[test]
    fn a_stream_is_a_server_and_what_its_subjects_begin_with() {
        let stream = |server: &str, tls, prefix: &str| {
            let (server, prefix) = (server.to_owned(), prefix.to_owned());
            Sink::JetStream(JetStream { server, tls, prefix })
        };
        let parse = |text| Sink::parse(text).unwrap();
        assert_eq!(parse("tls://nats.example/f6"), stream("nats.example:4222", true, "f6"));
        assert_eq!(
            parse("nats://[::1]:4223/f6.burger-zaken"),
            stream("[::1]:4223", false, "f6.burger-zaken")
        );
    }

    #[test]
    fn what_is_no_sink_is_refused() {
        for (wrong, why) in [
            ("", "is no address"),
            ("consumer.example", "is no address"),
            ("nats:///f6", "is no address"),
            ("https://a:b@c/", "neither name nor password"),
            ("nats://user@nats.example/f6", "neither name nor password"),
            ("ftp://consumer.example/", "does not begin with"),
            ("nats://nats.example", "names no subject"),
            ("nats://nats.example/", "names no subject"),
            ("nats://nats.example/f6..x", "names no subject"),
            ("nats://nats.example/f6.>", "names no subject"),
            ("nats://nats.example/*", "names no subject"),
            ("nats://nats.example/$JS.API.STREAM.PURGE.x", "names no subject"),
            ("nats://nats.example/_INBOX", "names no subject"),
            ("nats://nats.example/f6 x", "names no subject"),
            ("nats://nats.example/f6?x", "names no subject"),
        ] {
            let error = Sink::parse(wrong).unwrap_err().to_string();
            assert!(error.contains(why), "{wrong}: {error}");
        }
        let error = Sink::parse(&format!("https://c.example/{}", "a".repeat(MAX_LENGTH))).unwrap_err();
        assert!(error.to_string().starts_with("`https://c.example/aaaa"), "{error}");
        assert!(error.to_string().contains("…` is no address"), "{error}");
    }
}
