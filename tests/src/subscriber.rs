use std::time::Duration;

use futures::{SinkExt, StreamExt};
use reqwest::header::AUTHORIZATION;
use serde_json::{Value, json};
use tokio::net::TcpStream;
use tokio_tungstenite::tungstenite::Message;
use tokio_tungstenite::tungstenite::client::IntoClientRequest;
use tokio_tungstenite::tungstenite::http::HeaderValue;
use tokio_tungstenite::{WebSocketStream, client_async};

use crate::f6::F6;
use crate::principal::Principal;
use crate::server::Server;

/// How long a message may be on its way; debug builds on two busy cores are slow.
const PATIENCE: Duration = Duration::from_secs(30);

/// How long nothing must come where nothing is to come.
const SILENCE: Duration = Duration::from_millis(700);

/// A WebSocket to a server, spoken to message by message.
pub struct Socket(WebSocketStream<TcpStream>);

impl Socket {
    /// Connects with this subprotocol, or none, and these headers; says nothing.
    pub async fn open(server: &Server, protocol: Option<&'static str>, token: Option<&str>) -> Self {
        let stream = TcpStream::connect(server.address()).await.expect("the server listens");
        let mut request =
            server.url("/graphql").replace("http:", "ws:").into_client_request().expect("a request");
        if let Some(protocol) = protocol {
            request.headers_mut().insert("sec-websocket-protocol", HeaderValue::from_static(protocol));
        }
        if let Some(token) = token {
            let bearer = HeaderValue::from_str(&format!("Bearer {token}")).expect("a token is text");
            request.headers_mut().insert(AUTHORIZATION, bearer);
        }
        Self(client_async(request, stream).await.expect("a WebSocket").0)
    }

    /// Connects and is acknowledged.
    pub async fn connect(server: &Server, token: &str) -> Self {
        let mut socket = Self::open(server, Some("graphql-transport-ws"), None).await;
        socket.init(token).await;
        assert_eq!(socket.hear().await, json!({ "type": "connection_ack" }));
        socket
    }

    /// Says who connects.
    pub async fn init(&mut self, token: &str) {
        let payload = json!({ "Authorization": format!("Bearer {token}") });
        self.say(&json!({ "type": "connection_init", "payload": payload })).await;
    }

    /// Sends a message.
    pub async fn say(&mut self, message: &Value) {
        self.say_as_it_stands(&message.to_string()).await;
    }

    /// Sends a text that may be no message.
    pub async fn say_as_it_stands(&mut self, text: &str) {
        self.0.send(Message::text(text)).await.expect("the server takes messages");
    }

    /// Asks for an operation.
    pub async fn subscribe(&mut self, id: &str, query: &str) {
        self.say(&json!({ "type": "subscribe", "id": id, "payload": { "query": query } })).await;
    }

    /// The next message.
    pub async fn hear(&mut self) -> Value {
        let frame = self.frame().await;
        assert!(frame.is_text(), "no message, but {frame:?}");
        serde_json::from_str(frame.to_text().expect("text")).expect("messages are JSON")
    }

    /// The code and reason with which the server closes it, after whatever it still says.
    pub async fn closed(&mut self) -> (u16, String) {
        loop {
            if let Message::Close(close) = self.frame().await {
                let close = close.expect("it is closed for a reason");
                return (close.code.into(), close.reason.to_string());
            }
        }
    }

    async fn frame(&mut self) -> Message {
        tokio::time::timeout(PATIENCE, self.next_frame()).await.expect("a message in time")
    }

    async fn next_frame(&mut self) -> Message {
        loop {
            let frame = self.0.next().await.expect("the connection stands").expect("a frame");
            if !frame.is_ping() && !frame.is_pong() {
                return frame;
            }
        }
    }
}

/// A subscription over a WebSocket of its own.
pub struct Subscription {
    socket: Socket,
    field: String,
}

impl Subscription {
    /// The next result: what its root field holds.
    pub async fn next(&mut self) -> Value {
        let message = self.socket.hear().await;
        assert_eq!(message["type"], "next", "{message:#}");
        assert_eq!(message["payload"].get("errors"), None, "{message:#}");
        message["payload"]["data"][&self.field].clone()
    }

