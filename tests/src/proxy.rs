use std::io;
use std::str::FromStr;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use sqlx::ConnectOptions;
use sqlx::postgres::{PgConnectOptions, PgSslMode};
use tokio::io::{AsyncReadExt, AsyncWriteExt, copy};
use tokio::net::tcp::{OwnedReadHalf, OwnedWriteHalf};
use tokio::net::{TcpListener, TcpStream};

/// Stands between a server and PostgreSQL, and counts the statements that pass: neither the server nor the database
/// is configured otherwise than usual, and no statement can hide, whatever transaction or cache it is in.
pub struct StatementCounter {
    /// Where the server finds the database, through the counter.
    pub url: String,
    executed: Arc<AtomicUsize>,
}

impl StatementCounter {
    /// A counter before the database of this URL.
    pub async fn before(url: &str) -> Self {
        let database = PgConnectOptions::from_str(url).expect("a PostgreSQL URL");
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("a free port");
        let port = listener.local_addr().expect("a port").port();
        let through = database.clone().host("127.0.0.1").port(port).ssl_mode(PgSslMode::Disable);
        let executed = Arc::new(AtomicUsize::new(0));
        tokio::spawn(serve(listener, database, Arc::clone(&executed)));
        Self { url: through.to_url_lossy().to_string(), executed }
    }

    /// How many statements were executed so far.
    pub fn count(&self) -> usize {
        self.executed.load(Ordering::SeqCst)
    }
}

async fn serve(listener: TcpListener, database: PgConnectOptions, executed: Arc<AtomicUsize>) {
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

/// Passes messages on, and counts each Execute and simple Query of the PostgreSQL protocol.
async fn forward(mut from: OwnedReadHalf, mut to: OwnedWriteHalf, executed: &AtomicUsize) -> io::Result<()> {
    let startup = body(&mut from).await?;
    to.write_all(&startup).await?;
    loop {
        let kind = from.read_u8().await?;
        if matches!(kind, b'E' | b'Q') {
            executed.fetch_add(1, Ordering::SeqCst);
        }
        let rest = body(&mut from).await?;
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
