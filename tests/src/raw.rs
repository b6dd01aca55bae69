use reqwest::StatusCode;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;

use crate::graphql::Answer;
use crate::server::Server;

/// The end of an HTTP head.
const HEAD_ENDS: &str = "\r\n\r\n";

impl Server {
    /// Sends these bytes as they stand, which no client of HTTP may be willing to, and reads one answer.
    pub async fn send_as_it_stands(&self, request: &[u8]) -> Answer {
        let mut connection = TcpStream::connect(self.address()).await.expect("the server listens");
        // A server that has answered already may take no more.
        let _ = connection.write_all(request).await;
        let mut bytes = Vec::new();
        let mut chunk = [0; 8192];
        loop {
            if let Some(answer) = whole(&bytes) {
                return answer;
            }
            match connection.read(&mut chunk).await {
                Ok(read @ 1..) => bytes.extend_from_slice(&chunk[..read]),
                ended => panic!("{ended:?} after {:?}", String::from_utf8_lossy(&bytes)),
            }
        }
    }
}

/// The answer in these bytes, once all of it is there.
fn whole(bytes: &[u8]) -> Option<Answer> {
    let text = String::from_utf8_lossy(bytes);
    let (head, _) = text.split_once(HEAD_ENDS)?;
    let header = |name: &str| {
        head.lines()
            .find_map(|line| line.to_lowercase().strip_prefix(name).map(|value| value.trim().to_owned()))
    };
    let length: usize = header("content-length:").and_then(|length| length.parse().ok()).unwrap_or(0);
    let body = bytes.get(head.len() + HEAD_ENDS.len()..)?;
    let status =
        head.split(' ').nth(1)?.parse::<u16>().ok().and_then(|code| StatusCode::from_u16(code).ok())?;
    (body.len() >= length).then(|| Answer { status, bytes: body[..length].to_vec() })
}
