use std::time::Duration;

use reqwest::StatusCode;
use serde_json::Value;
use tokio::io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt};
use tokio::net::{TcpSocket, TcpStream};

use crate::graphql::Answer;
use crate::server::Server;

/// The end of an HTTP head.
const HEAD_ENDS: &str = "\r\n\r\n";

/// How long an answer, or an end, may take; debug builds on two busy cores are slow.
const PATIENCE: Duration = Duration::from_secs(60);

/// A connection that is spoken to byte by byte.
pub struct Wire<S> {
    stream: S,
    heard: Vec<u8>,
}

/// One answer, as far as scenarios look at it.
#[derive(Debug)]
pub struct Heard {
    /// The HTTP status.
    pub status: StatusCode,
    /// The head, in lower case.
    pub head: String,
    /// The body as it came.
    pub bytes: Vec<u8>,
}

impl Heard {
    /// What this header says.
    pub fn header(&self, name: &str) -> Option<&str> {
        self.head.lines().find_map(|line| line.strip_prefix(name)?.strip_prefix(':').map(str::trim))
    }

    /// The body as JSON.
    pub fn json(&self) -> Value {
        serde_json::from_slice(&self.bytes).unwrap_or_else(|_| panic!("no JSON: {self:?}"))
    }
}

impl Wire<TcpStream> {
    /// Connects, and says nothing.
    pub async fn open(server: &Server) -> Self {
        Self::over(TcpStream::connect(server.address()).await.expect("the server listens"))
    }

    /// Connects with a buffer that takes next to nothing, and says nothing.
    pub async fn narrow(server: &Server) -> Self {
        let socket = TcpSocket::new_v4().expect("a socket");
        socket.set_recv_buffer_size(2048).expect("a small buffer");
        let address = server.address().parse().expect("an address");
        Self::over(socket.connect(address).await.expect("the server listens"))
    }
}

impl<S: AsyncRead + AsyncWrite + Unpin> Wire<S> {
    /// Over a stream that stands.
    pub fn over(stream: S) -> Self {
        Self { stream, heard: Vec::new() }
    }

    /// Sends these bytes as they stand, if the server takes them.
    pub async fn say(&mut self, bytes: impl AsRef<[u8]>) {
        // A server that has answered already may take no more.
        let _ = self.stream.write_all(bytes.as_ref()).await;
        let _ = self.stream.flush().await;
    }

    /// Sends as much of these bytes as the server takes at once.
    pub async fn say_what_is_taken(&mut self, bytes: impl AsRef<[u8]>) {
        let _ = tokio::time::timeout(Duration::from_millis(20), self.stream.write_all(bytes.as_ref())).await;
    }

    /// The next answer.
    pub async fn hear(&mut self) -> Heard {
        let heard = self.hears().await;
        heard.unwrap_or_else(|| panic!("it ended after {:?}", String::from_utf8_lossy(&self.heard)))
    }

    /// The next answer, unless the connection ends without one.
    pub async fn hears(&mut self) -> Option<Heard> {
        let hearing = async {
            loop {
                if let Some((heard, length)) = whole(&self.heard) {
                    self.heard.drain(..length);
                    return Some(heard);
                }
                if !self.more().await {
                    return None;
                }
            }
        };
        tokio::time::timeout(PATIENCE, hearing).await.expect("an answer or an end in time")
    }

    /// Waits until the server has ended it, and returns what it said before.
    pub async fn ended(&mut self) -> String {
        let ending = async { while self.more().await {} };
        tokio::time::timeout(PATIENCE, ending).await.expect("it ends in time");
        String::from_utf8_lossy(&self.heard).into_owned()
    }

    async fn more(&mut self) -> bool {
        let mut chunk = [0; 8192];
        match self.stream.read(&mut chunk).await {
            Ok(read @ 1..) => {
                self.heard.extend_from_slice(&chunk[..read]);
                true
            }
            Ok(0) | Err(_) => false,
        }
    }
}

impl Server {
    /// Sends these bytes as they stand, which no client of HTTP may be willing to, and reads one answer.
    pub async fn send_as_it_stands(&self, request: &[u8]) -> Answer {
        let mut wire = Wire::open(self).await;
        wire.say(request).await;
        let heard = wire.hear().await;
        Answer { status: heard.status, bytes: heard.bytes }
    }
}

/// The answer that these bytes begin with, once all of it is there, and how long it is.
fn whole(bytes: &[u8]) -> Option<(Heard, usize)> {
    let text = String::from_utf8_lossy(bytes);
    let (head, _) = text.split_once(HEAD_ENDS)?;
    let begins = head.len() + HEAD_ENDS.len();
    let status = head.split(' ').nth(1)?.parse::<u16>().ok();
    let status = status.and_then(|code| StatusCode::from_u16(code).ok())?;
    let mut heard = Heard { status, head: head.to_lowercase(), bytes: Vec::new() };
    let length: usize = heard.header("content-length").and_then(|length| length.parse().ok()).unwrap_or(0);
    heard.bytes = bytes.get(begins..begins + length)?.to_vec();
    Some((heard, begins + length))
}
