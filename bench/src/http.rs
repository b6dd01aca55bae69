//! A client that costs next to nothing: it shares the cores with the server that it measures.

use std::net::SocketAddr;
use std::ops::Range;

use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;

use crate::failure::Failure;
use crate::load::Caller;

/// One connection that is kept: one request after the other.
pub(crate) struct Connection {
    stream: TcpStream,
    /// All that stands before the length of the body.
    head: String,
    received: Vec<u8>,
}

impl Connection {
    /// A connection to a server's `/graphql`, for who has this token.
    pub(crate) async fn open(address: SocketAddr, token: &str) -> Result<Self, Failure> {
        let stream = TcpStream::connect(address).await?;
        stream.set_nodelay(true)?;
        let head = format!(
            "POST /graphql HTTP/1.1\r\nhost: {address}\r\nauthorization: Bearer {token}\r\naccept: application/json\r\n\
             content-type: application/json\r\ncontent-length: "
        );
        Ok(Self { stream, head, received: Vec::new() })
    }

    /// Sends one request, and gives the body of its answer.
    pub(crate) async fn post(&mut self, sent: &str) -> Result<&str, Failure> {
        let request = format!("{}{}\r\n\r\n{sent}", self.head, sent.len());
        self.stream.write_all(request.as_bytes()).await?;
        self.received.clear();
        let body = loop {
            if let Some(body) = body(&self.received)? {
                break body;
            }
            self.receive().await?;
        };
        Ok(std::str::from_utf8(&self.received[body])?)
    }

    /// Asks for a stream of server-sent events, and waits until it begins; what comes after is read by [`Self::data`].
    pub(crate) async fn subscribe(&mut self, body: &str) -> Result<(), Failure> {
        let head = self.head.replace("application/json\r\ncontent-type", "text/event-stream\r\ncontent-type");
        let request = format!("{head}{}\r\n\r\n{body}", body.len());
        self.stream.write_all(request.as_bytes()).await?;
        self.received.clear();
        while !self.received.windows(4).any(|four| four == b"\r\n\r\n") {
            self.receive().await?;
        }
        match self.received.starts_with(b"HTTP/1.1 200") {
            true => Ok(()),
            false => Err(format!("no stream: {}", String::from_utf8_lossy(&self.received)).into()),
        }
    }

    /// Gives what the next lines of data of a stream say; each comes in one chunk, so that no length stands in it.
    pub(crate) async fn data(
        &mut self,
        mut each: impl FnMut(&str) -> Result<(), Failure>,
    ) -> Result<(), Failure> {
        self.receive().await?;
        let Some(end) = self.received.iter().rposition(|byte| *byte == b'\n') else { return Ok(()) };
        for line in self.received[..end].split(|byte| *byte == b'\n') {
            if let Some(data) = line.strip_prefix(b"data: ".as_slice()) {
                each(std::str::from_utf8(data)?)?;
            }
        }
        self.received.drain(..=end);
        Ok(())
    }

    async fn receive(&mut self) -> Result<(), Failure> {
        match self.stream.read_buf(&mut self.received).await? {
            0 => Err("the server ended the connection".into()),
            _ => Ok(()),
        }
    }
}

/// Where the body of the message stands that these bytes begin with, once all of it is there.
pub(crate) fn body(received: &[u8]) -> Result<Option<Range<usize>>, Failure> {
    let Some(end) = received.windows(4).position(|four| four == b"\r\n\r\n") else { return Ok(None) };
    let (head, begin) = (std::str::from_utf8(&received[..end])?, end + 4);
    let length = content_length(head).ok_or_else(|| format!("a message without a length: {head}"))?;
    Ok((received.len() >= begin + length).then_some(begin..begin + length))
}

fn content_length(head: &str) -> Option<usize> {
    let fields = head.lines().filter_map(|line| line.split_once(':'));
    let mut lengths = fields.filter(|(name, _)| name.eq_ignore_ascii_case("content-length"));
    lengths.next()?.1.trim().parse().ok()
}

/// Whether a server answers a `GET` of this path with 200.
pub(crate) async fn answers(address: SocketAddr, path: &str) -> bool {
    let ask = async {
        let mut stream = TcpStream::connect(address).await?;
        let request = format!("GET {path} HTTP/1.1\r\nhost: {address}\r\nconnection: close\r\n\r\n");
        stream.write_all(request.as_bytes()).await?;
        let mut answer = Vec::new();
        stream.read_to_end(&mut answer).await?;
        Ok::<_, std::io::Error>(answer)
    };
    ask.await.is_ok_and(|answer| answer.starts_with(b"HTTP/1.1 200"))
}

/// Somebody who posts one body after the other.
pub(crate) struct Poster<N> {
    pub(crate) connection: Connection,
    /// The next body.
    pub(crate) next: N,
    /// What stands in every answer of the kind that is measured.
    pub(crate) expected: &'static str,
}

impl<N: FnMut() -> String + Send + 'static> Caller for Poster<N> {
    async fn ask(&mut self) -> Result<(), Failure> {
        let body = (self.next)();
        let answer = self.connection.post(&body).await?;
        if answer.contains(self.expected) {
            return Ok(());
        }
        let shown: String = answer.chars().take(400).collect();
        Err(format!("an answer without `{}`: {shown}", self.expected).into())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_length_is_found_however_its_name_is_written() {
        assert_eq!(content_length("HTTP/1.1 200 OK\r\nContent-Length: 12\r\n\r\n"), Some(12));
        assert_eq!(content_length("HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n"), None);
    }
}
