use std::str::FromStr;

use sqlx::ConnectOptions;
use sqlx::postgres::{PgConnectOptions, PgSslMode};
use tokio::io::copy_bidirectional;
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::watch;

/// The network between a server and PostgreSQL.
pub struct Network {
    /// Where the server finds the database, over this network.
    pub url: String,
    state: watch::Sender<State>,
}

/// What becomes of what is sent.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum State {
    Whole,
    /// Every connection is broken off, and every new one.
    Cut,
    /// Connections stand, and nothing comes through, in either direction.
    Silent,
}

impl Network {
    /// To the database of this URL.
    pub async fn to(url: &str) -> Self {
        let database = PgConnectOptions::from_str(url).expect("a PostgreSQL URL");
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("a free port");
        let port = listener.local_addr().expect("a port").port();
        let through = database.clone().host("127.0.0.1").port(port).ssl_mode(PgSslMode::Disable);
        let (state, watched) = watch::channel(State::Whole);
        tokio::spawn(async move {
            while let Ok((client, _)) = listener.accept().await {
                let address = (database.get_host().to_owned(), database.get_port());
                tokio::spawn(carry(client, address, watched.clone()));
            }
        });
        Self { url: through.to_url_lossy().to_string(), state }
    }

    /// Breaks every connection off, until it is [mended](Self::mend).
    pub fn cut(&self) {
        self.state.send_replace(State::Cut);
    }

    /// Nothing comes through any more. Whoever is connected now never hears of it again, even when it is mended.
    pub fn silence(&self) {
        self.state.send_replace(State::Silent);
    }

    /// New connections are as good as ever.
    pub fn mend(&self) {
        self.state.send_replace(State::Whole);
    }
}

/// Carries a connection for as long as the network is whole.
async fn carry(mut client: TcpStream, database: (String, u16), mut state: watch::Receiver<State>) {
    if *state.borrow() == State::Whole {
        let Ok(mut server) = TcpStream::connect(database).await else { return };
        tokio::select! {
            _ = copy_bidirectional(&mut client, &mut server) => return,
            _ = state.wait_for(|state| *state != State::Whole) => {}
        }
        // What hung at the other end is let go: PostgreSQL notices, and the server does not.
    }
    if *state.borrow() == State::Silent {
        // Until the scenario ends.
        std::future::pending::<()>().await;
    }
}