    /// So many results.
    pub async fn take(&mut self, count: usize) -> Vec<Value> {
        let mut results = Vec::with_capacity(count);
        for _ in 0..count {
            results.push(self.next().await);
        }
        results
    }

    /// The first of the errors with which it ends, after whatever results.
    pub async fn error(&mut self) -> Value {
        self.rest().await.1
    }

    /// The results that are left, and the first of the errors with which it ends.
    pub async fn rest(&mut self) -> (Vec<Value>, Value) {
        let mut results = Vec::new();
        loop {
            let message = self.socket.hear().await;
            match message["type"].as_str() {
                Some("next") => results.push(message["payload"]["data"][&self.field].clone()),
                Some("error") => return (results, message["payload"][0].clone()),
                _ => panic!("{message:#}"),
            }
        }
    }

    /// Nothing comes.
    pub async fn silent(&mut self) {
        let told = tokio::time::timeout(SILENCE, self.socket.hear()).await;
        assert!(told.is_err(), "{:#}", told.expect("a message"));
    }

    /// With which code and reason the server closes the connection.
    pub async fn closed(&mut self) -> (u16, String) {
        self.socket.closed().await
    }
}

impl Principal<'_> {
    /// Subscribes to a field: `eventAdded { position }`. Where that does not say after which event, after the newest that
    /// there is by now: when the server takes note of a subscription, nobody outside can know.
    pub async fn subscribe(&self, field: &str) -> Subscription {
        let end: i64 = self.f6.database.value("SELECT position FROM head").await;
        let after = format!("eventAdded(after: \"{end}\"");
        match field {
            told if told.contains("after:") => self.subscribe_as_it_stands(told).await,
            told => {
                let told = told.replace("eventAdded(", &format!("{after}, "));
                let told = told.replace("eventAdded {", &format!("{after}) {{"));
                self.subscribe_as_it_stands(&told).await
            }
        }
    }

    /// Subscribes to a field, which may leave it to the server from where on.
    pub async fn subscribe_as_it_stands(&self, field: &str) -> Subscription {
        let mut socket = Socket::connect(&self.f6.query, self.token()).await;
        socket.subscribe("1", &format!("subscription {{ {field} }}")).await;
        let name = field.split(|c: char| !c.is_alphanumeric()).next().unwrap_or_default();
        Subscription { socket, field: name.to_owned() }
    }
}

/// A stream of server-sent events.
pub struct Events {
    response: reqwest::Response,
    text: String,
}

impl F6 {
    /// Sends an operation that is to be answered by a stream of server-sent events.
    pub async fn events(&self, token: Option<&str>, query: &str) -> Result<Events, reqwest::Response> {
        let request =
            reqwest::Client::new().post(self.query.url("/graphql")).json(&json!({ "query": query }));
        let request = request.header("Accept", "text/event-stream");
        let request = match token {
            Some(token) => request.bearer_auth(token),
            None => request,
        };
        let response = request.send().await.expect("the query API answers");
        if !response.status().is_success() {
            return Err(response);
        }
        assert_eq!(response.headers()["content-type"], "text/event-stream; charset=utf-8");
        Ok(Events { response, text: String::new() })
    }
}

impl Events {
    /// The next event: its name, and its data.
    pub async fn next(&mut self) -> (String, Value) {
        loop {
            if let Some((event, rest)) = self.text.split_once("\n\n") {
                let event = event.to_owned();
                self.text = rest.to_owned();
                let field = |name: &str| {
                    event
                        .lines()
                        .find_map(|line| line.strip_prefix(name))
                        .unwrap_or_default()
                        .trim()
                        .to_owned()
                };
                if event.starts_with("event:") {
                    let data = serde_json::from_str(&field("data:")).unwrap_or_default();
                    return (field("event:"), data);
                }
                continue;
            }
            let chunk =
                tokio::time::timeout(PATIENCE, self.response.chunk()).await.expect("an event in time");
            let chunk = chunk.expect("the stream stands").expect("the stream goes on");
            self.text += &String::from_utf8_lossy(&chunk);
        }
    }
}
