//! The bearer token, which somebody else renews.

use std::fmt;
use std::io;

use crate::settings::TokenOptions;

/// Where the token is found.
#[derive(Clone)]
pub(crate) struct TokenSource(TokenOptions);

impl TokenSource {
    /// By these options.
    pub(crate) fn new(options: &TokenOptions) -> Self {
        Self(options.clone())
    }

    /// The token as it is now.
    ///
    /// # Errors
    /// When the file cannot be read.
    pub(crate) fn read(&self) -> io::Result<String> {
        let token = match &self.0.token_file {
            Some(file) => std::fs::read_to_string(file)?,
            None => self.0.token.clone().unwrap_or_default(),
        };
        Ok(token.trim().to_owned())
    }
}

/// A token is shown to nobody.
impl fmt::Debug for TokenSource {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("TokenSource").field("file", &self.0.token_file).finish_non_exhaustive()
    }
}
