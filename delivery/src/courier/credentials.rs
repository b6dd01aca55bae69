//! What the worker shows to servers of NATS: to each of them its own, as anybody who subscribes may name one.

use std::collections::HashMap;
use std::io;
use std::path::PathBuf;
use std::str::FromStr;

use async_nats::ConnectOptions;

/// What a file with the credentials of `nsc` holds, beside a key.
const JWT: &str = "-----BEGIN NATS USER JWT-----";

/// Which server is shown what: `HOST:PORT=FILE`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Shown {
    server: String,
    file: PathBuf,
}

/// It is not said which server is shown what.
#[derive(Debug, thiserror::Error)]
#[error(
    "`{0}` does not say which server is shown what; write HOST:PORT=FILE, such as nats.example:4222=/etc/f6/nats.creds"
)]
pub struct ShownError(String);

impl FromStr for Shown {
    type Err = ShownError;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let parts = text.split_once('=').filter(|(server, file)| {
            let port = server.rsplit_once(':').and_then(|(_, port)| port.parse::<u16>().ok());
            port.is_some() && !file.is_empty()
        });
        let (server, file) = parts.ok_or_else(|| ShownError(text.to_owned()))?;
        Ok(Self { server: server.to_owned(), file: file.into() })
    }
}

/// A file does not hold what a server is to be shown.
#[derive(Debug, thiserror::Error)]
pub enum CredentialsError {
    /// It cannot be read.
    #[error("cannot read the credentials for NATS in `{}`", file.display())]
    Unreadable {
        /// The file.
        file: PathBuf,
        /// What the system says.
        source: io::Error,
    },
    /// It holds something else.
    #[error(
        "`{}` holds no credentials for NATS: neither those of `nsc` (a JWT and a key), nor the seed of an nkey (SU…), nor `user:password`",
        .0.display()
    )]
    Unknown(PathBuf),
}

/// What each server is shown.
#[derive(Default)]
pub(super) struct Keyring(HashMap<String, Credentials>);

enum Credentials {
    /// As `nsc` writes them.
    Jwt(String),
    /// The seed of an nkey.
    Seed(String),
    Password {
        user: String,
        password: String,
    },
}

impl Keyring {
    /// Reads the files.
    pub(super) fn read(shown: &[Shown]) -> Result<Self, CredentialsError> {
        let read = |Shown { server, file }: &Shown| {
            let unreadable = |source| CredentialsError::Unreadable { file: file.clone(), source };
            let text = std::fs::read_to_string(file).map_err(unreadable)?;
            let credentials =
                Credentials::parse(&text).ok_or_else(|| CredentialsError::Unknown(file.clone()))?;
            Ok((server.clone(), credentials))
        };
        shown.iter().map(read).collect::<Result<_, _>>().map(Self)
    }

    /// How to connect to this server: without anything to show where nothing was said.
    pub(super) fn options(&self, server: &str) -> io::Result<ConnectOptions> {
        let options = ConnectOptions::new();
        match self.0.get(server) {
            Some(Credentials::Jwt(text)) => options.credentials(text),
            Some(Credentials::Seed(seed)) => Ok(options.nkey(seed.clone())),
            Some(Credentials::Password { user, password }) => {
                Ok(options.user_and_password(user.clone(), password.clone()))
            }
            None => Ok(options),
        }
    }
}

impl Credentials {
    fn parse(text: &str) -> Option<Self> {
        if text.contains(JWT) {
            // Whether a key is in it as well.
            return ConnectOptions::with_credentials(text).ok().map(|_| Self::Jwt(text.to_owned()));
        }
        let line = text.trim();
        if line.contains(char::is_whitespace) {
            return None;
        }
        match line.split_once(':') {
            Some((user, password)) if !user.is_empty() => {
                Some(Self::Password { user: user.to_owned(), password: password.to_owned() })
            }
            Some(_) => None,
            None => line.starts_with("SU").then(|| Self::Seed(line.to_owned())),
        }
    }
}

impl std::fmt::Debug for Keyring {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter.debug_set().entries(self.0.keys()).finish()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_server_and_a_file_are_said() {
        let shown: Shown = "nats.example:4222=/etc/f6/a=b.creds".parse().unwrap();
        let expected = Shown { server: "nats.example:4222".to_owned(), file: "/etc/f6/a=b.creds".into() };
        assert_eq!(shown, expected);
        for wrong in ["", "/etc/f6/nats.creds", "nats.example=/etc/f6/nats.creds", "nats.example:4222="] {
            assert!(wrong.parse::<Shown>().is_err(), "{wrong}");
        }
    }

    #[test]
    fn a_file_holds_a_password_or_a_seed_or_a_jwt_with_its_key() {
        let parse = Credentials::parse;
        assert!(
            matches!(parse("f6:geheim:1\n"), Some(Credentials::Password { user, password }) if user == "f6" && password == "geheim:1")
        );
        assert!(matches!(parse("SU-of-an-nkey\n"), Some(Credentials::Seed(_))));
        for wrong in [
            "",
            "geheim",
            ":geheim",
            "two words:1",
            &format!("{JWT}\neyJ0eXAi\n------END NATS USER JWT------\n"),
        ] {
            assert!(parse(wrong).is_none(), "{wrong}");
        }
    }
}
