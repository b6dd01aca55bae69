use std::collections::HashMap;
use std::io;
use std::str::FromStr;
use std::sync::{Arc, Mutex};

use sqlx::ConnectOptions;
use sqlx::postgres::{PgConnectOptions, PgSslMode};
use tokio::io::{AsyncReadExt, AsyncWriteExt, copy};
use tokio::net::tcp::{OwnedReadHalf, OwnedWriteHalf};
use tokio::net::{TcpListener, TcpStream};

/// Stands between a server and PostgreSQL, and notes the statements that pass: neither the server nor the database
/// is configured otherwise than usual, and no statement can hide, whatever transaction or cache it is in.
pub struct StatementCounter {
    /// Where the server finds the database, through the counter.
    pub url: String,
    executed: Executed,
}

/// The statements that were executed, in their order.
type Executed = Arc<Mutex<Vec<String>>>;

impl StatementCounter {
    /// A counter before the database of this URL.
    pub async fn before(url: &str) -> Self {
        let database = PgConnectOptions::from_str(url).expect("a PostgreSQL URL");
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("a free port");
        let port = listener.local_addr().expect("a port").port();
        let through = database.clone().host("127.0.0.1").port(port).ssl_mode(PgSslMode::Disable);
        let executed = Executed::default();
        tokio::spawn(serve(listener, database, Arc::clone(&executed)));
        Self { url: through.to_url_lossy().to_string(), executed }
    }

    /// How many statements were executed so far.
    pub fn count(&self) -> usize {
        self.executed.lock().expect("nobody panics with it").len()
    }

    /// What was executed after the first so many.
    pub fn since(&self, count: usize) -> Vec<String> {
        self.executed.lock().expect("nobody panics with it")[count..].to_vec()
    }
}

async fn serve(listener: TcpListener, database: PgConnectOptions, executed: Executed) {
    while let Ok((client, _)) = listener.accept().await {
        let address = (database.get_host().to_owned(), database.get_port());
        let executed = Arc::clone(&executed);
        tokio::spawn(async move {
            let server = TcpStream::connect(address).await.expect("the database listens on TCP");
            let (mut answers, requests) = server.into_split();
            let (reader, mut writer) = client.into_split();
            tokio::spawn(async move { copy(&mut answers, &mut writer).await });
            // It ends when either side hangs up.
            let _ = forward(reader, requests, &executed).await;
        });
    }
}

/// Passes messages on, and notes each Execute and simple Query of the PostgreSQL protocol.
async fn forward(mut from: OwnedReadHalf, mut to: OwnedWriteHalf, executed: &Executed) -> io::Result<()> {
    let startup = body(&mut from).await?;
    to.write_all(&startup).await?;
    let (mut prepared, mut bound) = (HashMap::new(), String::new());
    loop {
        let kind = from.read_u8().await?;
        let rest = body(&mut from).await?;
        let mut texts =
            rest[4..].split(|byte| *byte == 0).map(|text| String::from_utf8_lossy(text).into_owned());
        let mut next = || texts.next().unwrap_or_default();
        match kind {
            // Parse: the name of the statement, and its text.
            b'P' => drop(prepared.insert(next(), next())),
            // Bind: the portal, and the name of the statement. A portal is executed before the next is bound.
            b'B' => bound = prepared.get(&[next(), next()][1]).cloned().unwrap_or_default(),
            b'E' => executed.lock().expect("nobody panics with it").push(bound.clone()),
            b'Q' => executed.lock().expect("nobody panics with it").push(next()),
            _ => {}
        }
        to.write_u8(kind).await?;
        to.write_all(&rest).await?;
    }
}

/// A message's length, which counts itself, and its content.
async fn body(from: &mut OwnedReadHalf) -> io::Result<Vec<u8>> {
    let length = from.read_u32().await?;
    let mut message = length.to_be_bytes().to_vec();
    message.resize(length as usize, 0);
    from.read_exact(&mut message[4..]).await?;
    Ok(message)
}
